"""Many stores with a past: one of each record is made as always, and the database multiplies it."""

from django.db import connection
from django.db.models import Model

from provisioner.operations.models import Operation, OperationState, StepState
from provisioner.operations.tallies import Measure, Tally
from stores.choices import ConditionType
from stores.models import Condition, Store
from tests.people import tenant
from tests.provisioner.factories import operation

_PHASE = "(ARRAY['Ready', 'Ready', 'Ready', 'Degraded', 'Failed', 'Deleting'])[1 + mod(n, 6)]"
_GONE = "CASE WHEN mod(n, 6) = 5 THEN t.created_at END"
_READY = "CASE WHEN mod(n, 6) <> 4 THEN t.created_at + interval '1 second' * (mod(n, 100)) END"


def crowd(size: int, *, operations: int = 1, tallies: int = 0, conditions: bool = False) -> None:
    """`size` stores more, every sixth of them gone, each with so many births that succeeded, and one in 500 queued.

    `tallies` are rows that aren't folded yet. With `conditions` each store has all of its.
    """
    first = Store.objects.create(tenant=tenant("crowd"), name="crowd")
    born = operation(first)
    Operation.objects.filter(pk=born.pk).update(state=OperationState.SUCCEEDED)
    born.steps.update(state=StepState.SUCCEEDED, started_at=born.created_at, finished_at=born.created_at)
    stores = {"name": "'crowd-' || n", "phase": _PHASE, "ready_at": _READY}
    gone = {"deletion_requested_at": _GONE, "deleted_at": _GONE}
    _multiply(first, f"generate_series(1, {size - 1}) n", {**stores, **gone})
    others = f"(SELECT id AS other FROM stores_store WHERE id > {first.pk}) s"  # noqa: S608
    each = {"id": "gen_random_uuid()", "store_id": "other"}
    _multiply(born, f"{others}, generate_series(1, {operations}) n", each)
    for step in born.steps.all():
        _multiply(step, "provisioner_operation o", {"operation_id": "o.id"}, only=f"o.id <> '{born.pk}'")
    _multiply(born, others, {**each, "state": "'queued'"}, only="mod(other, 500) = 0")
    for type_ in ConditionType.values if conditions else ():
        condition = Condition(store=first, type=type_, status="True", reason="AsExpected", observed_generation=1)
        condition.last_transition_time = first.created_at
        condition.save()
        _multiply(condition, others, {"store_id": "other"})
    if tallies:
        row = Tally.objects.create(measure=Measure.STEP_SECONDS, step="helm", le=5.0, microseconds=3_000_000)
        _multiply(row, f"generate_series(1, {tallies - 1}) n", {})
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE stores_store, stores_condition, provisioner_operation, provisioner_step, provisioner_tally"
        )


def _multiply(template: Model, rows: str, changes: dict[str, str], only: str = "true") -> None:
    """A copy of the record for each of the rows, with some columns as these expressions say."""
    meta = template._meta
    columns = [field.column for field in meta.concrete_fields if field.column in changes or not field.primary_key]
    values = ", ".join(changes.get(column, f't."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {meta.db_table} ({names}) SELECT {values} FROM {meta.db_table} t CROSS JOIN {rows} "  # noqa: S608
            f"WHERE t.{meta.pk.column} = %s AND {only}",
            [template.pk],
        )
