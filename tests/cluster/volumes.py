"""The default storage class: a folder of this machine for every claim, removed with it.

python -m tests.cluster.volumes FOLDER
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from tests.cluster.api import Api, Json
from tests.cluster.places import NODE, Places

CLASS = "local"
PROVISIONER = "storeplane.local/folders"
LOOK_EVERY_SECONDS = 1.0
_VOLUMES, _CLASSES = "/api/v1/persistentvolumes", "/apis/storage.k8s.io/v1/storageclasses"


def storage_class() -> Json:
    """What claims that name no class get."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": CLASS, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
    }


def volume_for(claim: Json, folder: Path) -> Json:
    """The volume that this claim, and no other, gets."""
    metadata, spec = claim["metadata"], claim["spec"]
    name = f"pv-{metadata['uid']}"
    owner = {each: metadata[each] for each in ("namespace", "name", "uid")}
    on_node = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": spec["accessModes"],
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": CLASS,
            "local": {"path": str(folder / name)},
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **owner},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [on_node]}]}},
        },
    }


def is_waiting(claim: Json) -> bool:
    spec, phase = claim["spec"], claim.get("status", {}).get("phase")
    return phase == "Pending" and spec.get("storageClassName") == CLASS and not spec.get("volumeName")


def is_done(volume: Json) -> bool:
    """Whether its claim is gone, and it should go with it."""
    phase, spec = volume.get("status", {}).get("phase"), volume["spec"]
    goes = spec["persistentVolumeReclaimPolicy"] == "Delete" and "deletionTimestamp" not in volume["metadata"]
    return phase in ("Released", "Failed") and spec["storageClassName"] == CLASS and goes


def look(api: Api, folder: Path) -> None:
    """One round: a volume for each claim that waits, and none for those that are gone."""
    for claim in filter(is_waiting, api.items("/api/v1/persistentvolumeclaims")):
        volume = volume_for(claim, folder)
        Path(volume["spec"]["local"]["path"]).mkdir(parents=True, exist_ok=True)
        api.create(_VOLUMES, volume)
    for volume in filter(is_done, api.items(_VOLUMES)):
        shutil.rmtree(volume["spec"]["local"]["path"], ignore_errors=True)
        api.delete(f"{_VOLUMES}/{volume['metadata']['name']}")


def make_class(api: Api) -> None:
    api.create(_CLASSES, storage_class())


def main() -> None:
    """Look again and again; an API server that doesn't answer is asked again."""
    places = Places(Path(sys.argv[1]))
    api = Api(places)
    while True:
        try:
            look(api, places.run / "volumes")
        except OSError as error:
            sys.stderr.write(f"{error}\n")
            sys.stderr.flush()
        time.sleep(LOOK_EVERY_SECONDS)


if __name__ == "__main__":
    main()
