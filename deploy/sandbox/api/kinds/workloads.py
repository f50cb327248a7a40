"""Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs and CronJobs."""

from ..errors import Causes, forbidden_field, required, unsupported
from ..jsontypes import Json, clone
from .checks import check_selector, default_all, not_negative, unchanged
from .kind import Kind
from .podchecks import check_template
from .podspec import default_template

_ALWAYS = ("Always",)
_EMPTY_TEMPLATE: Json = {"metadata": {}, "spec": {"containers": None}}
_STS_MUTABLE = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)


def _default_deployment(obj: Json) -> None:
    spec = obj.setdefault("spec", {})
    default_all(spec, (("replicas", 1), ("revisionHistoryLimit", 10), ("progressDeadlineSeconds", 600)))
    strategy = spec.setdefault("strategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        default_all(strategy.setdefault("rollingUpdate", {}), (("maxUnavailable", "25%"), ("maxSurge", "25%")))
    default_template(spec.setdefault("template", {}))


def _check_deployment(obj: Json) -> Causes:
    spec = obj["spec"]
    causes = not_negative(spec, "spec", "replicas", "minReadySeconds", "revisionHistoryLimit")
    strategy = spec["strategy"]
    if strategy["type"] not in {"Recreate", "RollingUpdate"}:
        causes.append(unsupported("spec.strategy.type", strategy["type"], ("Recreate", "RollingUpdate")))
    if strategy["type"] == "Recreate" and strategy.get("rollingUpdate") is not None:
        detail = "may not be specified when strategy `type` is 'Recreate'"
        causes.append(forbidden_field("spec.strategy.rollingUpdate", detail))
    return causes + check_selector(spec) + check_template(spec["template"], "spec.template", _ALWAYS)


def _check_selector_update(obj: Json, old: Json) -> Causes:
    return unchanged(obj["spec"].get("selector"), old["spec"].get("selector"), "spec.selector")


def _default_replica_set(obj: Json) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    default_template(spec.setdefault("template", {}))


def _check_replica_set(obj: Json) -> Causes:
    spec = obj["spec"]
    causes = not_negative(spec, "spec", "replicas", "minReadySeconds") + check_selector(spec)
    return causes + check_template(spec["template"], "spec.template", _ALWAYS)


def _default_stateful_set(obj: Json) -> None:
    spec = obj.setdefault("spec", {})
    default_all(spec, (("podManagementPolicy", "OrderedReady"), ("replicas", 1), ("revisionHistoryLimit", 10)))
    strategy = spec.setdefault("updateStrategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {}).setdefault("partition", 0)
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    default_all(retention, (("whenDeleted", "Retain"), ("whenScaled", "Retain")))
    default_template(spec.setdefault("template", {}))
    for claim in spec.get("volumeClaimTemplates") or ():
        default_all(claim, (("apiVersion", "v1"), ("kind", "PersistentVolumeClaim")))
        claim.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
        claim["status"] = {"phase": "Pending"}


def _check_stateful_set(obj: Json) -> Causes:
    spec = obj["spec"]
    causes = not_negative(spec, "spec", "replicas", "minReadySeconds")
    if spec["podManagementPolicy"] not in {"OrderedReady", "Parallel"}:
        policies = ("OrderedReady", "Parallel")
        causes.append(unsupported("spec.podManagementPolicy", spec["podManagementPolicy"], policies))
    # The names of claims are mounted as volumes, so the check of the template must know them.
    template = clone(spec["template"])
    declared = {volume.get("name") for volume in template["spec"].get("volumes") or ()}
    for claim in spec.get("volumeClaimTemplates") or ():
        name = (claim.get("metadata") or {}).get("name")
        if name not in declared:
            template["spec"].setdefault("volumes", []).append({"name": name, "emptyDir": {}})
    return causes + check_selector(spec) + check_template(template, "spec.template", _ALWAYS)


def _check_stateful_set_update(obj: Json, old: Json) -> Causes:
    def fixed(spec: Json) -> Json:
        return {key: value for key, value in spec.items() if key not in _STS_MUTABLE}

    if fixed(obj["spec"]) == fixed(old["spec"]):
        return []
    named = ", ".join(f"'{name}'" for name in _STS_MUTABLE[:-1])
    detail = f"updates to statefulset spec for fields other than {named} and 'minReadySeconds' are forbidden"
    return [forbidden_field("spec", detail)]


def _default_daemon_set(obj: Json) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("revisionHistoryLimit", 10)
    strategy = spec.setdefault("updateStrategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        default_all(strategy.setdefault("rollingUpdate", {}), (("maxUnavailable", 1), ("maxSurge", 0)))
    default_template(spec.setdefault("template", {}))


def _check_daemon_set(obj: Json) -> Causes:
    spec = obj["spec"]
    return check_selector(spec) + check_template(spec["template"], "spec.template", _ALWAYS)


def default_job_spec(spec: Json) -> None:
    """The defaults of a Job's spec, also inside a CronJob."""
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    default_all(
        spec,
        (
            ("parallelism", 1),
            ("backoffLimit", 6),
            ("completionMode", "NonIndexed"),
            ("suspend", False),
            ("manualSelector", False),
        ),
    )
    spec.setdefault("podReplacementPolicy", "Failed" if spec.get("podFailurePolicy") else "TerminatingOrFailed")
    default_template(spec.setdefault("template", {}))


def _default_job(obj: Json) -> None:
    default_job_spec(obj.setdefault("spec", {}))


def _own_pods(job: Json) -> None:
    """A Job selects its pods by its own uid, unless told otherwise."""
    spec, meta = job["spec"], job["metadata"]
    if spec.get("manualSelector"):
        return
    template = spec["template"].setdefault("metadata", {})
    labels = template.setdefault("labels", {})
    for name, value in (("controller-uid", meta["uid"]), ("job-name", meta.get("name", ""))):
        labels.setdefault(name, value)
        labels.setdefault(f"batch.kubernetes.io/{name}", value)
    spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": meta["uid"]}}


def _check_job(obj: Json) -> Causes:
    return _check_job_spec(obj["spec"], "spec") + check_selector(obj["spec"])


def _check_job_spec(spec: Json, path: str) -> Causes:
    causes = not_negative(spec, path, "parallelism", "completions", "backoffLimit", "ttlSecondsAfterFinished")
    policy = (spec["template"].get("spec") or {}).get("restartPolicy")
    if policy == "Always":
        field = f"{path}.template.spec.restartPolicy"
        causes.append(required(field, 'valid values: "OnFailure", "Never"'))
        return causes
    return causes + check_template(spec["template"], f"{path}.template", ("OnFailure", "Never"))


def _check_job_update(obj: Json, old: Json) -> Causes:
    causes = unchanged(obj["spec"].get("selector"), old["spec"].get("selector"), "spec.selector")
    causes += unchanged(obj["spec"].get("template"), old["spec"].get("template"), "spec.template")
    for field in ("completionMode", "podFailurePolicy", "backoffLimitPerIndex"):
        causes += unchanged(obj["spec"].get(field), old["spec"].get(field), f"spec.{field}")
    if obj["spec"].get("completionMode") != "Indexed":
        causes += unchanged(obj["spec"].get("completions"), old["spec"].get("completions"), "spec.completions")
    return causes


def _keep_job_selector(obj: Json, old: Json) -> None:
    """A client that sends the manifest again does not know the generated selector and labels."""
    spec, before = obj["spec"], old["spec"]
    if spec.get("manualSelector") or "selector" not in before:
        return
    spec.setdefault("selector", clone(before["selector"]))
    labels = spec["template"].setdefault("metadata", {}).setdefault("labels", {})
    for name, value in ((before["template"].get("metadata") or {}).get("labels") or {}).items():
        if name.split("/")[-1] in {"controller-uid", "job-name"}:
            labels.setdefault(name, value)


def _default_cron_job(obj: Json) -> None:
    spec = obj.setdefault("spec", {})
    default_all(
        spec,
        (
            ("concurrencyPolicy", "Allow"),
            ("suspend", False),
            ("successfulJobsHistoryLimit", 3),
            ("failedJobsHistoryLimit", 1),
        ),
    )
    default_job_spec(spec.setdefault("jobTemplate", {}).setdefault("spec", {}))


def _check_cron_job(obj: Json) -> Causes:
    spec = obj["spec"]
    causes = [] if spec.get("schedule") else [required("spec.schedule")]
    return causes + _check_job_spec(spec["jobTemplate"]["spec"], "spec.jobTemplate.spec")


WORKLOADS: dict[str, Kind] = {
    "apps/deployments": Kind(
        default=_default_deployment,
        check=_check_deployment,
        check_update=_check_selector_update,
        has_generation=True,
        annotations_count=True,
        has_status=True,
        initial_status={},
        skeleton={"spec": {"selector": None, "strategy": {}, "template": _EMPTY_TEMPLATE}, "status": {}},
    ),
    "apps/replicasets": Kind(
        default=_default_replica_set,
        check=_check_replica_set,
        check_update=_check_selector_update,
        has_generation=True,
        has_status=True,
        initial_status={"replicas": 0},
        skeleton={"spec": {"selector": None, "template": _EMPTY_TEMPLATE}, "status": {"replicas": 0}},
    ),
    "apps/statefulsets": Kind(
        default=_default_stateful_set,
        check=_check_stateful_set,
        check_update=_check_stateful_set_update,
        has_generation=True,
        has_status=True,
        initial_status={"replicas": 0, "availableReplicas": 0},
        skeleton={
            "spec": {"selector": None, "serviceName": "", "template": _EMPTY_TEMPLATE, "updateStrategy": {}},
            "status": {"replicas": 0, "availableReplicas": 0},
        },
    ),
    "apps/daemonsets": Kind(
        default=_default_daemon_set,
        check=_check_daemon_set,
        check_update=_check_selector_update,
        has_generation=True,
        has_status=True,
        initial_status={
            "currentNumberScheduled": 0,
            "numberMisscheduled": 0,
            "desiredNumberScheduled": 0,
            "numberReady": 0,
        },
        skeleton={"spec": {"selector": None, "template": _EMPTY_TEMPLATE, "updateStrategy": {}}, "status": {}},
    ),
    "batch/jobs": Kind(
        default=_default_job,
        prepare_create=_own_pods,
        prepare_update=_keep_job_selector,
        check=_check_job,
        check_update=_check_job_update,
        has_generation=True,
        has_status=True,
        initial_status={},
        orphans_dependents=True,
        skeleton={"spec": {"template": _EMPTY_TEMPLATE}, "status": {}},
    ),
    "batch/cronjobs": Kind(
        default=_default_cron_job,
        check=_check_cron_job,
        has_generation=True,
        has_status=True,
        initial_status={},
        skeleton={"spec": {"jobTemplate": {"metadata": {}, "spec": {"template": _EMPTY_TEMPLATE}}}, "status": {}},
    ),
}
