"""What processes count in memory of their own: requests, calls of the cluster, sweeps.

With `PROMETHEUS_MULTIPROC_DIR` each process writes its numbers to files there, which outlive it: a worker's child that
is killed, or ends after its 500 tasks, takes no count with it, and a process that gets its number goes on from there.
Whoever scrapes first folds the files of dead processes into one, or a month of children would be thousands of files.
docs/adr/0013 tells why.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Metric, disable_created_metrics
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

SUMMED = ("counter", "histogram", "summary")
"""Types whose files may be added up; what a dead process last said in a gauge is that library's own affair."""

_FOLDED = "folded"

# A gauge `…_created` beside each counter, of this process' start, is of no use and would be one more name for each.
disable_created_metrics()  # type: ignore[no-untyped-call]


def registry() -> CollectorRegistry:
    """All processes' metrics where they share a folder, else those of this process."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        return REGISTRY
    processes = CollectorRegistry()
    processes.register(FolderCollector(Path(folder)))
    return processes


class FolderCollector(Collector):
    """The sum over all processes that ever wrote to the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """The families, added up now; nobody folds meanwhile."""
        with _alone(self._folder):
            fold(self._folder)
            families: Iterable[Metric] = MultiProcessCollector(None, path=str(self._folder)).collect()  # type: ignore[no-untyped-call]
            return families


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: a file that is read must not be folded at that moment, or it would count twice or not."""
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            # By name, not by closing: a child that was forked in between holds the file open as well.
            fcntl.flock(lock, fcntl.LOCK_UN)


def fold(folder: Path) -> None:
    """Add the files of dead processes up in one file for each type, and forget their live gauges.

    The caller holds the folder's lock. A fold that was cut off at any point is undone or finished by the next one.
    """
    for type_ in SUMMED:
        _recover(folder, type_)
        dead = [file for file in folder.glob(f"{type_}_*.db") if _is_dead(_process_of(file))]
        if dead:
            _fold(folder, type_, dead)
    for number in {_process_of(file) for file in folder.glob("gauge_live*_*.db")}:
        if _is_dead(number):
            mark_process_dead(number, path=str(folder))  # type: ignore[no-untyped-call]


def _fold(folder: Path, type_: str, dead: list[Path]) -> None:
    """Made whole beside the old one; put in its place by one rename, before which all can be taken back."""
    old, new = folder / f"{type_}_{_FOLDED}.db", folder / f"{type_}_{_FOLDED}.new"
    # The library's own sum, as it is written down: by bucket, not yet cumulated.
    sources = [str(file) for file in (old, *dead) if file.exists()]
    families = MultiProcessCollector.merge(sources, accumulate=False)  # type: ignore[no-untyped-call]
    _write(folder / f"{type_}_{_FOLDED}.part", families).replace(new)
    for file in dead:
        file.rename(file.with_suffix(".taken"))
    new.replace(old)
    _remove_taken(folder, type_)


def _recover(folder: Path, type_: str) -> None:
    """While `.new` is there it doesn't count yet, so nor is what was taken for it gone; afterwards that is in it."""
    new = folder / f"{type_}_{_FOLDED}.new"
    if new.exists():
        for file in folder.glob(f"{type_}_*.taken"):
            file.rename(file.with_suffix(".db"))
        new.unlink()
    _remove_taken(folder, type_)


def _remove_taken(folder: Path, type_: str) -> None:
    for file in folder.glob(f"{type_}_*.taken"):
        file.unlink()


def _write(path: Path, families: Iterable[Metric]) -> Path:
    path.unlink(missing_ok=True)
    values = MmapedDict(str(path))  # type: ignore[no-untyped-call]
    for family in families:
        for sample in family.samples:
            labels = sorted(sample.labels.items())
            names, of = [name for name, _ in labels], [value for _, value in labels]
            key = mmap_key(family.name, sample.name, names, of, family.documentation)
            values.write_value(key, sample.value, 0.0)  # type: ignore[no-untyped-call]
    values.close()  # type: ignore[no-untyped-call]
    return path


def _process_of(file: Path) -> str:
    return file.stem.rpartition("_")[2]


def _is_dead(number: str) -> bool:
    if not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
