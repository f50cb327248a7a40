"""ResourceQuotas: what a namespace uses, and refusals beyond its limits."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from ..errors import forbidden
from ..jsontypes import Json, clone
from ..quantity import parse, write
from ..resources import Resource
from ..storage import Entry

if TYPE_CHECKING:
    from ..registry import Registry

Use = dict[str, Decimal]
_ONE = Decimal(1)
# Names under which some kinds are counted besides count/<resource>.<group>.
_PLAIN = {
    "configmaps",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
}
_QUOTAS = "/resourcequotas"


class Quotas:
    """Checks new objects against the quotas of their namespace, and keeps ``status.used``."""

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry
        self._storage = registry.storage

    def of(self, namespace: str) -> list[Entry]:
        """The quotas of a namespace."""
        shelf = self._storage.shelf(_QUOTAS)
        return [shelf.entries[key] for key in shelf.keys(namespace)]

    def check(self, resource: Resource, obj: Json, old: Json | None) -> None:
        """Raises 403 when an object would use more than is left, or says nothing of what is limited."""
        namespace, name = obj["metadata"]["namespace"], obj["metadata"].get("name", "")
        for entry in self.of(namespace):
            quota = entry.obj
            hard = (quota.get("spec") or {}).get("hard") or {}
            if not _in_scope(quota, resource, obj):
                continue
            _require_amounts(quota, hard, resource, obj)
            added = _difference(use_of(resource, obj), use_of(resource, old) if old else {})
            asked = {item: amount for item, amount in added.items() if item in hard and amount > 0}
            if not asked:
                continue
            used = self.used(quota)
            beyond = [item for item in asked if used.get(item, Decimal(0)) + asked[item] > parse(hard[item])]
            if beyond:
                raise forbidden(resource, name, _exceeded(quota, beyond, asked, used))

    def used(self, quota: Json) -> Use:
        """What the objects of a quota's namespace use of what it limits."""
        hard = (quota.get("spec") or {}).get("hard") or {}
        total: Use = {name: Decimal(0) for name in hard}
        for resource in self._registry.catalog:
            if not resource.namespaced or not _counts(resource, hard):
                continue
            shelf = self._storage.shelf(resource.key)
            for key in shelf.keys(quota["metadata"]["namespace"]):
                obj = shelf.entries[key].obj
                if _in_scope(quota, resource, obj):
                    for name, amount in use_of(resource, obj).items():
                        if name in total:
                            total[name] += amount
        return total

    def recount(self, namespace: str) -> None:
        """Writes ``status`` of a namespace's quotas where it is no longer right."""
        for entry in self.of(namespace):
            hard = (entry.obj.get("spec") or {}).get("hard") or {}
            used = {name: _written(name, amount, hard) for name, amount in self.used(entry.obj).items()}
            status = {"hard": clone(hard), "used": used}
            if entry.obj.get("status") != status and not entry.obj["metadata"].get("deletionTimestamp"):
                self._storage.put(_QUOTAS, clone(entry.obj) | {"status": status})


def _written(name: str, amount: Decimal, hard: Json) -> str:
    binary = any(sign in str(hard[name]) for sign in ("Ki", "Mi", "Gi", "Ti"))
    return write(amount, binary=binary or name.endswith("memory") or name.endswith("storage"))


def _exceeded(quota: Json, beyond: Iterable[str], asked: Use, used: Use) -> str:
    names, hard = sorted(beyond), quota["spec"]["hard"]

    def listed(amounts: dict[str, str]) -> str:
        return ",".join(f"{name}={amounts[name]}" for name in names)

    requested = listed({name: _written(name, asked[name], hard) for name in names})
    present = listed({name: _written(name, used.get(name, Decimal(0)), hard) for name in names})
    return (
        f"exceeded quota: {quota['metadata']['name']}, requested: {requested}, used: {present}, "
        f"limited: {listed({name: str(hard[name]) for name in names})}"
    )


def _difference(new: Use, old: Use) -> Use:
    return {name: amount - old.get(name, Decimal(0)) for name, amount in new.items()}


def _counts(resource: Resource, hard: Json) -> bool:
    """Whether a quota limits anything that objects of this resource use."""
    if f"count/{resource.qualified}" in hard:
        return True
    if resource.key == "/pods":
        return any(name in hard for name in ("pods", "cpu", "memory")) or any(
            name.startswith(("requests.", "limits.")) and name != "requests.storage" for name in hard
        )
    if resource.key == "/persistentvolumeclaims":
        return any("storage" in name or name == "persistentvolumeclaims" for name in hard)
    if resource.key == "/services":
        return any(name.startswith("services") for name in hard)
    return not resource.group and resource.plural in _PLAIN and resource.plural in hard


