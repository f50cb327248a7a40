"""From a container of a pod to a command line, environment and folder on this machine."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.controllers.objects import Obj, key_of, uid_of
from sandbox.node import environment
from sandbox.node.environment import Context
from sandbox.node.host import Host
from sandbox.node.images import Image, expand
from sandbox.node.leftovers import MARK
from sandbox.node.names import PRELOAD
from sandbox.node.quantity import parse
from sandbox.node.translate import PathMap, command_words, expand_references, local_argv
from sandbox.node.volumes import PodVolumes

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# A container with a CPU limit gives way to the platform's own processes; a real limit needs cgroups.
LIMITED_NICE = 5
RUN = "STOREPLANE_SANDBOX_RUN"


@dataclass(frozen=True)
class Launch:
    """A container ready to run, and what is needed to run more commands in it."""

    image: Image
    env: Mapping[str, str]
    cwd: str
    paths: PathMap
    pod: Mapping[str, str]
    words: tuple[str, ...]
    nice: int
    # An entry of `env` that no other run has.
    mark: str

    def argv(self, words: list[str] | None = None) -> list[str]:
        """The container's own command, or another one in it. Raises UnknownProgramError."""
        return local_argv(self.image, self.words if words is None else words, self.paths, self.pod)


def context_of(host: Host, pod: Obj, address: str) -> Context:
    """What the pod's environment and volumes are made from."""
    namespace = key_of(pod)[0]
    return Context(
        pod=pod,
        pod_ip=address,
        host_ip=host.node_ip,
        lookup=lambda kind, name: host.lookup(namespace, kind, name),
        services=sorted(host.services(namespace), key=key_of),
        node=host.node(),
    )


def prepare(host: Host, pod: Obj, container: Obj, image: Image, *, context: Context, volumes: PodVolumes) -> Launch:
    """Put a container together; raises ConfigError or MountError."""
    own = environment.build(container, context)
    folder = host.pod_folder(pod)
    known = {"pod_ip": context.pod_ip, "pod_dir": str(folder)}
    mounts = volumes.mounts(container, own)
    paths = PathMap(mounts, {prefix: expand(place, known) for prefix, place in image.paths.items()})
    base = {name: paths.text(expand(value, known)) for name, value in image.env.items()}
    # These speak of this machine already: a checkout below a mount path (a clone under /tmp) must stay what it is.
    override = {name: expand(value, known) for name, value in image.override.items()}
    env = {
        **_defaults(host, pod, image, paths, folder),
        **base,
        **{name: paths.text(value) for name, value in own.items()},
        **override,
    }
    env["NODE_OPTIONS"] = f"{env.get('NODE_OPTIONS', '')} --require {PRELOAD}".strip()
    workdir = container.get("workingDir") or image.workdir
    cwd = paths.path(workdir) or str(folder)
    words = tuple(expand_references(word, own) for word in command_words(image, container))
    limited = ((container.get("resources") or {}).get("limits") or {}).get("cpu")
    run = uuid.uuid4().hex
    env[RUN] = run
    return Launch(image, env, cwd, paths, known, words, LIMITED_NICE if limited else 0, f"{RUN}={run}")


def memory_limit(container: Obj) -> int:
    """Bytes, 0 for no limit."""
    limit = ((container.get("resources") or {}).get("limits") or {}).get("memory")
    return int(parse(str(limit))) if limit else 0


def _defaults(host: Host, pod: Obj, image: Image, paths: PathMap, folder: Path) -> dict[str, str]:
    """What a process finds in any container. Nothing comes from the sandbox's own environment."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    temporary = paths.path("/tmp")  # noqa: S108 - the container's, usually an emptyDir
    if temporary is None:
        temporary = str(folder / "tmp")
        Path(temporary).mkdir(exist_ok=True)
    return {
        "PATH": f"{program_folder(host, image)}:{SYSTEM_PATH}",
        "HOME": str(home),
        "HOSTNAME": pod["spec"].get("hostname") or key_of(pod)[1],
        "TMPDIR": temporary,
        "LANG": "C.UTF-8",
        "STOREPLANE_SANDBOX_HOSTS": str(host.hosts.path),
        "STOREPLANE_SANDBOX_NAMESPACE": key_of(pod)[0],
        "STOREPLANE_SANDBOX_POD": uid_of(pod),
        MARK: str(host.state),
    }


def program_folder(host: Host, image: Image) -> Path:
    """A folder with the image's programs by name, for scripts that look in PATH; made once for each table."""
    digest = hashlib.sha256(repr(sorted(image.programs.items())).encode()).hexdigest()[:12]
    folder = host.state / "run" / "bin" / digest
    if not folder.is_dir():
        folder.mkdir(parents=True)
        for name, program in image.programs.items():
            link = folder / name.rpartition("/")[2]
            if link.exists():
                continue
            if len(program) == 1:
                link.symlink_to(program[0])
            else:
                quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in program)
                link.write_text(f'#!/bin/sh\nexec {quoted} "$@"\n')
                link.chmod(0o755)
    return folder
