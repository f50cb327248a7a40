"""Plans: how many stores a tenant may have, and what one store of the plan may use.

CPU is in thousandths of a core, memory in MiB, and both become Kubernetes quantities (`250m`, `1Gi`) at the edge.
Measured on Medusa 2.18.0: 300 MB resident when idle, and a start that is bound by one core.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Resources:
    """What one container asks for and may use at most."""

    cpu_request: int
    memory_request: int
    cpu_limit: int
    memory_limit: int

    def __add__(self, other: "Resources") -> "Resources":
        return Resources(*(one + another for one, another in zip(self.amounts(), other.amounts(), strict=True)))

    @classmethod
    def largest(cls, several: Iterable["Resources"]) -> "Resources":
        """The largest of each amount."""
        return cls(*(max(each) for each in zip(*(one.amounts() for one in several), strict=True)))

    def amounts(self) -> tuple[int, int, int, int]:
        """In the order of the fields."""
        return self.cpu_request, self.memory_request, self.cpu_limit, self.memory_limit

    def as_values(self) -> dict[str, dict[str, str]]:
        """The shape of a container's `resources` in Kubernetes."""
        return {
            "requests": {"cpu": cores(self.cpu_request), "memory": mebibytes(self.memory_request)},
            "limits": {"cpu": cores(self.cpu_limit), "memory": mebibytes(self.memory_limit)},
        }


def cores(thousandths: int) -> str:
    """CPU as a Kubernetes quantity, in the form that the API server gives it: `2`, `250m`."""
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)


def mebibytes(amount: int) -> str:
    """Memory as a Kubernetes quantity: `1Gi`, `96Mi`."""
    return f"{amount}Mi" if amount % 1024 else f"{amount // 1024}Gi"


_QUANTITY = re.compile(r"(?P<number>\d+(\.\d+)?)(?P<unit>[a-zA-Z]*|[eE][+-]?\d+)")
_VISITOR = Resources(250, 128, 1000, 512)
"""A pod that an operator starts beside the store's to look at it."""


@dataclass(frozen=True)
class Plan:
    """One plan of the catalogue; `storage` is the size of a new store's volume, a Kubernetes quantity.

    A tenant's plan says how many stores and requests it may have, a store's plan what that store may use.
    """

    name: str
    label: str
    description: str
    stores_allowed: int
    requests_per_minute: int
    database: Resources
    backend: Resources
    storefront: Resources
    storage: str

    @property
    def together(self) -> Resources:
        """What the pods of a store have while none is replaced."""
        return self.database + self.backend + self.storefront

    def quota(self) -> dict[str, str]:
        """`hard` of the store's ResourceQuota; it must have room for each moment of a change from any plan to this one.

        Helm sets the new quota first, while the pods are still of the old plan. Then there are a backend and a shop of
        either plan, a migration, and one database: a StatefulSet ends a pod before it makes the next.
        """
        database = Resources.largest(plan.database for plan in PLANS.values())
        backend = Resources.largest(plan.backend for plan in PLANS.values())
        storefront = Resources.largest(plan.storefront for plan in PLANS.values())
        most = database + (backend + self.backend) + (storefront + self.storefront) + backend + _VISITOR
        values = most.as_values()
        return {
            **{f"{side}.{what}": amount for side, both in values.items() for what, amount in both.items()},
            "persistentvolumeclaims": "2",
            "pods": "12",
            "services": "6",
            "secrets": "30",
            "configmaps": "10",
        }

    def chart_values(self, volume: str = "") -> dict[str, Any]:
        """The part of a chart's values that the plan decides, for a volume of that size (a quantity) or of its own."""
        size = volume or self.storage
        return {
            "resources": {
                "postgres": self.database.as_values(),
                "backend": self.backend.as_values(),
                "storefront": self.storefront.as_values(),
            },
            "storage": {"size": size},
            "quota": {"hard": {**self.quota(), "requests.storage": _twice(size)}},
        }


def _twice(quantity: str) -> str:
    """Room for the volume and for one that takes its place."""
    found = _QUANTITY.fullmatch(quantity)
    if found is None:
        raise ValueError(f"{quantity!r} is no size of a volume; write one like '20Gi'.")
    return f"{2 * Decimal(found['number'])}{found['unit']}"


PLANS: dict[str, Plan] = {
    plan.name: plan
    for plan in (
        Plan(
            name="small",
            label="Small",
            description="A first shop: one backend, 1 GiB of data.",
            stores_allowed=10,
            requests_per_minute=1200,
            database=Resources(50, 96, 500, 256),
            backend=Resources(100, 384, 1000, 768),
            storefront=Resources(10, 64, 250, 128),
            storage="1Gi",
        ),
        Plan(
            name="medium",
            label="Medium",
            description="A shop with steady traffic: 5 GiB of data.",
            stores_allowed=25,
            requests_per_minute=3000,
            database=Resources(100, 256, 1000, 512),
            backend=Resources(250, 512, 2000, 1024),
            storefront=Resources(20, 64, 500, 128),
            storage="5Gi",
        ),
        Plan(
            name="large",
            label="Large",
            description="A busy shop: 20 GiB of data.",
            stores_allowed=100,
            requests_per_minute=6000,
            database=Resources(500, 1024, 2000, 2048),
            backend=Resources(500, 1024, 4000, 2048),
            storefront=Resources(50, 64, 1000, 128),
            storage="20Gi",
        ),
    )
}

DEFAULT_PLAN = "small"
PLAN_CHOICES = [(plan.name, plan.label) for plan in PLANS.values()]
