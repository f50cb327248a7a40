"""Query parameters of lists, watches, writes and logs."""

from collections.abc import Mapping

from ..errors import ApiError, bad_request, forbidden_field, invalid, invalid_value, required, unsupported
from ..jsontypes import Json
from ..options import LogOptions, WriteOptions

_MATCHES = ("Exact", "NotOlderThan", "")
_DIRECTIVES = ("Ignore", "Warn", "Strict")


def bad_list_option(field: str, value: str, detail: str) -> ApiError:
    """422 for a parameter of a list or a watch that does not go with the others."""
    if field == "resourceVersionMatch" and value and value not in _MATCHES:
        return invalid("meta.k8s.io", "ListOptions", "", [unsupported(field, value, _MATCHES)])
    return invalid("meta.k8s.io", "ListOptions", "", [forbidden_field(field, detail)])


def is_true(query: Mapping[str, str], name: str) -> bool:
    """A boolean parameter; present without a value means true."""
    return name in query and query[name].lower() in {"true", "1", ""}


def whole_number(query: Mapping[str, str], name: str) -> int | None:
    """A parameter that is a number of 0 or more; raises 400 when it is not."""
    text = query.get(name)
    if text is None or text == "":
        return None
    if not text.lstrip("-").isdigit():
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(text)


def write_options(query: Mapping[str, str], agent: str, verb: str) -> WriteOptions:
    """dryRun, fieldManager, fieldValidation and force; raises 422 for values that do not exist."""
    kind = {"create": "CreateOptions", "update": "UpdateOptions"}.get(verb, "PatchOptions")
    _check_dry_run(query.get("dryRun", ""), kind)
    directive = query.get("fieldValidation") or "Warn"
    if directive not in _DIRECTIVES:
        raise _bad_option(kind, "fieldValidation", directive, _DIRECTIVES)
    manager = query.get("fieldManager", "")
    if verb == "apply" and not manager:
        raise invalid("meta.k8s.io", kind, "", [required("fieldManager", "is required for apply patch")])
    if verb != "apply" and is_true(query, "force"):
        cause = forbidden_field("force", "may not be specified for non-apply patch")
        raise invalid("meta.k8s.io", kind, "", [cause])
    return WriteOptions(
        dry_run=query.get("dryRun") == "All",
        manager=manager or agent.split("/", maxsplit=1)[0][:128] or "unknown",
        field_validation=directive,
        force=is_true(query, "force"),
    )


def _check_dry_run(value: str, kind: str) -> None:
    if value and value != "All":
        raise _bad_option(kind, "dryRun", value, ("All",))


def _bad_option(kind: str, field: str, value: str, supported: tuple[str, ...]) -> ApiError:
    return invalid("meta.k8s.io", kind, "", [unsupported(field, value, supported)])


def delete_options(query: Mapping[str, str], body: object) -> Json:
    """The DeleteOptions of body and query together; raises 400 when the body is something else."""
    options: Json = {}
    if body is not None:
        if not isinstance(body, dict) or body.get("kind", "DeleteOptions") != "DeleteOptions":
            raise bad_request("couldn't get version/kind; the body of a DELETE must be a DeleteOptions object")
        options.update({key: value for key, value in body.items() if value is not None})
    if not options:
        grace = whole_number(query, "gracePeriodSeconds")
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        if query.get("propagationPolicy"):
            options["propagationPolicy"] = query["propagationPolicy"]
        if "orphanDependents" in query:
            options["orphanDependents"] = is_true(query, "orphanDependents")
    if query.get("dryRun") and not options.get("dryRun"):
        options["dryRun"] = [query["dryRun"]]
    for value in options.get("dryRun") or ():
        _check_dry_run(value, "DeleteOptions")
    return options


def log_options(query: Mapping[str, str]) -> LogOptions:
    """The PodLogOptions of a log request; raises 422 for values that make no sense."""
    tail, limit = whole_number(query, "tailLines"), whole_number(query, "limitBytes")
    since = whole_number(query, "sinceSeconds")
    for field, value, least in (("tailLines", tail, 0), ("limitBytes", limit, 1), ("sinceSeconds", since, 1)):
        if value is not None and value < least:
            detail = f"must be greater than {'or equal to ' if not least else ''}0"
            raise invalid("", "PodLogOptions", "", [invalid_value(field, value, detail)])
    return LogOptions(
        follow=is_true(query, "follow"),
        previous=is_true(query, "previous"),
        timestamps=is_true(query, "timestamps"),
        tail_lines=tail,
        since_seconds=since,
        since_time=query.get("sinceTime", ""),
        limit_bytes=limit,
    )
