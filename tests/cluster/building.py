"""Kubernetes' five programs from Debian's source, with Debian's Go: ten minutes on two cores, once.

Three things of its vendored code are too old for Go 1.19: `reflect2` crashes on any map from Go 1.18 on, and two
copies of the OpenAPI validator take every zero value (`replicas: 0`, `""`, `false`) for null.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.cluster.commands import finished, remove, replace_once, run
from tests.cluster.fetching import fetch_source
from tests.cluster.places import Places

PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")

# What the build would ask git for. The commit is that of the tag v1.20.2.
VERSION = """KUBE_GIT_COMMIT='faecb196815e248d3ecfb03c680a4507229c2a56'
KUBE_GIT_TREE_STATE='clean'
KUBE_GIT_VERSION='v1.20.2'
KUBE_GIT_MAJOR='1'
KUBE_GIT_MINOR='20'
"""

VALIDATORS = (
    "vendor/k8s.io/kube-openapi/pkg/validation/validate/type.go",
    "vendor/github.com/go-openapi/validate/type.go",
)
ZERO_IS_NULL = "if data == nil || reflect.DeepEqual(reflect.Zero(reflect.TypeOf(data)), reflect.ValueOf(data)) {"
ONLY_NULL_IS_NULL = "if data == nil {"


def build(places: Places) -> None:
    """Make the programs if they aren't there; the source and Go's cache are removed again."""
    if places.kubernetes.is_dir():
        return
    _unpack(fetch_source(places), places.source)
    _mend(places.source, places.programs)
    version = places.source / "version.sh"
    version.write_text(VERSION)
    what = " ".join(f"cmd/{name}" for name in PROGRAMS)
    run(["make", f"WHAT={what}", "GOLDFLAGS=-s -w"], cwd=places.source, env=_environment(places, version))
    with finished(places.kubernetes) as folder:
        folder.mkdir()
        for name in PROGRAMS:
            shutil.copy2(places.source / "_output" / "local" / "go" / "bin" / name, folder)
    remove(places.source)
    remove(_cache(places))


def _unpack(archive: Path, folder: Path) -> None:
    remove(folder)
    folder.mkdir(parents=True)
    run(["tar", "-xzf", archive, "-C", folder, "--strip-components=1"])


def _mend(source: Path, programs: Path) -> None:
    """What Go 1.19 asks of code from 2020."""
    for name in VALIDATORS:
        replace_once(source / name, ZERO_IS_NULL, ONLY_NULL_IS_NULL)
    vendored = source / "vendor" / "github.com" / "modern-go" / "reflect2"
    packaged = programs / "usr" / "share" / "gocode" / "src" / "github.com" / "modern-go" / "reflect2"
    remove(vendored)
    shutil.copytree(packaged, vendored)


def _environment(places: Places, version: Path) -> dict[str, str]:
    go = places.programs / "usr" / "lib" / "go-1.19"
    return {
        "PATH": f"{go / 'bin'}:{os.environ.get('PATH', os.defpath)}",
        "HOME": os.environ.get("HOME", "/root"),
        "GOROOT": str(go),
        "GOCACHE": str(_cache(places)),
        "GOFLAGS": "",
        "KUBE_GIT_VERSION_FILE": str(version),
    }


def _cache(places: Places) -> Path:
    return places.folder / "go-cache"
