"""What processes counted: summed over the living and the dead, and folded so that the dead cost nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.mmap_dict import MmapedDict, mmap_key

from config.metrics import processes
from config.metrics.folder import VARIABLE, take_own
from config.metrics.processes import FolderCollector
from tests.services import ROOT

_COUNT = """
import os, signal, sys
from prometheus_client import Counter, Gauge, Histogram
count = int(sys.argv[1])
counter = Counter("seen", "Seen by processes.", ["what"])
counter.labels("tea").inc(count)
took = Histogram("took_seconds", "Taken.", ["what"], buckets=(1, 5))
took.labels("tea").observe(count)
Gauge("busy", "Busy now.", multiprocess_mode="livesum").set(1)
if "linger" in sys.argv:
    print("counted", flush=True)
    sys.stdin.read()
os.kill(os.getpid(), signal.SIGKILL)
"""


def count(folder: Path, amount: int) -> int:
    """A process counts and is killed; its number."""
    process = subprocess.Popen(
        [sys.executable, "-c", _COUNT, str(amount)], env={**os.environ, VARIABLE: str(folder)}, cwd=ROOT
    )
    assert process.wait(30) == -9
    return process.pid


def told(folder: Path) -> dict[str, float]:
    """Sample → value, as a scrape shows it."""
    registry = CollectorRegistry()
    registry.register(FolderCollector(folder))
    lines = [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.glob("*.db")}


def test_killed_processes_take_no_count_with_them_and_leave_one_file_of_each_type(tmp_path: Path) -> None:
    for amount in (1, 3, 10):
        count(tmp_path, amount)

    first = told(tmp_path)

    assert first['seen_total{what="tea"}'] == 14
    assert first['took_seconds_bucket{le="1.0",what="tea"}'] == 1
    assert first['took_seconds_bucket{le="5.0",what="tea"}'] == 2
    assert first['took_seconds_bucket{le="+Inf",what="tea"}'] == 3
    assert first['took_seconds_count{what="tea"}'] == 3
    assert first['took_seconds_sum{what="tea"}'] == 14
    assert files(tmp_path) == {"counter_folded.db", "histogram_folded.db"}
    assert told(tmp_path) == first


def test_later_deaths_are_added_to_what_was_folded(tmp_path: Path) -> None:
    count(tmp_path, 1)
    told(tmp_path)
    count(tmp_path, 2)

    assert told(tmp_path)['seen_total{what="tea"}'] == 3


def test_a_gauge_of_the_living_forgets_the_dead(tmp_path: Path) -> None:
    count(tmp_path, 1)

    assert "busy" not in told(tmp_path)


def test_files_of_the_living_are_left_alone_and_counted(tmp_path: Path) -> None:
    count(tmp_path, 2)
    living = subprocess.Popen(
        [sys.executable, "-c", _COUNT, "5", "linger"],
        env={**os.environ, VARIABLE: str(tmp_path)},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert living.stdin is not None
    assert living.stdout is not None
    assert living.stdout.readline() == b"counted\n"

    found = told(tmp_path)

    assert found['seen_total{what="tea"}'] == 7
    assert found["busy"] == 1
    assert f"counter_{living.pid}.db" in files(tmp_path)
    living.stdin.close()
    living.wait(30)
    living.stdout.close()
    assert told(tmp_path)['seen_total{what="tea"}'] == 7
    assert "busy" not in told(tmp_path)


def test_a_process_that_gets_a_dead_one_s_number_goes_on_from_its_count(tmp_path: Path) -> None:
    number = count(tmp_path, 2)
    key = mmap_key("seen", "seen_total", ["what"], ["tea"], "Seen by processes.")

    again = MmapedDict(str(tmp_path / f"counter_{number}.db"))
    again.write_value(key, again.read_value(key)[0] + 1, 0.0)
    again.close()

    assert told(tmp_path)['seen_total{what="tea"}'] == 3


@pytest.mark.parametrize("cut_off_at", range(1, 8))
def test_a_fold_that_was_cut_off_anywhere_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut_off_at: int
) -> None:
    count(tmp_path, 1)
    told(tmp_path)
    for amount in (2, 4):
        count(tmp_path, amount)
    with monkeypatch.context() as patch:
        die_at_step(patch, cut_off_at)
        try:
            told(tmp_path)
        except KeyboardInterrupt:
            pass
        else:
            pytest.fail(f"a fold has fewer than {cut_off_at} steps")

    assert told(tmp_path)['seen_total{what="tea"}'] == 7
    assert told(tmp_path)['took_seconds_count{what="tea"}'] == 3
    assert files(tmp_path) == {"counter_folded.db", "histogram_folded.db"}


def die_at_step(patch: pytest.MonkeyPatch, number: int) -> None:
    """End the process, as it were, before the so-manieth change in the folder."""
    left = [number]
    for name in ("rename", "replace", "unlink"):
        original = getattr(Path, name)

        def step(*args: object, original: object = original, **kwargs: object) -> object:
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
            return original(*args, **kwargs)  # type: ignore[operator]

        patch.setattr(Path, name, step)


def test_scrapes_at_once_agree(tmp_path: Path) -> None:
    for amount in (1, 2, 3):
        count(tmp_path, amount)
    code = (
        "import sys; from pathlib import Path; from config.metrics.processes import FolderCollector as F;"
        "print([s.value for m in F(Path(sys.argv[1])).collect() for s in m.samples if s.name == 'seen_total'])"
    )

    scrapes = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        for _ in range(4)
    ]

    assert [scrape.communicate(timeout=60)[0] for scrape in scrapes] == ["[6.0]\n"] * 4


def test_each_pid_namespace_has_a_folder_of_its_own_and_children_stay_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "metrics"))

    take_own()
    own = os.environ[VARIABLE]
    take_own()

    assert os.environ[VARIABLE] == own
    assert Path(own).parent == tmp_path / "metrics"
    assert Path(own).is_dir()
    assert processes.registry() is not processes.REGISTRY


def test_without_a_folder_there_is_only_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)

    take_own()

    assert VARIABLE not in os.environ
    assert processes.registry() is processes.REGISTRY
