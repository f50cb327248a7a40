"""A Kubernetes API for the tests that make a release."""

from tests.provisioner.conftest import kube, kube_api, namespace

__all__ = ["kube", "kube_api", "namespace"]
