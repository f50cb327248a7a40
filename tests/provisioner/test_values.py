"""What the platform gives to the chart, for every plan: it renders, fits its own quota, and holds no secret."""

from typing import Any

import pytest

from provisioner.helm import helm
from provisioner.labels import PART_OF, STORE_LABEL
from provisioner.values import chart_of, values_of
from stores.models import Store
from tenants.plans import PLANS


def rendered(plan: str) -> list[dict[str, Any]]:
    store = Store(name="my-shop", display_name="My Shop", engine="medusa", plan=plan)
    return helm().template("store", store.namespace, chart_of(store), values_of(store))


@pytest.mark.parametrize("plan", PLANS)
def test_the_chart_takes_the_values_of_every_plan(plan: str) -> None:
    objects = rendered(plan)

    found = {(each["kind"], each["metadata"]["name"]) for each in objects}
    assert found >= {
        ("StatefulSet", "postgres"),
        ("Deployment", "backend"),
        ("Deployment", "storefront"),
        ("Ingress", "store"),
        ("ResourceQuota", "store"),
        ("LimitRange", "store"),
    }
    for each in objects:
        labels = each["metadata"]["labels"]
        assert (labels[PART_OF], labels[STORE_LABEL]) == ("storeplane", "my-shop")


def test_a_store_without_a_display_name_is_called_by_its_name() -> None:
    assert values_of(Store(name="plain", plan="small"))["store"]["displayName"] == "plain"


def test_https_stores_get_tls_and_what_the_operator_set(settings: Any) -> None:
    settings.STOREPLANE_STORE_SCHEME = "https"
    settings.STOREPLANE_INGRESS_ANNOTATIONS = {"cert-manager.io/cluster-issuer": "letsencrypt"}
    settings.STOREPLANE_IMAGE_PULL_SECRETS = ["registry"]

    objects = {each["kind"]: each for each in rendered("small")}

    ingress = objects["Ingress"]
    assert ingress["metadata"]["annotations"]["cert-manager.io/cluster-issuer"] == "letsencrypt"
    assert ingress["spec"]["tls"] == [{"hosts": ["my-shop.localhost"], "secretName": "my-shop-tls"}]
    assert objects["Deployment"]["spec"]["template"]["spec"]["imagePullSecrets"] == [{"name": "registry"}]


def test_the_policies_let_in_what_the_settings_say(settings: Any) -> None:
    settings.STOREPLANE_INGRESS_CIDRS = ["10.0.0.0/24"]
    settings.STOREPLANE_DNS_POD_LABELS = {"dns.operator.openshift.io/daemonset-dns": "default"}
    settings.STOREPLANE_DNS_CIDRS = ["169.254.20.10/32"]

    policies = {each["metadata"]["name"]: each["spec"] for each in rendered("small") if each["kind"] == "NetworkPolicy"}

    assert {"ipBlock": {"cidr": "10.0.0.0/24"}} in policies["backend"]["ingress"][0]["from"]
    to_dns = policies["storefront"]["egress"][-1]
    assert to_dns["to"][0]["podSelector"]["matchLabels"] == settings.STOREPLANE_DNS_POD_LABELS
    assert to_dns["to"][1] == {"ipBlock": {"cidr": "169.254.20.10/32"}}
