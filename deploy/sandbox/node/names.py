"""Service names for pods: one hosts file for the cluster, read by the Node preload in `preload.cjs`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sandbox.controllers.cache import Cache
from sandbox.controllers.cluster import Cluster
from sandbox.controllers.objects import Key, Obj, is_deleting, key_of, labels_of
from sandbox.controllers.pods import is_ready

PRELOAD = Path(__file__).with_name("preload.cjs")
DOMAIN = "svc.cluster.local"
# Several changes in a row (a release being installed) make one write.
DELAY_SECONDS = 0.02


class HostsFile:
    """All Services in the form of /etc/hosts, with the names that DNS would answer.

    A short name (`postgres`) is not in it, since it means another address in each namespace: the preload puts the
    pod's namespace behind it, as the search list of resolv.conf does. Headless Services stand with the addresses of
    their ready pods, and pods with a hostname and a subdomain under their own name.
    """

    def __init__(self, cluster: Cluster, path: Path) -> None:
        self.path = path
        self._services: Cache = cluster.cache("services")
        self._pods: Cache = cluster.cache("pods")
        self._slices: Cache = cluster.cache("endpointslices", "discovery.k8s.io")
        self._pending: asyncio.TimerHandle | None = None
        self._written = ""
        self._open = False
        self._services.handlers.append(self._service_changed)
        self._slices.handlers.append(self._slice_changed)

    def open(self) -> Path:
        """The file, current at this moment, and from now on."""
        self._open = True
        self._write()
        return self.path

    def close(self) -> None:
        """Write no more."""
        self._open = False
        if self._pending is not None:
            self._pending.cancel()

    def _service_changed(self, old: Obj | None, new: Obj | None) -> None:
        if old is None or new is None or old["spec"] != new["spec"]:
            self._schedule()

    def _slice_changed(self, old: Obj | None, new: Obj | None) -> None:
        """Only a headless Service's names depend on its endpoints."""
        piece = new or old
        if piece is not None:
            name = labels_of(piece).get("kubernetes.io/service-name", "")
            service = self._services.get((key_of(piece)[0], name))
            if service is not None and service["spec"].get("clusterIP") == "None":
                self._schedule()

    def _schedule(self) -> None:
        if self._open and self._pending is None:
            self._pending = asyncio.get_running_loop().call_later(DELAY_SECONDS, self._write)

    def _write(self) -> None:
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None
        text = render({key_of(service): self._addresses(service) for service in self._services})
        if text != self._written:
            fresh = self.path.with_suffix(".new")
            fresh.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(text)
            fresh.rename(self.path)
            self._written = text

    def _addresses(self, service: Obj) -> list[tuple[str, str]]:
        """(what stands in front of the Service's name, address)."""
        address = service["spec"].get("clusterIP")
        if address != "None":
            return [("", address)] if address else []
        selector = (service["spec"].get("selector") or {}).items()
        publish = bool(service["spec"].get("publishNotReadyAddresses"))
        found: list[tuple[str, str]] = []
        for pod in self._pods.in_namespace(key_of(service)[0]):
            ip = (pod.get("status") or {}).get("podIP")
            usable = publish or (is_ready(pod) and not is_deleting(pod))
            if ip and usable and selector and selector <= labels_of(pod).items():
                found.append(("", ip))
                if pod["spec"].get("subdomain") == key_of(service)[1]:
                    found.append((f"{pod['spec'].get('hostname') or key_of(pod)[1]}.", ip))
        return found


def render(services: dict[Key, list[tuple[str, str]]]) -> str:
    """The text of the file."""
    lines = ["# Services of the cluster, written by the sandbox."]
    for (namespace, name), addresses in sorted(services.items()):
        forms = [f"{name}.{namespace}", f"{name}.{namespace}.svc", f"{name}.{namespace}.{DOMAIN}"]
        lines += [f"{ip} {' '.join(front + form for form in forms)}" for front, ip in addresses]
    return "\n".join(lines) + "\n"
