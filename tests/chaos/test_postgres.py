"""PostgreSQL ends the connections of every worker, again and again, in the middle of steps."""

from django.db import connection

from provisioner.operations.models import Step, StepState
from stores.models import StoreEvent
from tests.chaos.checks import assert_born_once, assert_gone, assert_no_orphans
from tests.chaos.conftest import MakeRig
from tests.chaos.rig import Rig
from tests.chaos.waiting import until

TIMES = 6


def end_all_connections() -> int:
    """End all but the test's own; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


def end_in_the_middle_of_steps(names: list[str]) -> int:
    """End them while a step runs, each time after something more has happened; how many connections were ended."""
    running = Step.objects.filter(operation__store__name__in=names, state=StepState.RUNNING)
    story = StoreEvent.objects.filter(store__name__in=names)
    ended = 0
    for _ in range(TIMES):
        before = story.count()
        until(lambda before=before: story.count() > before and running.exists(), "a step to run")  # type: ignore[misc]
        ended += end_all_connections()
    return ended


def test_stores_are_born_and_removed_once_though_all_connections_to_the_database_end(make_rig: MakeRig) -> None:
    rig: Rig = make_rig()
    shape = rig.undisturbed()
    names = [rig.name(f"cut-{number}") for number in range(5)]
    rig.ask_for(*names)

    assert end_in_the_middle_of_steps(names) > TIMES

    rig.wait_ready(*names)
    for name in names:
        # A worker that can't reach the database stops its Helm: each such stop may cost a revision.
        assert_born_once(rig.cluster, name, shape, helm_kills=TIMES)
    assert_no_orphans(rig.cluster, rig.prefix)

    rig.tear_down(*names)
    assert end_in_the_middle_of_steps(names) > TIMES
    rig.wait_gone(*names)
    for name in names:
        assert_gone(rig.cluster, name)
