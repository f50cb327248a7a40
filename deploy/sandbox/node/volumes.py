"""The volumes of a pod as folders, and where each container sees them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.controllers.objects import Obj
from sandbox.node.environment import ConfigError, Context, contents, field_value, resource_value
from sandbox.node.translate import expand_references

# The folder of a claim's volume, or None while the claim isn't bound.
ClaimFolder = Callable[[str], Path | None]


class MountError(Exception):
    """A volume can't be set up yet; the kubelet tries again."""


@dataclass
class PodVolumes:
    """Folders below `root/volumes`; claims live elsewhere and outlive the pod."""

    root: Path
    claim_folder: ClaimFolder
    places: dict[str, Path] = field(default_factory=dict)

    def prepare(self, context: Context) -> None:
        """Make every volume; raises MountError with a kubelet's sentence."""
        for volume in context.pod["spec"].get("volumes") or ():
            self.places[volume["name"]] = self._make(volume, context)

    def refresh(self, context: Context) -> None:
        """Write ConfigMaps, Secrets and projections again, as a kubelet does when they change."""
        for volume in context.pod["spec"].get("volumes") or ():
            if any(kind in volume for kind in ("configMap", "secret", "projected", "downwardAPI")):
                self.places[volume["name"]] = self._make(volume, context)

    def mounts(self, container: Obj, env: dict[str, str]) -> dict[str, str]:
        """mountPath → folder or file here; raises MountError for a volume that doesn't exist."""
        found = {}
        for mount in container.get("volumeMounts") or ():
            if mount["name"] not in self.places:
                raise MountError(f'volume "{mount["name"]}" is not in the pod')
            sub = mount.get("subPath") or expand_references(mount.get("subPathExpr") or "", env)
            place = self.places[mount["name"]]
            if sub:
                place = (place / sub).resolve()
                if not place.is_relative_to(self.places[mount["name"]].resolve()):
                    raise MountError(f'subPath "{sub}" leads out of volume "{mount["name"]}"')
                if not place.exists():
                    place.mkdir(parents=True)
            found[mount["mountPath"]] = str(place)
        return found

    def _make(self, volume: Obj, context: Context) -> Path:
        name = str(volume["name"])
        if volume.get("persistentVolumeClaim"):
            claim = volume["persistentVolumeClaim"]["claimName"]
            place = self.claim_folder(claim)
            if place is None:
                raise MountError(f'persistentvolumeclaim "{claim}" is not bound')
            place.mkdir(parents=True, exist_ok=True)
            return place
        place = self.root / "volumes" / name
        place.mkdir(parents=True, exist_ok=True)
        if "emptyDir" in volume:
            place.chmod(0o777)
            return place
        try:
            files = dict(_files(volume, context))
        except ConfigError as error:
            raise MountError(f'MountVolume.SetUp failed for volume "{name}" : {error}') from error
        _write(place, files, _mode(volume))
        return place


def _mode(volume: Obj) -> int:
    for kind in ("configMap", "secret", "projected", "downwardAPI"):
        if volume.get(kind):
            return int(volume[kind].get("defaultMode") or 0o644)
    return 0o644


def _files(volume: Obj, context: Context) -> Iterator[tuple[str, bytes]]:
    """(relative path, content) of a volume that is made from API objects."""
    if "configMap" in volume:
        yield from _entries("ConfigMap", volume["configMap"]["name"], volume["configMap"], context)
    elif "secret" in volume:
        yield from _entries("Secret", volume["secret"]["secretName"], volume["secret"], context)
    elif "downwardAPI" in volume:
        yield from _downward(volume["downwardAPI"], context)
    elif "projected" in volume:
        for source in volume["projected"].get("sources") or ():
            yield from _projected(source, context)
    else:
        kinds = ", ".join(key for key in volume if key != "name")
        raise ConfigError(f"volumes of type {kinds} are not supported by the sandbox")


def _projected(source: Obj, context: Context) -> Iterator[tuple[str, bytes]]:
    if source.get("configMap"):
        yield from _entries("ConfigMap", source["configMap"]["name"], source["configMap"], context)
    elif source.get("secret"):
        yield from _entries("Secret", source["secret"]["name"], source["secret"], context)
    elif source.get("downwardAPI"):
        yield from _downward(source["downwardAPI"], context)
    else:
        raise ConfigError(f"projected sources of type {', '.join(source)} are not supported by the sandbox")


def _entries(kind: str, name: str, source: Obj, context: Context) -> Iterator[tuple[str, bytes]]:
    found = context.lookup(kind, name)
    if found is None:
        if source.get("optional"):
            return
        raise ConfigError(f'{kind.lower()} "{name}" not found')
    values = contents(found)
    if not source.get("items"):
        yield from values.items()
        return
    for item in source["items"]:
        if item["key"] in values:
            yield item["path"], values[item["key"]]
        elif not source.get("optional"):
            raise ConfigError(f"references non-existent {kind.lower()} key: {item['key']}")


def _downward(source: Obj, context: Context) -> Iterator[tuple[str, bytes]]:
    for item in source.get("items") or ():
        if item.get("fieldRef"):
            yield item["path"], field_value(context, item["fieldRef"]["fieldPath"]).encode()
        else:
            reference = item["resourceFieldRef"]
            named = (c for c in context.pod["spec"]["containers"] if c["name"] == reference.get("containerName"))
            yield item["path"], resource_value(next(named), reference, context.node).encode()


def _write(place: Path, files: dict[str, bytes], mode: int) -> None:
    """Make the folder hold exactly these files; each changes by a rename, so readers never see a half of one."""
    for name, content in files.items():
        target = place / name
        if target.is_file() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.new")
        fresh.write_bytes(content)
        fresh.chmod(mode)
        fresh.rename(target)
    for found in list(place.rglob("*")):
        if found.is_file() and str(found.relative_to(place)) not in files:
            found.unlink()


def remove_tree(folder: Path) -> None:
    """Remove a folder, also one with folders in it that forbid writing."""

    def allow(function: Callable[[str], object], path: str, _: object) -> None:
        try:
            os.chmod(Path(path).parent, 0o700)
            os.chmod(path, 0o700)
            function(path)
        except OSError:
            return

    shutil.rmtree(folder, onerror=allow)
