"""What must hold after every step of a story, and what at its end; each check tells its violations as sentences."""

from collections import Counter
from collections.abc import Iterator

from django.conf import settings

from provisioner import labels
from provisioner.cluster.kinds import DEPLOYMENT, NAMESPACE, PERSISTENT_VOLUME, SECRET, STATEFUL_SET, STORE
from provisioner.helm import values_digest
from provisioner.helm.actions import ReleaseActions
from provisioner.mirror.models import Mirror
from provisioner.operations.models import ACTIVE, SLOTTED, Operation, OperationKind, OperationState, Step
from provisioner.values import values_of
from stores.choices import EventType, Phase
from stores.models import Store, StoreEvent
from tests.simulation import edges
from tests.simulation.world import World

ONCE = (
    EventType.NAMESPACE_READY,
    EventType.HELM_READY,
    EventType.DB_READY,
    EventType.BACKEND_READY,
    EventType.STOREFRONT_READY,
    EventType.STORE_READY,
    EventType.STORE_RECONCILED,
    EventType.DELETE_COMPLETE,
)
"""Told once by an operation, and once more each time it is rewound."""

UNEXPECTED = ("TypeError", "KeyError", "AttributeError", "ValueError", "AssertionError", "IntegrityError")
"""Errors that are a mistake in the code wherever they show up in a step."""


def always(world: World) -> Iterator[str]:
    """Violations of what holds at any time."""
    yield from world.referee.violations
    yield from world.crashes
    yield from world.ledger.problems()
    stores = list(Store.objects.order_by("pk"))
    operations = list(Operation.objects.order_by("created_at"))
    yield from _limits(stores, operations)
    yield from _tombstones(world, stores)
    yield from _events(world, operations)
    yield from (f"a step failed by {name}" for name in Step.objects.filter(error_reason__in=UNEXPECTED).values("name"))


def _limits(stores: list[Store], operations: list[Operation]) -> Iterator[str]:
    running = [each for each in operations if each.kind in SLOTTED and each.state == OperationState.RUNNING]
    slots = settings.STOREPLANE_PROVISION_SLOTS
    if len(running) > slots:
        yield f"{len(running)} operations run in {slots} slots"
    # One that waits for its name has the place of the one that goes, and there is one such place.
    living = [(store.tenant_id, store.name) for store in stores if store.deleted_at is None]
    names, rows = Counter(tenant for tenant, _ in set(living)), Counter(tenant for tenant, _ in living)
    yield from (
        f"tenant {tenant} has {count} stores of {names[tenant]} names"
        for tenant, count in rows.items()
        if names[tenant] > edges.STORES_ALLOWED or count > edges.STORES_ALLOWED + 1
    )
    active = Counter(each.store_id for each in operations if each.state in ACTIVE)
    yield from (f"store {store} has {count} active operations" for store, count in active.items() if count > 1)
    kinds = {each.store_id: each.kind for each in operations if each.state in ACTIVE}
    for store in stores:
        if store.deletion_requested_at and kinds.get(store.pk, OperationKind.TEARDOWN) != OperationKind.TEARDOWN:
            yield f"{store.name} is to go, and a {kinds[store.pk]} is active"


def _tombstones(world: World, stores: list[Store]) -> Iterator[str]:
    """A store that is gone has left nothing; its name may have a successor whose things are the successor's."""
    there = {each["metadata"]["name"] for each in world.objects.every(NAMESPACE)}
    made_by = {world.referee.made_by.get(name): name for name in there}
    gone = {store.pk for store in stores if store.deleted_at is not None}
    yield from (f"store {pk} is gone, and its {made_by[pk]} is there" for pk in gone if pk in made_by)
    uids = set(Mirror.objects.filter(store__in=gone).values_list("uid", flat=True)) - {""}
    mirrors = [each["metadata"] for each in world.objects.every(STORE)]
    yield from (f"{each['name']} is gone, and its resource is there" for each in mirrors if each["uid"] in uids)
    namespaces = {store.namespace for store in stores if store.deleted_at is None}
    for volume in world.objects.every(PERSISTENT_VOLUME):
        if volume["spec"]["claimRef"]["namespace"] not in namespaces:
            yield f"volume {volume['metadata']['name']} is left behind"


