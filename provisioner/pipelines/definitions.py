"""Pipelines as data: the chain is built from them, the API serves them, the dashboard draws them."""

from dataclasses import dataclass

from provisioner.operations.models import OperationKind
from stores.choices import ConditionType


@dataclass(frozen=True)
class StepDefinition:
    """A step by name; `deadline` (seconds) is how long it may take in one operation before it fails.

    `waits_for` is shown while the step runs and has nothing more exact to say, `condition` is what it turns True.
    """

    name: str
    label: str
    deadline: float
    waits_for: str
    condition: ConditionType | None = None


@dataclass(frozen=True)
class Pipeline:
    """Ordered steps, and the queue that carries them. An `endless` one is never given up."""

    kind: OperationKind
    queue: str
    steps: tuple[StepDefinition, ...]
    endless: bool = False

    def step(self, name: str) -> StepDefinition:
        """The step of that name; KeyError when the pipeline has none."""
        return {step.name: step for step in self.steps}[name]

    def after(self, name: str) -> tuple[StepDefinition, ...]:
        """The named step and all that follow it."""
        names = [step.name for step in self.steps]
        return self.steps[names.index(name) :]


_UP = (
    StepDefinition("namespace", "Namespace", 300, "the namespace and its secrets", ConditionType.NAMESPACE_READY),
    StepDefinition("helm", "Helm", 300, "Helm to apply the chart", ConditionType.HELM_INSTALLED),
    StepDefinition("db", "Database", 600, "the database to accept connections", ConditionType.DATABASE_READY),
    StepDefinition("backend", "Backend", 900, "the backend to answer the Store API", ConditionType.BACKEND_READY),
    StepDefinition("storefront", "Storefront", 600, "the shop to serve its first page", ConditionType.STOREFRONT_READY),
)

PROVISION = Pipeline(kind=OperationKind.PROVISION, queue="provision", steps=_UP)

RECONCILE = Pipeline(kind=OperationKind.RECONCILE, queue="provision", steps=_UP)

TEARDOWN = Pipeline(
    kind=OperationKind.TEARDOWN,
    queue="teardown",
    steps=(
        StepDefinition("drain", "Stop running work", 300, "running work to let go"),
        StepDefinition("release", "Helm release", 300, "Helm to uninstall the release"),
        StepDefinition("volumes", "Volumes", 300, "the volumes to be gone"),
        StepDefinition("namespace", "Namespace", 600, "the namespace to be gone"),
        StepDefinition("record", "Record", 300, "the mirror to be gone"),
    ),
    endless=True,
)

HEAL = Pipeline(
    kind=OperationKind.HEAL,
    queue="drift",
    steps=(StepDefinition("heal", "Heal", 300, "the drifted objects to be put right"),),
)

PIPELINES: dict[str, Pipeline] = {pipeline.kind: pipeline for pipeline in (PROVISION, RECONCILE, TEARDOWN, HEAL)}
