"""Which names the builds exchange, and for what."""

from __future__ import annotations

import pytest

from tests.cluster.commands import ClusterError
from tests.cluster.places import CHECKOUT
from tests.docker.bases import stand_ins
from tests.docker.building import IMAGES, names

DIGEST = "sha256:" + "0" * 64


def test_every_base_of_our_images_has_a_stand_in() -> None:
    for image in IMAGES:
        text = (CHECKOUT / "deploy" / "images" / image / "Dockerfile").read_text()
        stages = {line.split()[3] for line in text.splitlines() if line.startswith("FROM ") and " AS " in line}
        froms = {line.split()[1] for line in text.splitlines() if line.startswith("FROM ")} - stages
        assert stand_ins([text]).keys() == froms


def test_a_pinned_name_is_exchanged_whole() -> None:
    text = f"FROM node:22-slim@{DIGEST} AS build\nRUN true\nFROM node:22-slim@{DIGEST}\nCOPY --from=build /a /a\n"
    assert stand_ins([text]) == {f"node:22-slim@{DIGEST}": "storeplane.local/base-node:1"}


def test_a_base_that_nothing_stands_in_for_is_told() -> None:
    with pytest.raises(ClusterError, match=r"Nothing stands in for golang:1@sha256:0+; bases.py knows node"):
        stand_ins([f"FROM golang:1@{DIGEST}\n"])


def test_the_names_are_those_that_the_platforms_chart_asks_for() -> None:
    assert names().keys() == set(IMAGES)
    assert all(name.startswith(f"storeplane/{image}:") for image, name in names().items())
