"""Jobs: pods that run to their end, with retries."""

from __future__ import annotations

from typing import ClassVar

from sandbox.controllers.cluster import Cluster
from sandbox.controllers.controller import Controller
from sandbox.controllers.objects import (
    Key,
    Obj,
    find_condition,
    is_deleting,
    random_suffix,
    seconds_since,
    stamp,
    uid_of,
    with_condition,
)
from sandbox.controllers.pods import from_template, is_active, is_ready, phase_of

FIRST_BACKOFF_SECONDS = 10.0
LAST_BACKOFF_SECONDS = 360.0


class JobController(Controller):
    """Non-indexed Jobs with parallelism, completions, back-off, deadline and time to live."""

    name: ClassVar[str] = "job"

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.jobs = self.watch(cluster.cache("jobs", "batch"))
        self.pods = self.watch_owned(cluster.cache("pods"), "Job")

    def reconcile(self, key: Key) -> float | None:
        """One pass: finish, fail, or keep the wanted number of pods running."""
        job = self.jobs.get(key)
        if job is None or is_deleting(job):
            return None
        if finished(job):
            return self._expire(job)
        pods = self.pods.owned_by(uid_of(job))
        verdict = judge(job, pods)
        active = [pod for pod in pods if is_active(pod)]
        wait: float | None = None
        if verdict is not None or job["spec"].get("suspend"):
            for pod in active:
                self.cluster.delete(self.pods, pod)
            active = []
        else:
            wait = self._start_pods(job, pods)
            active = [pod for pod in self.pods.owned_by(uid_of(job)) if is_active(pod)]
        self._write_status(job, pods, active, verdict)
        deadline = job["spec"].get("activeDeadlineSeconds")
        if verdict is None and deadline and (job.get("status") or {}).get("startTime"):
            left = max(0.1, float(deadline) - seconds_since(job["status"]["startTime"]))
            wait = left if wait is None else min(wait, left)
        return wait

    def _start_pods(self, job: Obj, pods: list[Obj]) -> float | None:
        """Start what is missing; returns the seconds to wait when the last failure is too young."""
        missing = wanted_pods(job, pods)
        if missing <= 0:
            return None
        wait = backoff_left(pods)
        if wait > 0:
            return wait
        for _ in range(missing):
            name = f"{job['metadata']['name']}-{random_suffix()}"
            pod = from_template(job["spec"]["template"], job, "batch/v1", "Job", name)
            title, uid = job["metadata"]["name"], uid_of(job)
            for prefix in ("", "batch.kubernetes.io/"):
                pod["metadata"]["labels"] |= {f"{prefix}controller-uid": uid, f"{prefix}job-name": title}
            self.cluster.create(self.pods, pod)
            self.recorder.normal(job, "SuccessfulCreate", f"Created pod: {name}")
        return None

    def _write_status(self, job: Obj, pods: list[Obj], active: list[Obj], verdict: Obj | None) -> None:
        old = job.get("status") or {}
        status: Obj = {"ready": sum(is_ready(pod) for pod in active)}
        numbers = {"active": len(active), "succeeded": succeeded(pods), "failed": failures(pods)}
        status |= {name: number for name, number in numbers.items() if number}
        status["startTime"] = old.get("startTime") or stamp()
        status["uncountedTerminatedPods"] = {}
        conditions = list(old.get("conditions") or ())
        if verdict is not None:
            conditions = with_condition(conditions, {**verdict, "lastProbeTime": stamp()})
            if verdict["type"] == "Complete":
                status["completionTime"] = stamp()
                self.recorder.normal(job, "Completed", "Job completed")
            else:
                self.recorder.warning(job, str(verdict["reason"]), str(verdict["message"]))
        if conditions:
            status["conditions"] = conditions
        self.cluster.set_status(self.jobs, job, status)

    def _expire(self, job: Obj) -> float | None:
        ttl = job["spec"].get("ttlSecondsAfterFinished")
        if ttl is None:
            return None
        ended = finished(job) or {}
        left = float(ttl) - seconds_since(ended["lastTransitionTime"])
        if left > 0:
            return left
        self.cluster.delete(self.jobs, job)
        return None


def finished(job: Obj) -> Obj | None:
    """The condition that ended the job, if one did."""
    conditions = (job.get("status") or {}).get("conditions")
    for kind in ("Complete", "Failed"):
        condition = find_condition(conditions, kind)
        if condition is not None and condition["status"] == "True":
            return condition
    return None


def succeeded(pods: list[Obj]) -> int:
    """Pods that ended well."""
    return sum(phase_of(pod) == "Succeeded" for pod in pods)


def failures(pods: list[Obj]) -> int:
    """Pods that ended badly."""
    return sum(phase_of(pod) == "Failed" for pod in pods)


def restarts(pods: list[Obj]) -> int:
    """How often containers, init containers too, began anew in pods whose restartPolicy is OnFailure."""
    return sum(
        int(container.get("restartCount", 0))
        for pod in pods
        if pod["spec"].get("restartPolicy") == "OnFailure"
        for which in ("initContainerStatuses", "containerStatuses")
        for container in (pod.get("status") or {}).get(which) or ()
    )


def judge(job: Obj, pods: list[Obj]) -> Obj | None:
    """The condition that ends the job now, if any."""
    spec = job["spec"]
    limit = 6 if spec.get("backoffLimit") is None else int(spec["backoffLimit"])
    # As in Kubernetes: more failed pods than the limit, or as many restarts; with a limit of 0 the first is too many.
    if failures(pods) > limit or restarts(pods) >= max(limit, 1):
        words = "Job has reached the specified backoff limit"
        return {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": words}
    started, deadline = (job.get("status") or {}).get("startTime"), spec.get("activeDeadlineSeconds")
    if started and deadline and seconds_since(started) >= float(deadline):
        words = "Job was active longer than specified deadline"
        return {"type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": words}
    wanted = spec.get("completions")
    done = succeeded(pods)
    without_number = wanted is None and done > 0 and not any(is_active(pod) for pod in pods)
    if without_number or (wanted is not None and done >= int(wanted)):
        words = "Reached expected number of succeeded pods"
        return {"type": "Complete", "status": "True", "reason": "CompletionsReached", "message": words}
    return None


def wanted_pods(job: Obj, pods: list[Obj]) -> int:
    """How many pods to start now."""
    spec = job["spec"]
    parallelism = 1 if spec.get("parallelism") is None else int(spec["parallelism"])
    active = sum(is_active(pod) for pod in pods)
    if spec.get("completions") is None:
        return 0 if succeeded(pods) else parallelism - active
    return min(parallelism, int(spec["completions"]) - succeeded(pods)) - active


def backoff_left(pods: list[Obj]) -> float:
    """Seconds to wait after failed pods: 10 s doubling, at most 6 minutes, from the last failure."""
    count = failures(pods)
    if not count:
        return 0.0
    delay = float(min(FIRST_BACKOFF_SECONDS * 2 ** (count - 1), LAST_BACKOFF_SECONDS))
    ends = [_ended(pod) for pod in pods if phase_of(pod) == "Failed"]
    return delay - min(map(seconds_since, ends))


def _ended(pod: Obj) -> str:
    moments = [
        container["state"]["terminated"]["finishedAt"]
        for container in (pod.get("status") or {}).get("containerStatuses") or ()
        if "terminated" in (container.get("state") or {})
    ]
    return str(max(moments, default=pod["metadata"]["creationTimestamp"]))
