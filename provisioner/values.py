"""What Helm is given for a store: from its record, its plan and the settings. Never a secret."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from provisioner import labels
from stores.models import Store
from tenants.plans import PLANS

CHARTS = Path(__file__).resolve().parents[1] / "storefront_charts"


def chart_of(store: Store) -> Path:
    """The chart folder of the store's engine."""
    return CHARTS / store.engine


@cache
def chart_version(chart: Path) -> str:
    """The version that the chart's own `Chart.yaml` says."""
    return str(yaml.safe_load((chart / "Chart.yaml").read_text())["version"])


def values_of(store: Store) -> dict[str, Any]:
    """The chart's values (`values.schema.json` says what each means); the same store gives the same values."""
    # A StatefulSet's claim template is immutable: the volume stays as it was born, whatever plan the store has now.
    plan = PLANS[store.plan].chart_values(store.volume_size)
    plan["storage"]["className"] = settings.STOREPLANE_STORAGE_CLASS
    return {
        "store": {
            "name": store.name,
            "displayName": store.label,
            "host": store.host,
            "url": store.url,
        },
        "secretName": labels.SECRET_NAME,
        "images": dict(settings.STOREPLANE_IMAGES),
        "imagePullPolicy": settings.STOREPLANE_IMAGE_PULL_POLICY,
        "imagePullSecrets": [{"name": name} for name in settings.STOREPLANE_IMAGE_PULL_SECRETS],
        "ingress": _ingress(store),
        "ingressController": {
            "namespaceLabels": settings.STOREPLANE_INGRESS_NAMESPACE_LABELS,
            "podLabels": settings.STOREPLANE_INGRESS_POD_LABELS,
            "cidrs": list(settings.STOREPLANE_INGRESS_CIDRS),
        },
        "dns": {
            "namespaceLabels": settings.STOREPLANE_DNS_NAMESPACE_LABELS,
            "podLabels": settings.STOREPLANE_DNS_POD_LABELS,
            "cidrs": list(settings.STOREPLANE_DNS_CIDRS),
        },
        **plan,
    }


def _ingress(store: Store) -> dict[str, Any]:
    """TLS exactly when the stores' public scheme is https; cert-manager fills the Secret that is named here."""
    secure = settings.STOREPLANE_STORE_SCHEME == "https"
    return {
        "className": settings.STOREPLANE_INGRESS_CLASS,
        "annotations": dict(settings.STOREPLANE_INGRESS_ANNOTATIONS),
        "tls": {"enabled": secure, "secretName": f"{store.name}-tls" if secure else ""},
    }
