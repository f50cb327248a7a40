"""A shop to do things to."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from provisioner import cluster as gateways
from provisioner import helm
from provisioner.cluster import Cluster
from provisioner.cluster.kinds import NAMESPACE
from provisioner.pipelines import chain
from tests.provisioner.drift.shop import Shop, born


@pytest.fixture
def sent() -> Iterator[list[Any]]:
    """Chains that would have been sent; the messages themselves are the outermost edge of these tests."""
    messages: list[Any] = []
    with patch.object(chain, "_send", lambda operation_id, countdown: messages.append((operation_id, countdown))):
        yield messages


@pytest.fixture
def shop(kube: Cluster, sent: list[Any]) -> Iterator[Shop]:
    """A store that was born, in a cluster."""
    gateways.cluster.cache_clear()
    helm.helm.cache_clear()
    made = born(kube)
    yield made
    kube.delete(NAMESPACE, made.namespace)
