"""The platform's own Celery app for workers that are to be disturbed: `celery -A tests.chaos.worker worker …`.

Everything is done from outside, by wrapping what the workers call; `CHAOS_FOLDER` names the folder with the rig's
orders and weather. The boundaries at which a worker can be killed are explained in `orders`.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from celery.exceptions import Ignore
from celery.signals import task_postrun
from django.db.models.signals import post_save

from config.celery import app
from tests.chaos import mail
from tests.chaos.orders import Orders

django.setup()

# Only now: what these import are models.
from provisioner.cluster import Cluster  # noqa: E402
from provisioner.cluster.kinds import SECRET  # noqa: E402
from provisioner.operations.models import Operation  # noqa: E402
from provisioner.pipelines.context import Context  # noqa: E402
from provisioner.pipelines.results import Done, Wait  # noqa: E402
from provisioner.pipelines.steps import ACTIONS, release, teardown  # noqa: E402
from stores.choices import Phase  # noqa: E402
from stores.models import StoreEvent  # noqa: E402

Action = Callable[[Context], Done | Wait]

FOLDER = Path(os.environ["CHAOS_FOLDER"])
orders = Orders(FOLDER / "orders")
post = mail.Mail(FOLDER / "weather")

MIRROR_SWEEP_SECONDS = 5.0
_AT_WORK = ("pending-", "uninstalling")
_LONGEST_HELM_SECONDS = 60.0


def disturb(action: Action, step: str) -> Action:
    """The action with the boundaries around and inside of it."""

    def act(context: Context) -> Done | Wait:
        store, key = context.store.name, f"{context.operation.kind}-{step}"
        orders.obey(store, key, "before-act")
        with _killed_while_helm_works(context, key):
            result = action(context)
        if isinstance(result, Done):
            orders.obey(store, key, "after-act")
        return result

    return act


@contextmanager
def _killed_while_helm_works(context: Context, key: str) -> Iterator[None]:
    """Obey an order as soon as Helm's record says that it is at work; records of earlier kills don't count."""
    store = context.store
    if not orders.has(store.name, key, "during-helm"):
        yield
        return
    cluster = Cluster()
    start = cluster.listing(SECRET, store.namespace, label_selector="owner=helm").resource_version

    def watch() -> None:
        changes = cluster.watch(
            SECRET,
            store.namespace,
            label_selector="owner=helm",
            resource_version=start,
            timeout=_LONGEST_HELM_SECONDS,
        )
        for change in changes:
            labels = change.object.get("metadata", {}).get("labels", {})
            if str(labels.get("status", "")).startswith(_AT_WORK):
                orders.obey(store.name, key, "during-helm")

    threading.Thread(target=watch, name="executioner", daemon=True).start()
    yield


def watch_task(task: Any) -> None:
    """Lose messages as the weather says, and obey the order for the moment when the task's function returns."""
    original = task.run

    def run(*args: Any, **kwargs: Any) -> Any:
        if post.loses(task.name, task.request):
            raise Ignore
        token = mail.in_a_task.set(True)
        try:
            answer = original(*args, **kwargs)
        finally:
            mail.in_a_task.reset(token)
        if task.name == mail.LINK:
            _obey_for(args, "after-row")
        return answer

    task.run = run


def on_postrun(task: Any, args: Any, state: str, **_: Any) -> None:
    """The next link is published, and this one's message not acknowledged yet."""
    if task.name == mail.LINK and state == "SUCCESS":
        _obey_for(args, "after-message")


def on_event(instance: StoreEvent, **_: Any) -> None:
    """An event is written and not committed: the store's row and the log are locked."""
    if instance.step and orders.waiting():
        kind = "teardown" if instance.phase == Phase.DELETING else "provision"
        orders.obey(instance.store.name, f"{kind}-{instance.step}", "in-record")


def _obey_for(args: Any, boundary: str) -> None:
    if not orders.waiting():
        return
    operation = Operation.objects.select_related("store").get(pk=args[0])
    orders.obey(operation.store.name, f"{operation.kind}-{args[1]}", boundary)


def _disturb_everything() -> None:
    app.loader.import_default_modules()
    # Two pipelines may share one table of steps.
    for table in {id(actions): actions for actions in ACTIONS.values()}.values():
        for step, action in list(table.items()):
            table[step] = disturb(action, step)  # type: ignore[index]
    for name, task in app.tasks.items():
        if not name.startswith("celery."):
            watch_task(task)
    mail.watch(app, post)
    task_postrun.connect(on_postrun, weak=False)
    post_save.connect(on_event, sender=StoreEvent, weak=False)


def _be_impatient_with_helm(seconds: float) -> None:
    """A Helm whose server is silent is stopped sooner than in production, where nobody waits for a test."""
    release.DEADLINE_SECONDS = seconds
    teardown.HELM_DEADLINE_SECONDS = seconds


def _sweep_mirrors_often() -> None:
    """Once a minute is often enough for people, and too rare for a test that waits for a mirror."""
    entry = app.conf.beat_schedule["sweep mirrors"]
    entry["schedule"] = entry["options"]["expires"] = MIRROR_SWEEP_SECONDS


def _import_early() -> None:
    """The official client costs each process a third of a second; forked children get it for nothing."""
    import kubernetes.client.api_client
    import kubernetes.config  # noqa: F401


_disturb_everything()
_sweep_mirrors_often()
_import_early()
if "CHAOS_HELM_SECONDS" in os.environ:
    _be_impatient_with_helm(float(os.environ["CHAOS_HELM_SECONDS"]))
