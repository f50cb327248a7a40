"""Object metadata: names, what the server sets at birth, what an update may not change."""

import re
import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from .errors import Cause, forbidden_field, invalid_value, required, too_long
from .jsontypes import Json, clone

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_DNS_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_KEY_NAME = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = f"({_KEY_NAME})?"
_NAME_LIMIT, _LABEL_LIMIT, _ANNOTATIONS_LIMIT = 253, 63, 256 * 1024  # bytes
_NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # no vowels, so that no words appear

SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    f"and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
)
LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    f"'{_LABEL}')"
)
DNS_1035_RULE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    f"'{_DNS_1035}')"
)
_LABEL_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation "
    "is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_KEY_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)


def now() -> str:
    """The time as the API writes it: UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def is_subdomain(text: str) -> bool:
    """Whether a text is a DNS name of up to 253 characters."""
    return len(text) <= _NAME_LIMIT and re.fullmatch(_SUBDOMAIN, text) is not None


def is_label(text: str) -> bool:
    """Whether a text is one part of a DNS name."""
    return len(text) <= _LABEL_LIMIT and re.fullmatch(_LABEL, text) is not None


def subdomain_problems(text: str) -> list[str]:
    """Why a text is no DNS name."""
    problems = [f"must be no more than {_NAME_LIMIT} bytes"] if len(text) > _NAME_LIMIT else []
    return problems + ([] if re.fullmatch(_SUBDOMAIN, text) else [SUBDOMAIN_RULE])


def label_problems(text: str) -> list[str]:
    """Why a text is no RFC 1123 label."""
    problems = ["must be no more than 63 bytes"] if len(text) > _LABEL_LIMIT else []
    return problems + ([] if re.fullmatch(_LABEL, text) else [LABEL_RULE])


def dns_1035_problems(text: str) -> list[str]:
    """Why a text is no name for a Service."""
    problems = ["must be no more than 63 bytes"] if len(text) > _LABEL_LIMIT else []
    return problems + ([] if re.fullmatch(_DNS_1035, text) else [DNS_1035_RULE])


def path_segment_problems(text: str) -> list[str]:
    """Why a text cannot stand in a URL; the only rule for the names of roles."""
    if text in {".", ".."}:
        return [f"may not be '{text}'"]
    return [f"may not contain '{sign}'" for sign in "/%" if sign in text]


NameRule = Callable[[str], list[str]]


def begin(obj: Json) -> None:
    """Gives a new object its identity and takes away what only the server may say."""
    metadata = obj["metadata"]
    for field in ("resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"):
        metadata.pop(field, None)
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = generated_name(metadata["generateName"])
    metadata["uid"] = str(uuid.uuid4())
    metadata["creationTimestamp"] = now()


def generated_name(base: str) -> str:
    """A base of at most 58 characters with five random ones behind it."""
    return base[:58] + "".join(secrets.choice(_NAME_ALPHABET) for _ in range(5))


def carry_over(obj: Json, old: Json) -> None:
    """Keeps in an updated object what an update cannot change."""
    metadata, before = obj["metadata"], old["metadata"]
    for field in ("uid", "creationTimestamp", "generateName", "namespace", "deletionTimestamp"):
        _keep(metadata, before, field)
    _keep(metadata, before, "deletionGracePeriodSeconds")
    _keep(metadata, before, "generation")
    metadata["resourceVersion"] = before["resourceVersion"]
    metadata.pop("selfLink", None)


def _keep(metadata: Json, before: Json, field: str) -> None:
    if field in before:
        metadata[field] = clone(before[field])
    else:
        metadata.pop(field, None)


def check(metadata: Json, rule: NameRule = subdomain_problems) -> list[Cause]:
    """What is wrong with an object's metadata."""
    name = metadata.get("name")
    if not name:
        causes = [required("metadata.name", "name or generateName is required")]
    else:
        causes = [invalid_value("metadata.name", name, problem) for problem in rule(name)]
    causes += check_labels(metadata.get("labels") or {}, "metadata.labels")
    causes += _check_annotations(metadata.get("annotations") or {})
    return causes + _check_finalizers(metadata) + _check_owners(metadata)


def check_labels(labels: Json, field: str) -> list[Cause]:
    """What is wrong with keys and values of labels."""
    causes = []
    for key, value in labels.items():
        causes += check_key(key, field)
        if len(str(value)) > _LABEL_LIMIT:
            causes.append(invalid_value(field, value, "must be no more than 63 bytes"))
        elif not re.fullmatch(_LABEL_VALUE, str(value)):
            causes.append(invalid_value(field, value, _LABEL_VALUE_RULE))
    return causes


def check_key(key: str, field: str) -> list[Cause]:
    """What is wrong with a qualified name such as ``example.com/part``."""
    prefix, slash, name = key.rpartition("/")
    causes = []
    if slash and not is_subdomain(prefix):
        causes.append(invalid_value(field, key, f"prefix part {SUBDOMAIN_RULE}"))
    if not name:
        causes.append(invalid_value(field, key, "name part must be non-empty"))
    if len(name) > _LABEL_LIMIT:
        causes.append(invalid_value(field, key, "name part must be no more than 63 bytes"))
    if not re.fullmatch(_KEY_NAME, name):
        causes.append(invalid_value(field, key, _KEY_RULE))
    return causes


def _check_annotations(annotations: Json) -> list[Cause]:
    causes = [cause for key in annotations for cause in check_key(key.lower(), "metadata.annotations")]
    size = sum(len(key) + len(str(value)) for key, value in annotations.items())
    return causes + ([too_long("metadata.annotations", _ANNOTATIONS_LIMIT)] if size > _ANNOTATIONS_LIMIT else [])


def _check_finalizers(metadata: Json) -> list[Cause]:
    causes = []
    for finalizer in metadata.get("finalizers") or ():
        causes += check_key(finalizer, "metadata.finalizers")
    return causes


def _check_owners(metadata: Json) -> list[Cause]:
    causes = []
    for index, owner in enumerate(metadata.get("ownerReferences") or ()):
        for field in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(field):
                causes.append(invalid_value(f"metadata.ownerReferences[{index}].{field}", "", "must not be empty"))
    controllers = [owner for owner in metadata.get("ownerReferences") or () if owner.get("controller")]
    if len(controllers) > 1:
        names = ", ".join(f'"{owner["kind"]}"' for owner in controllers)
        detail = f"Only one reference can have Controller set to true. Found {names}"
        causes.append(invalid_value("metadata.ownerReferences", metadata["ownerReferences"], detail))
    return causes


def check_update(metadata: Json, before: Json) -> list[Cause]:
    """What an update changes although it must not."""
    causes = []
    if before.get("deletionTimestamp"):
        added = sorted(set(metadata.get("finalizers") or ()) - set(before.get("finalizers") or ()))
        if added:
            detail = f"no new finalizers can be added if the object is being deleted, found new finalizers {added!r}"
            causes.append(forbidden_field("metadata.finalizers", detail))
    return causes
