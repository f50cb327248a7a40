"""Which images of others are pinned here, and what their tags point to now.

    python deploy/images/pins.py            # tells which pins are behind; exits with 1 when one is
    python deploy/images/pins.py --write    # moves them

A pin is `name:tag@sha256:…`: the tag is for people, the digest of the multi-platform index is what is pulled.
Registries are asked by the OCI distribution protocol, anonymously, with the token that they themselves name in a 401.
"""

import argparse
import json
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
PINNED_IN = ("deploy/images/*/Dockerfile", "docker-compose.dev.yml", "deploy/kind/*.yaml", "deploy/chart/values*.yaml")
DOCKER_HUB = "registry-1.docker.io"
TIMEOUT_SECONDS = 20
_PIN = re.compile(r"(?P<name>[a-z0-9][\w./-]*(?::\d+/[\w./-]+)?):(?P<tag>[\w.-]+)@(?P<digest>sha256:[0-9a-f]{64})")
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_INDEX = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json"


@dataclass(frozen=True, order=True)
class Pin:
    """One image by tag and digest, as it stands in a file."""

    name: str
    tag: str
    digest: str

    @property
    def text(self) -> str:
        return f"{self.name}:{self.tag}@{self.digest}"

    @property
    def address(self) -> str:
        """Where its registry tells of the tag. Docker Hub's is left out of names, and so is its user `library`."""
        registry, slash, path = self.name.partition("/")
        if not slash or not ({".", ":"} & set(registry)):
            registry, path = DOCKER_HUB, self.name if slash else f"library/{self.name}"
        scheme = "http" if registry.startswith("127.0.0.1:") else "https"
        return f"{scheme}://{registry}/v2/{path}/manifests/{self.tag}"


def files(root: Path) -> Iterator[Path]:
    """The files that may hold pins."""
    for pattern in PINNED_IN:
        yield from sorted(root.glob(pattern))


def pins(text: str) -> set[Pin]:
    """The pins in the text of a file."""
    return {Pin(found["name"], found["tag"], found["digest"]) for found in _PIN.finditer(text)}


def current_digest(pin: Pin) -> str:
    """What the tag points to now. Raises OSError when the registry can't be asked or knows no such tag."""
    headers = {"Accept": _INDEX}
    try:
        return _digest(pin.address, headers)
    except urllib.error.HTTPError as refusal:
        if refusal.code != HTTPStatus.UNAUTHORIZED:
            raise
        challenge = dict(_CHALLENGE.findall(refusal.headers.get("WWW-Authenticate", "")))
    return _digest(pin.address, {**headers, "Authorization": f"Bearer {_token(challenge)}"})


def _digest(address: str, headers: dict[str, str]) -> str:
    request = urllib.request.Request(address, headers=headers, method="HEAD")  # noqa: S310 - http only for 127.0.0.1
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        return str(answer.headers["Docker-Content-Digest"])


def _token(challenge: dict[str, str]) -> str:
    query = urllib.parse.urlencode({key: challenge[key] for key in ("service", "scope") if key in challenge})
    with urllib.request.urlopen(f"{challenge['realm']}?{query}", timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        return str(json.load(answer)["token"])


def main() -> int:
    """Tell, or move, the pins of this checkout."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="move the pins to what their tags point to now")
    parser.add_argument("--root", type=Path, default=REPO, help="the checkout (default: this one)")
    options = parser.parse_args()
    found = {path: pins(path.read_text()) for path in files(options.root)}
    moved: dict[str, str] = {}
    for pin in sorted(set().union(*found.values())):
        try:
            digest = current_digest(pin)
        except OSError as problem:
            print(f"{pin.name}:{pin.tag}: the registry can't be asked ({problem}).", file=sys.stderr)
            return 2
        print(f"{pin.name}:{pin.tag} is {'up to date' if digest == pin.digest else f'behind: {digest}'}")
        if digest != pin.digest:
            moved[pin.text] = Pin(pin.name, pin.tag, digest).text
    if options.write:
        for path in found:
            _replace(path, moved)
    return 0 if options.write or not moved else 1


def _replace(path: Path, moved: dict[str, str]) -> None:
    text = path.read_text()
    for before, after in moved.items():
        text = text.replace(before, after)
    path.write_text(text)


if __name__ == "__main__":
    sys.exit(main())
