"""The commands that the platform chart's README tells for a real cluster, as far as they can be judged without one."""

from __future__ import annotations

import re

import pytest

from tests.charts.rendering import PLATFORM

README = (PLATFORM / "README.md").read_text()


def commands(text: str) -> list[str]:
    """Those of its console blocks, each as one line."""
    blocks: list[str] = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    joined = "\n".join(blocks).replace("\\\n", " ")
    return [" ".join(line.removeprefix("$ ").split()) for line in joined.splitlines() if line.startswith("$ ")]


def test_behind_ingress_nginx_its_class_is_named_for_the_platform_and_for_the_stores() -> None:
    """Its chart makes no default class (`ingressClassResource.default: false`), and serves no Ingress without one."""
    (laptop,) = [each for each in commands(README) if each.endswith("nginx") and "values-local.yaml" in each]
    assert "ingress.className=nginx,stores.ingress.className=nginx" in laptop


def test_all_is_taken_away_in_an_order_that_lets_no_finalizer_wait_for_a_platform_that_is_gone() -> None:
    section = README.partition("## Take it all away\n")[2].partition("\n## ")[0]
    order = ["delete stores", "helm uninstall", "delete customresourcedefinition", "delete namespace storeplane-system"]
    told = commands(section)
    places = [next((at for at, line in enumerate(told) if word in line), None) for word in order]
    assert places == [0, 1, 2, 3], told


@pytest.mark.parametrize("page", ["deploy/chart/README.md", "storefront_charts/medusa/README.md", "docs/settings.md"])
def test_where_node_local_dns_cache_is_told_of_so_is_the_second_address_that_it_has(page: str) -> None:
    """Unless kube-proxy works by IPVS it listens on the Service's address, too, and pods go on asking there."""
    text = (PLATFORM.parents[1] / page).read_text()
    lines = [line for line in text.splitlines() if "169.254.20.10" in line]
    assert lines
    assert all("IPVS" in line and "Service `kube-dns`" in line for line in lines)
