"""Answers to questions about access: `kubectl auth can-i`, `kubectl auth whoami`."""

from ..errors import invalid, invalid_value
from ..jsontypes import Json, clone
from ..resources import Resource
from .attributes import Attributes
from .authorizer import Authorizer, Decision
from .identity import User

_EXACTLY_ONE = "exactly one of nonResourceAttributes or resourceAttributes must be specified"


def reviewed(authorizer: Authorizer, resource: Resource, namespace: str | None, sent: Json, user: User) -> Json:
    """The review with its status; raises 422 for a question that makes no sense."""
    answered: Json = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": {}} | clone(sent)
    spec = answered.get("spec") or {}
    if resource.kind == "SelfSubjectReview":
        answered["status"] = {"userInfo": user.as_info()}
    elif resource.kind == "SelfSubjectRulesReview":
        answered["status"] = _rules(authorizer, user, spec.get("namespace") or "")
    else:
        asked = _asked(resource, spec)
        if resource.kind != "SelfSubjectAccessReview":
            user = _subject(resource, spec)
        if resource.namespaced and asked.namespace != namespace:
            told = f"must match metadata.namespace: {namespace}"
            raise _wrong(resource, "spec.resourceAttributes.namespace", asked.namespace, told)
        answered["status"] = _status(authorizer.decide(user, asked))
    return answered


def _asked(resource: Resource, spec: Json) -> Attributes:
    about, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if about is not None and path is not None:
        raise _wrong(resource, "spec.nonResourceAttributes", path, _EXACTLY_ONE)
    if path is not None:
        return Attributes(path.get("verb", ""), path=path.get("path", ""))
    if about is None:
        raise _wrong(resource, "spec.resourceAttributes", None, _EXACTLY_ONE)
    words = {field: about.get(field) or "" for field in ("verb", "group", "resource", "subresource", "namespace")}
    return Attributes(**words, name=about.get("name") or "")


def _subject(resource: Resource, spec: Json) -> User:
    name, groups = spec.get("user") or "", tuple(spec.get("groups") or ())
    if not name and not groups:
        raise _wrong(resource, "spec.user", "", "at least one of user or group must be specified")
    return User(name, groups)


def _status(decision: Decision) -> Json:
    status: Json = {"allowed": decision.allowed}
    if decision.reason:
        status["reason"] = decision.reason
    return status


def _rules(authorizer: Authorizer, user: User, namespace: str) -> Json:
    """Everything that roles allow a user in a namespace."""
    raw = [rule for grant in authorizer.grants_of(user, namespace) for rule in grant.raw]
    resources = ("verbs", "apiGroups", "resources", "resourceNames")
    return {
        "resourceRules": [_only(rule, resources) for rule in raw if rule.get("resources")],
        "nonResourceRules": [_only(rule, ("verbs", "nonResourceURLs")) for rule in raw if rule.get("nonResourceURLs")],
        "incomplete": False,
    }


def _only(rule: Json, fields: tuple[str, ...]) -> Json:
    return {field: rule[field] for field in fields if rule.get(field)}


def _wrong(resource: Resource, field: str, value: object, detail: str) -> Exception:
    return invalid(resource.group, resource.kind, "", [invalid_value(field, value, detail)])
