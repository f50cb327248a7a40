"""The status of PodDisruptionBudgets."""

from __future__ import annotations

from typing import ClassVar

from sandbox.controllers.cluster import Cluster
from sandbox.controllers.controller import Controller
from sandbox.controllers.objects import Key, Obj, int_or_percent, key_of, labels_of, matches, with_condition
from sandbox.controllers.pods import is_active, is_ready


class DisruptionController(Controller):
    """Counts; evictions themselves are the API's business."""

    name: ClassVar[str] = "disruption"

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.budgets = self.watch(cluster.cache("poddisruptionbudgets", "policy"))
        self.pods = cluster.cache("pods")
        self.pods.handlers.append(self._pod_changed)

    def reconcile(self, key: Key) -> float | None:
        """One pass over a budget."""
        budget = self.budgets.get(key)
        if budget is not None:
            selector = budget["spec"].get("selector")
            pods = [pod for pod in self.pods.in_namespace(key[0]) if matches(selector, labels_of(pod))]
            self.cluster.set_status(self.budgets, budget, status_of(budget, [pod for pod in pods if is_active(pod)]))
        return None

    def _pod_changed(self, old: Obj | None, new: Obj | None) -> None:
        pod = new or old
        for budget in self.budgets.in_namespace(key_of(pod)[0]) if pod else ():
            if any(matches(budget["spec"].get("selector"), labels_of(p)) for p in (old, new) if p):
                self.queue.add(key_of(budget))


def status_of(budget: Obj, pods: list[Obj]) -> Obj:
    """The status of a budget over these active pods.

    The expected number is that of the pods that exist; kube-controller-manager asks their owners' scale instead,
    which differs only while pods are missing.
    """
    spec, expected = budget["spec"], len(pods)
    healthy = sum(is_ready(pod) for pod in pods)
    if spec.get("maxUnavailable") is not None:
        desired = max(0, expected - int_or_percent(spec["maxUnavailable"], expected, round_up=True))
    else:
        minimum = spec.get("minAvailable")
        desired = int_or_percent(1 if minimum is None else minimum, expected, round_up=True)
    allowed = max(0, healthy - desired) if expected else 0
    generation = budget["metadata"].get("generation", 1)
    condition = {
        "type": "DisruptionAllowed",
        "status": "True" if allowed else "False",
        "reason": "SufficientPods" if allowed else "InsufficientPods",
        "message": "",
        "observedGeneration": generation,
    }
    return {
        "observedGeneration": generation,
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "expectedPods": expected,
        "conditions": with_condition((budget.get("status") or {}).get("conditions"), condition),
    }
