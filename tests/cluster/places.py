"""Where everything lies and listens: one cluster on a machine, in one folder, on one bridge."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
DEFAULT_FOLDER = CHECKOUT / ".build" / "cluster"
LONGEST_FOLDER = 70
"""The path of a unix socket may have 107 characters, and the kubelet's are 30 below the folder."""

NODE = "node1"
BRIDGE = "storeplane0"
GATEWAY = "10.245.0.1"
"""The bridge's address: the node's, too. Pods reach the API and the DNS at it; nothing else can."""
POD_RANGE, SERVICE_RANGE, FIRST_SERVICE = "10.245.0.0/24", "10.97.0.0/16", "10.97.0.1"
LOOPBACK = "127.0.0.1"

API_PORT, KUBELET_PORT, DNS_PORT = 6443, 10350, 53
ETCD_PORT, ETCD_PEER_PORT = 23790, 23800
KUBELET_HEALTH_PORT, PROXY_HEALTH_PORT, PROXY_METRICS_PORT = 10348, 10356, 10349
MANAGER_PORT, SCHEDULER_PORT = 10357, 10359
API = f"https://{GATEWAY}:{API_PORT}"

RUNTIME = Path("/run/storeplane-cluster")
"""containerd's sockets and mounts: short paths, gone with a reboot."""
SOCKET = RUNTIME / "containerd.sock"


@dataclass(frozen=True)
class Places:
    """The folders of one cluster. What is in `run` lasts from `up` to `down`; the rest is kept for the next `up`."""

    folder: Path

    @property
    def debian(self) -> Path:
        """apt's own lists and the packages that it has fetched."""
        return self.folder / "debian"

    @property
    def programs(self) -> Path:
        """Debian's programs, unpacked; nothing of them is installed."""
        return self.folder / "programs"

    @property
    def kubernetes(self) -> Path:
        """The five programs of Kubernetes."""
        return self.folder / "kubernetes"

    @property
    def source(self) -> Path:
        """The source of Kubernetes, there while it is built."""
        return self.folder / "source"

    @property
    def traefik(self) -> Path:
        return self.folder / "traefik"

    @property
    def roots(self) -> Path:
        """The root file systems that the images stand on."""
        return self.folder / "roots"

    @property
    def layers(self) -> Path:
        return self.folder / "layers"

    @property
    def containerd(self) -> Path:
        """containerd's own store: the imported images."""
        return self.folder / "containerd"

    @property
    def copy(self) -> Path:
        """The copy of the checkout that is fit for Kubernetes 1.20."""
        return self.folder / "checkout"

    @property
    def values(self) -> Path:
        """What `helm install` of the platform is given for this cluster."""
        return self.folder / "values.yaml"

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def pki(self) -> Path:
        return self.run / "pki"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.run / "admin.kubeconfig"

    def kubeconfig_of(self, user: str) -> Path:
        return self.run / f"{user}.kubeconfig"

    def program(self, name: str) -> Path:
        """One of Debian's programs."""
        found = (self.programs / "usr" / folder / name for folder in ("bin", "sbin"))
        return next(path for path in found if path.exists())
