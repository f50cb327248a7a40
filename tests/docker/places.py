"""Where all of it lies."""

from __future__ import annotations

from pathlib import Path

from tests.cluster.places import CHECKOUT, Places

DEFAULT_FOLDER = CHECKOUT / ".build" / "docker"
CGROUP = "storeplane-docker"
"""All containers and builds are below it, so that nothing of them stays."""


class DockerPlaces(Places):
    """As a cluster's, with the system that Docker runs in and what it has saved."""

    @property
    def system(self) -> Path:
        """A Debian of its own with dockerd in it; /var/lib/docker is there, too."""
        return self.roots / "docker"

    @property
    def images(self) -> Path:
        """What `docker save` wrote of each image, for a cluster to import."""
        return self.folder / "images"
