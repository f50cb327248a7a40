"""What an API server made of the chart's objects (`record.py`), for tests that need no cluster."""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent / "fixtures"
VARIANTS: dict[str, dict[str, Any]] = {
    "small": {},
    "large": {
        "replicas": {"postgres": 1, "backend": 1, "storefront": 3},
        "resources": {
            "backend": {"requests": {"cpu": "0.5", "memory": "1024Mi"}, "limits": {"cpu": "1000m", "memory": "1Gi"}}
        },
        "imagePullSecrets": [{"name": "registry"}],
        "storage": {"size": "20480Mi", "className": "fast"},
        "ingress": {
            "className": "nginx",
            "annotations": {"cert-manager.io/cluster-issuer": "letsencrypt"},
            "tls": {"enabled": True, "secretName": "tea-tls"},
        },
    },
}

Pair = tuple[dict[str, Any], dict[str, Any]]


@cache
def _read(variant: str) -> str:
    return (FIXTURES / f"{variant}.json").read_text()


def pairs() -> list[Pair]:
    """Each object as it was wanted and as it was found, over all variants."""
    return [(each["wanted"], each["found"]) for variant in VARIANTS for each in json.loads(_read(variant))]


def pair(kind: str, name: str, variant: str = "small") -> Pair:
    """One of them."""
    for each in json.loads(_read(variant)):
        if (each["wanted"]["kind"], each["wanted"]["metadata"]["name"]) == (kind, name):
            return copy.deepcopy(each["wanted"]), copy.deepcopy(each["found"])
    raise LookupError(f"{kind} {name} isn't recorded")


def label(pair: Pair) -> str:
    """How a test of it is called."""
    wanted = pair[0]
    return f"{wanted['metadata']['namespace']}-{wanted['kind']}-{wanted['metadata']['name']}"
