"""Plans: how many stores a tenant may have, and what one store of the plan may use.

CPU is in Kubernetes quantities (`250m` is a quarter of a core), memory and storage in binary units.
Measured on Medusa 2.18.0: 300 MB resident when idle, and a start that is bound by one core.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Resources:
    """What one container asks for and may use at most."""

    cpu_request: str
    memory_request: str
    cpu_limit: str
    memory_limit: str

    def as_values(self) -> dict[str, dict[str, str]]:
        """The shape of a container's `resources` in Kubernetes."""
        return {
            "requests": {"cpu": self.cpu_request, "memory": self.memory_request},
            "limits": {"cpu": self.cpu_limit, "memory": self.memory_limit},
        }


@dataclass(frozen=True)
class Plan:
    """One plan of the catalogue; `quota` is the `hard` map of the store's ResourceQuota.

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
    quota: dict[str, str]

    def chart_values(self) -> dict[str, Any]:
        """The part of a chart's values that the plan decides."""
        return {
            "resources": {
                "postgres": self.database.as_values(),
                "backend": self.backend.as_values(),
                "storefront": self.storefront.as_values(),
            },
            "storage": {"size": self.storage},
            "quota": {"hard": self.quota},
        }


def _quota(cpu: str, memory: str, cpu_limit: str, memory_limit: str, storage: str) -> dict[str, str]:
    """Room for the pods of a store twice over where a rolling update needs it."""
    return {
        "requests.cpu": cpu,
        "requests.memory": memory,
        "limits.cpu": cpu_limit,
        "limits.memory": memory_limit,
        "requests.storage": storage,
        "persistentvolumeclaims": "2",
        "pods": "12",
        "services": "6",
        "secrets": "30",
        "configmaps": "10",
    }


PLANS: dict[str, Plan] = {
    plan.name: plan
    for plan in (
        Plan(
            name="small",
            label="Small",
            description="A first shop: one backend, 1 GiB of data.",
            stores_allowed=10,
            requests_per_minute=1200,
            database=Resources("50m", "96Mi", "500m", "256Mi"),
            backend=Resources("100m", "384Mi", "1", "768Mi"),
            storefront=Resources("10m", "64Mi", "250m", "128Mi"),
            storage="1Gi",
            quota=_quota("1", "2Gi", "6", "4Gi", "2Gi"),
        ),
        Plan(
            name="medium",
            label="Medium",
            description="A shop with steady traffic: 5 GiB of data.",
            stores_allowed=25,
            requests_per_minute=3000,
            database=Resources("100m", "256Mi", "1", "512Mi"),
            backend=Resources("250m", "512Mi", "2", "1Gi"),
            storefront=Resources("20m", "64Mi", "500m", "128Mi"),
            storage="5Gi",
            quota=_quota("2", "3Gi", "12", "6Gi", "10Gi"),
        ),
        Plan(
            name="large",
            label="Large",
            description="A busy shop: 20 GiB of data.",
            stores_allowed=100,
            requests_per_minute=6000,
            database=Resources("500m", "1Gi", "2", "2Gi"),
            backend=Resources("500m", "1Gi", "4", "2Gi"),
            storefront=Resources("50m", "64Mi", "1", "128Mi"),
            storage="20Gi",
            quota=_quota("4", "8Gi", "24", "12Gi", "40Gi"),
        ),
    )
}

DEFAULT_PLAN = "small"
PLAN_CHOICES = [(plan.name, plan.label) for plan in PLANS.values()]