def _events(world: World, operations: list[Operation]) -> Iterator[str]:
    # Only what was asked for through a service has a request of its own to tell operations apart by.
    asked_for = StoreEvent.objects.filter(type__in=ONCE).exclude(request_id="")
    told = Counter(asked_for.values_list("request_id", "type"))
    by_request = {each.request_id: str(each.pk) for each in operations}
    for (request_id, type_), count in told.items():
        allowed = 1 + world.ledger.rewinds(by_request[request_id])
        if count > allowed:
            yield f"{type_} was told {count} times by one operation"
    moments = list(StoreEvent.objects.order_by("id").values_list("timestamp", flat=True))
    if moments != sorted(moments):
        yield "events are not in the order of their ids"


def at_rest(world: World, excused: frozenset[str]) -> Iterator[str]:
    """Violations of what holds once nothing is left to do; `excused` are reasons for which a store may have failed."""
    yield from (f"{step} names an owner: {step.owner}" for step in Step.objects.exclude(owner=""))
    yield from (f"{each} is {each.state}" for each in Operation.objects.filter(state__in=ACTIVE))
    left = StoreEvent.objects.filter(published_at__isnull=True).count()
    if left:
        yield f"{left} events were never published"
    for store in Store.objects.not_gone().select_related("tenant"):
        yield from (f"{store.name} (store {store.pk}) {problem}" for problem in _settled(world, store, excused))
    yield from _orphans(world)


def _settled(world: World, store: Store, excused: frozenset[str]) -> Iterator[str]:
    if store.deletion_requested_at is not None:
        yield "is still being removed"
        return
    last = store.operations.order_by("-created_at").first()
    if store.suspended:
        return
    if last is not None and last.state == OperationState.FAILED:
        if last.error_reason not in excused:
            yield f"has failed by {last.error_reason}: {last.error_message}"
        if store.phase != Phase.FAILED:
            yield f"has failed and is {store.phase}"
        return
    if store.phase != Phase.READY:
        yield f"is {store.phase}: {store.message}"
    if store.observed_generation != store.generation:
        yield f"is observed at {store.observed_generation} of generation {store.generation}"
    yield from _as_wanted(world, store)


def _as_wanted(world: World, store: Store) -> Iterator[str]:
    release = ReleaseActions(world.cluster, world.helm).status(labels.RELEASE, store.namespace)  # type: ignore[arg-type]
    values = values_of(store)
    if release is None or release.status != "deployed":
        yield f"has the release {release and release.status}"
    elif release.values_digest != values_digest(values):
        yield "has a release of other values"
    for kind, name in ((STATEFUL_SET, "postgres"), (DEPLOYMENT, "backend"), (DEPLOYMENT, "storefront")):
        found = world.objects.find(kind, name, store.namespace)
        if found is None or found["spec"]["resources"] != values["resources"][name]:
            yield f"has {name} otherwise than wanted"
    secret = world.objects.find(SECRET, labels.SECRET_NAME, store.namespace)
    copy = world.objects.find(SECRET, store.namespace, settings.STOREPLANE_NAMESPACE)
    if secret is None or copy is None or secret["data"] != copy["data"]:
        yield "has no copy of its Secret, or one of another's"
    mirror = world.objects.find(STORE, store.name)
    if mirror is None or mirror["status"]["phase"] != store.phase:
        yield f"is mirrored as {mirror and mirror.get('status', {}).get('phase')}"


def _orphans(world: World) -> Iterator[str]:
    owned = {store.namespace: store.pk for store in Store.objects.not_gone()}
    for namespace in world.objects.every(NAMESPACE):
        name = namespace["metadata"]["name"]
        if name != settings.STOREPLANE_NAMESPACE and owned.get(name) != world.referee.made_by.get(name):
            yield f"{name} belongs to nobody"
    copies = world.objects.every(SECRET, settings.STOREPLANE_NAMESPACE)
    yield from (f"a copy is kept of {name}" for each in copies if (name := each["metadata"]["name"]) not in owned)
