"""A relay of bytes before Redis that can fall silent without closing anything: a half-open connection."""

import socket
import threading
from contextlib import suppress
from pathlib import Path


class Relay:
    """Listens on a port of the loopback address and speaks to the unix socket `target`."""

    def __init__(self) -> None:
        self.target = Path()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._pairs: list[_Pair] = []
        self._lock, self._stopped = threading.Lock(), False
        threading.Thread(target=self._accept, name="relay", daemon=True).start()

    @property
    def url(self) -> str:
        """For REDIS_URL."""
        return f"redis://127.0.0.1:{self.port}"

    def freeze(self) -> int:
        """Of the connections that there are, none carries anything any more; new ones work. How many froze."""
        with self._lock:
            living = [pair for pair in self._pairs if not pair.ended.is_set()]
            for pair in living:
                pair.frozen.set()
        return len(living)

    def stop(self) -> None:
        """Close everything."""
        self._stopped = True
        # Closing alone doesn't wake a thread that waits in accept.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for pair in self._pairs:
                pair.close()

    def _accept(self) -> None:
        while not self._stopped:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(str(self.target))
            except OSError:
                client.close()
                continue
            with self._lock:
                self._pairs.append(_Pair(client, server))


class _Pair:
    """One connection, in both directions."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.frozen, self.ended = threading.Event(), threading.Event()
        self._sockets = (client, server)
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def close(self) -> None:
        self.ended.set()
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while content := source.recv(1 << 16):
                # What arrives is swallowed, and so is the end: the other side learns nothing.
                if not self.frozen.is_set():
                    sink.sendall(content)
        if not self.frozen.is_set():
            self.close()
