"""A worker whose broker is gone goes on: it doesn't hang on telling that it is there."""

import threading
from pathlib import Path

from config.celery import app
from tests.chaos.broker import Broker


def test_a_heartbeat_that_cannot_be_sent_waits_in_the_buffer_and_not_in_the_workers_loop(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    broker = Broker(tmp_path, "worker-events")
    broker.start()
    try:
        with app.connection_for_write(f"redis+socket://{broker.socket}") as connection:
            dispatcher = app.events.Dispatcher(connection, hostname="worker@here")
            dispatcher.send("worker-online", retry=True)
            broker.kill()
            sending = threading.Thread(
                target=dispatcher.send, args=("worker-heartbeat",), kwargs={"retry": True}, daemon=True
            )
            sending.start()
            sending.join(30)
            assert not sending.is_alive()
            assert [routing_key for _, routing_key, _ in dispatcher._outbound_buffer] == ["worker.heartbeat"]
    finally:
        broker.process.stop()