def use_of(resource: Resource, obj: Json) -> Use:
    """What one object uses, by the names that quotas have for it."""
    use: Use = {f"count/{resource.qualified}": _ONE}
    if not resource.group and resource.plural in _PLAIN:
        use[resource.plural] = _ONE
    if resource.key == "/pods":
        if (obj.get("status") or {}).get("phase") in {"Succeeded", "Failed"}:
            return {f"count/{resource.qualified}": _ONE}
        use.update(_pod_use(obj["spec"]))
    elif resource.key == "/persistentvolumeclaims":
        use.update(_claim_use(obj["spec"]))
    elif resource.key == "/services":
        kind, ports = obj["spec"].get("type"), len(obj["spec"].get("ports") or ())
        use["services.nodeports"] = Decimal(ports if kind in {"NodePort", "LoadBalancer"} else 0)
        use["services.loadbalancers"] = Decimal(kind == "LoadBalancer")
    return use


def _claim_use(spec: Json) -> Use:
    asked = parse(((spec.get("resources") or {}).get("requests") or {}).get("storage", "0"))
    use: Use = {"requests.storage": asked}
    if spec.get("storageClassName"):
        prefix = f"{spec['storageClassName']}.storageclass.storage.k8s.io"
        use |= {f"{prefix}/requests.storage": asked, f"{prefix}/persistentvolumeclaims": _ONE}
    return use


def _pod_use(spec: Json) -> Use:
    """Containers together, or the largest init container where that is more."""
    use: Use = {}
    for field in ("requests", "limits"):
        main = _sum(spec.get("containers") or (), field)
        initial = [_sum([container], field) for container in spec.get("initContainers") or ()]
        names = set(main).union(*initial)
        for name in names:
            most = max([main.get(name, Decimal(0)), *(part.get(name, Decimal(0)) for part in initial)])
            use[f"{field}.{name}"] = most
            if field == "requests":
                use[name] = most
    return use


def _sum(containers: Iterable[Json], field: str) -> Use:
    total: Use = {}
    for container in containers:
        for name, amount in ((container.get("resources") or {}).get(field) or {}).items():
            total[name] = total.get(name, Decimal(0)) + parse(amount)
    return total


def _require_amounts(quota: Json, hard: Json, resource: Resource, obj: Json) -> None:
    """A pod must say how much it wants of everything that is limited."""
    if resource.key != "/pods":
        return
    missing: dict[str, list[str]] = {}
    for name in sorted(hard):
        field, _, item = name.partition(".")
        if name in {"cpu", "memory"}:
            field, item = "requests", name
        if field not in {"requests", "limits"} or item not in {"cpu", "memory", "ephemeral-storage"}:
            continue
        for container in (*(obj["spec"].get("containers") or ()), *(obj["spec"].get("initContainers") or ())):
            if item not in ((container.get("resources") or {}).get(field) or {}):
                missing.setdefault(name, []).append(container.get("name", ""))
    if missing:
        told = "; ".join(f"{name} for: {','.join(names)}" for name, names in missing.items())
        why = f"failed quota: {quota['metadata']['name']}: must specify {told}"
        raise forbidden(resource, obj["metadata"].get("name", ""), why)


def _in_scope(quota: Json, resource: Resource, obj: Json) -> bool:
    """Whether an object belongs to what a quota's scopes select; scopes are about pods only."""
    spec = quota.get("spec") or {}
    wanted = [{"scopeName": name, "operator": "Exists"} for name in spec.get("scopes") or ()]
    wanted += (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    if not wanted:
        return True
    if resource.key != "/pods":
        return False
    return all(_fits_scope(rule, obj["spec"]) for rule in wanted)


def _fits_scope(rule: Json, spec: Json) -> bool:
    name, values = rule.get("scopeName"), rule.get("values") or ()
    if name == "PriorityClass":
        given = spec.get("priorityClassName")
        answers = {
            "In": given in values,
            "NotIn": given not in values,
            "Exists": bool(given),
            "DoesNotExist": not given,
        }
        return answers.get(rule.get("operator", ""), False)
    amounts = [container.get("resources") or {} for container in spec.get("containers") or ()]
    best_effort = not any(item.get("requests") or item.get("limits") for item in amounts)
    ends = spec.get("activeDeadlineSeconds") is not None
    scopes = {
        "BestEffort": best_effort,
        "NotBestEffort": not best_effort,
        "Terminating": ends,
        "NotTerminating": not ends,
    }
    return scopes.get(str(name), False)
