"""Findings as a person reads them."""

import json
import re
from collections.abc import Mapping
from typing import Any

from provisioner.drift.models import Finding
from stores.models import Store
from stores.provisioning import DifferenceView, DriftView, FindingView

MOST_OPEN = 100
LAST_HEALED = 20
LONGEST_VALUE = 200
NOTHING = "nothing"

_PLAIN = re.compile(r"[A-Za-z_][\w-]*")


def drift_view(store: Store) -> DriftView:
    """What differs in a store, and what was healed last; three queries."""
    findings = Finding.objects.filter(store=store)
    unhealed = findings.filter(healed_at__isnull=True)
    healed = findings.filter(healed_at__isnull=False).order_by("-healed_at", "-id")
    return DriftView(
        open=tuple(finding_view(each) for each in unhealed.order_by("-detected_at", "-id")[:MOST_OPEN]),
        healed=tuple(finding_view(each) for each in healed[:LAST_HEALED]),
        open_total=unhealed.count(),
    )


def finding_view(finding: Finding) -> FindingView:
    """One of them."""
    return FindingView(
        id=finding.pk,
        kind=finding.kind,
        namespace=finding.namespace,
        name=finding.name,
        verdict=finding.verdict,
        message=finding.message,
        differences=tuple(difference_view(each) for each in finding.differences),
        detected_at=finding.detected_at,
        healed_at=finding.healed_at,
        healed_by=finding.healed_by_id,
    )


def difference_view(difference: Mapping[str, Any]) -> DifferenceView:
    """A row's `{"path", "wanted", "found"}`; a value that isn't there is one that is absent."""
    pointer = str(difference["path"])
    path, wanted, found = as_path(pointer), as_value(difference.get("wanted")), as_value(difference.get("found"))
    return DifferenceView(path, pointer, wanted, found, f"{path or 'the object'}: wanted {wanted}, found {found}")


def as_path(pointer: str) -> str:
    """A JSON pointer as people write paths: `/spec/ports/0/name` is `spec.ports[0].name`."""
    path = ""
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if key.isascii() and key.isdigit():
            path += f"[{key}]"
        elif _PLAIN.fullmatch(key):
            path += f".{key}" if path else key
        else:
            path += f"[{json.dumps(key, ensure_ascii=False)}]"
    return path


def as_value(value: Any) -> str:
    """JSON on one line, cut where nobody would read on."""
    if value is None:
        return NOTHING
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
