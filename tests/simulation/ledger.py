"""Every change of state that was committed, written down by triggers of the database itself: no change slips by."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from django.db import connection

from provisioner.operations.models import Operation, OperationKind, OperationState, Step, StepState
from provisioner.pipelines.definitions import PIPELINES

_TABLE = "simulation_ledger"
_OPERATIONS, _STEPS = Operation._meta.db_table, Step._meta.db_table

_CREATE = f"""
CREATE TABLE {_TABLE} (
    id bigserial PRIMARY KEY, kind text, row_id text, operation_id text, step text,
    old_state text, new_state text, old_number bigint, new_number bigint
);
CREATE FUNCTION {_TABLE}_operation() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO {_TABLE} (kind, row_id, operation_id, step, old_state, new_state, old_number, new_number)
    VALUES ('operation', NEW.id::text, NEW.id::text, '', OLD.state, NEW.state, OLD.generation, NEW.generation);
    RETURN NULL;
END $$;
CREATE FUNCTION {_TABLE}_step() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO {_TABLE} (kind, row_id, operation_id, step, old_state, new_state, old_number, new_number)
    VALUES ('step', NEW.id::text, NEW.operation_id::text, NEW.name, OLD.state, NEW.state, OLD.fence, NEW.fence);
    RETURN NULL;
END $$;
CREATE TRIGGER {_TABLE} AFTER UPDATE ON {_OPERATIONS} FOR EACH ROW
    WHEN (OLD.state <> NEW.state OR OLD.generation <> NEW.generation) EXECUTE FUNCTION {_TABLE}_operation();
CREATE TRIGGER {_TABLE} AFTER UPDATE ON {_STEPS} FOR EACH ROW
    WHEN (OLD.state <> NEW.state OR OLD.fence <> NEW.fence) EXECUTE FUNCTION {_TABLE}_step();
"""  # noqa: S608 - names of our own
_DROP = f"""
DROP TRIGGER {_TABLE} ON {_OPERATIONS}; DROP TRIGGER {_TABLE} ON {_STEPS};
DROP FUNCTION {_TABLE}_operation(); DROP FUNCTION {_TABLE}_step(); DROP TABLE {_TABLE};
"""

_Q, _R, _C = OperationState.QUEUED, OperationState.RUNNING, OperationState.CANCELLED
LEGAL_OPERATION = {
    (_Q, _R),
    (_R, OperationState.SUCCEEDED),
    (_R, OperationState.FAILED),
    (_Q, _C),
    (_R, _C),
    (_Q, _Q),
    (_R, _R),
}
"""The last two are rewinds: the generation moves."""

_ENDS = {StepState.SUCCEEDED, StepState.SKIPPED, StepState.FAILED, StepState.WAITING}
LEGAL_STEP = {
    (StepState.PENDING, StepState.RUNNING),
    (StepState.WAITING, StepState.RUNNING),
    (StepState.RUNNING, StepState.RUNNING),
    *((StepState.RUNNING, end) for end in _ENDS),
    *((old, StepState.CANCELLED) for old in (StepState.PENDING, StepState.WAITING, StepState.RUNNING)),
}


@dataclass(frozen=True)
class Entry:
    """One change; the numbers are an operation's generations or a step's fences."""

    kind: str
    row: str
    operation: str
    step: str
    old: str
    new: str
    old_number: int
    new_number: int

    @property
    def rewound(self) -> bool:
        """Whether a step begins again with its operation."""
        return self.kind == "step" and self.new == StepState.PENDING

    def problem(self) -> str:
        """What is illegal about it, or nothing."""
        legal = LEGAL_OPERATION if self.kind == "operation" else LEGAL_STEP
        if (self.old, self.new) not in legal and not self.rewound:
            return f"{self.kind} {self.step or self.row}: {self.old} → {self.new}"
        if self.new_number < self.old_number:
            return f"{self.kind} {self.step or self.row}: its number fell from {self.old_number} to {self.new_number}"
        claimed = self.kind == "step" and self.new == StepState.RUNNING
        if claimed and self.new_number == self.old_number:
            return f"step {self.step}: claimed with the fence where it was"
        return ""


class Ledger:
    """Reads what the triggers wrote, and counts how often each step began again."""

    def __init__(self) -> None:
        self._read_up_to = 0
        self._rewinds: dict[str, Counter[str]] = defaultdict(Counter)

    def rewinds(self, operation: str) -> int:
        """How often the operation began again."""
        return max(self._rewinds[operation].values(), default=0)

    def problems(self) -> list[str]:
        """What was illegal since the last reading."""
        entries = self._news()
        for entry in entries:
            if entry.rewound:
                self._rewinds[entry.operation][entry.step] += 1
        found = [problem for entry in entries if (problem := entry.problem())]
        for operation in {entry.operation for entry in entries if entry.rewound}:
            counts = self._rewinds[operation]
            if len(counts) != len(PIPELINES[OperationKind.PROVISION].steps) or len(set(counts.values())) != 1:
                found.append(f"only some steps of {operation} began again: {dict(counts)}")
        return found

    def _news(self) -> list[Entry]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {_TABLE} WHERE id > %s ORDER BY id", [self._read_up_to])  # noqa: S608
            rows = cursor.fetchall()
        if rows:
            self._read_up_to = rows[-1][0]
        return [Entry(*row[1:]) for row in rows]


def install() -> None:
    """Make the table and its triggers."""
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)


def remove() -> None:
    """Take them away again: other tests use the same database."""
    with connection.cursor() as cursor:
        cursor.execute(_DROP)


def clear() -> None:
    """Forget what was written."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {_TABLE}")  # noqa: S608
