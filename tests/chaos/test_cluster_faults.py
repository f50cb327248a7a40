"""Whatever the API server answers, or doesn't: stores become Ready as if nothing had been, and go without a trace."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.checks import assert_born_once, assert_gone, assert_no_orphans
from tests.chaos.cluster import address_of, redirected
from tests.chaos.conftest import MakeRig
from tests.chaos.proxy import Asked, Break, Proxy, Rule
from tests.chaos.rig import Plan, Rig
from tests.chaos.waiting import until

RETRY_AFTER = 4

# Paths, with the store's namespace in the place of NS.
NAMESPACE = "^/api/v1/namespaces/NS([?]|$)"
CREDENTIALS = "^/api/v1/namespaces/NS/secrets[?].*fieldManager=storeplane"
RECORD = "^/api/v1/namespaces/NS/secrets.*(helm|$)"
BACKEND = "^/apis/apps/v1/namespaces/NS/deployments/backend"
DATABASE = "^/apis/apps/v1/namespaces/NS/statefulsets/postgres"
WATCH = "^/apis/apps/v1/namespaces/NS/(statefulsets|deployments)[?].*watch=1"
LIST = "^/apis/apps/v1/namespaces/NS/(statefulsets|deployments)[?](?!.*watch=1)"


def answers(code: int, retry_after: int = 0) -> tuple[Rule, ...]:
    """The same answer to the platform's own writes and reads, and to Helm."""
    return (
        Rule("answer", "PATCH", NAMESPACE, 1, code, retry_after),
        Rule("answer", "PATCH|POST", BACKEND.removesuffix("/backend"), 1, code, retry_after),
        Rule("answer", "GET", LIST, 1, code, retry_after),
        Rule("seem unready", "GET", LIST),
        Rule("answer", "GET", WATCH, 2, code, retry_after),
    )


def drops(does: Break) -> tuple[Rule, ...]:
    """The connection ends at the first writes of each sort, and at a read."""
    return (
        Rule(does, "PATCH", NAMESPACE),
        Rule(does, "POST", CREDENTIALS),
        Rule(does, "PATCH", DATABASE),
        Rule(does, "PATCH", BACKEND),
        Rule("seem unready", "GET", LIST),
        Rule(does, "GET", WATCH),
    )


FAULTS: dict[str, tuple[Rule, ...]] = {
    "silent": (Rule("hang", "PATCH", NAMESPACE),),
    "silent-watch": (Rule("seem unready", "GET", LIST), Rule("hang", "GET", WATCH)),
    "silent-helm": (Rule("hang", "PATCH|POST", BACKEND.removesuffix("/backend")),),
    "conflict": answers(409),
    "gone": answers(410),
    "gone-in-watch": (Rule("seem unready", "GET", LIST), Rule("error in watch", "GET", WATCH, 2, 410)),
    "busy": answers(429, RETRY_AFTER),
    "busy-in-watch": (Rule("seem unready", "GET", LIST), Rule("error in watch", "GET", WATCH, 2, 429)),
    "broken": answers(500),
    "dropped-before": drops("drop before"),
    "dropped-after": drops("drop after"),
    "record-dropped-after": (Rule("drop after", "POST", RECORD), Rule("drop after", "PUT|PATCH", RECORD)),
}

UNINSTALLED = "^/(api|apis)/.*namespaces/NS/(deployments|services|secrets)/"
CLAIMS = "^/api/v1/namespaces/NS/persistentvolumeclaims"
MIRROR = "^/apis/storeplane.dev/v1/stores/NAME([/?]|$)"


def removal(does: Break, code: int = 0, retry_after: int = 0) -> tuple[Rule, ...]:
    """The same for the requests of a removal."""
    return tuple(
        Rule(does, method, path, 1, code, retry_after)
        for method, path in (
            ("DELETE", UNINSTALLED),
            ("DELETE", CLAIMS),
            ("DELETE", NAMESPACE),
            ("GET", NAMESPACE),
            ("DELETE|PATCH", MIRROR),
        )
    )


REMOVAL_FAULTS: dict[str, tuple[Rule, ...]] = {
    "silent": (Rule("hang", "DELETE", CLAIMS),),
    "silent-watch": (Rule("hang", "DELETE", MIRROR),),
    "silent-helm": (Rule("hang", "DELETE", UNINSTALLED),),
    "conflict": removal("answer", 409),
    "gone": (Rule("answer", "GET", CLAIMS, 2, 410),),
    "gone-in-watch": (Rule("error in watch", "GET", "/api/v1/(namespaces/NS/.*|namespaces)[?].*watch=1", 4, 410),),
    "busy": removal("answer", 429, RETRY_AFTER),
    "busy-in-watch": (Rule("error in watch", "GET", "/api/v1/(namespaces/NS/.*|namespaces)[?].*watch=1", 2, 429),),
    "broken": removal("answer", 500),
    "dropped-before": removal("drop before"),
    "dropped-after": removal("drop after"),
    "record-dropped-after": (Rule("drop after", "DELETE", RECORD.replace("secrets", "secrets/sh")),),
}


@pytest.fixture(scope="module")
def proxy(sandbox_api: Path) -> Iterator[Proxy]:
    """Before the sandbox."""
    made = Proxy(address_of(sandbox_api))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def rig(make_rig: MakeRig, proxy: Proxy, sandbox_api: Path, tmp_path_factory: pytest.TempPathFactory) -> Rig:
    """A platform that sees the cluster only by the proxy; room for all stores, since most only wait for a retry."""
    kubeconfig = redirected(sandbox_api, proxy.port, tmp_path_factory.mktemp("proxy") / "kubeconfig")
    env = {"STOREPLANE_PROVISION_SLOTS": "12", "CHAOS_HELM_SECONDS": "8"}
    box = make_rig(Plan(provision_workers=2, other_workers=2, kubeconfig=kubeconfig, env=env))
    box.undisturbed()
    return box


def place(proxy: Proxy, rig: Rig, faults: dict[str, tuple[Rule, ...]]) -> dict[str, str]:
    """Break things for one store each; the stores' names by fault."""
    names = {fault: rig.name(fault) for fault in faults}
    for fault, rules in faults.items():
        name = names[fault]
        proxy.add(
            Rule(each.does, each.method, _at(each.path, name), each.count, each.code, each.retry_after)
            for each in rules
        )
    return names


def _at(path: str, name: str) -> str:
    return path.replace("NS", f"store-{name}").replace("NAME", name)


@pytest.fixture(scope="module")
def born(rig: Rig, proxy: Proxy) -> dict[str, str]:
    """A store for each fault, all born at once."""
    names = place(proxy, rig, FAULTS)
    rig.ask_for(*names.values())
    rig.wait_ready(*names.values())
    return names


@pytest.fixture(scope="module")
def removed(rig: Rig, proxy: Proxy, born: dict[str, str]) -> dict[str, str]:
    """The same stores, removed under faults again."""
    place(proxy, rig, REMOVAL_FAULTS)
    rig.tear_down(*born.values())
    rig.wait_gone(*born.values())
    return born


def broken(proxy: Proxy, name: str) -> list[Asked]:
    return [asked for asked in proxy.asked(path=f"{name}([/?]|$)") if asked.broken]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_store_is_born_once_though_the_cluster_is(fault: str, rig: Rig, proxy: Proxy, born: dict[str, str]) -> None:
    name = born[fault]
    faults = broken(proxy, name)
    assert faults, "no request has met the fault"
    assert_born_once(rig.cluster, name, rig.undisturbed(), helm_kills=len(faults))


def test_a_busy_cluster_is_given_the_time_that_it_asks_for(proxy: Proxy, born: dict[str, str]) -> None:
    refused = [asked for asked in broken(proxy, born["busy"]) if asked.method != "GET"]
    assert refused
    for asked in refused:
        same = proxy.asked(asked.method, f"^{asked.path.partition('?')[0]}([?]|$)")
        again = min(each.at for each in same if each.at > asked.at)
        assert again - asked.at >= RETRY_AFTER * 0.98, asked


def test_nothing_is_left_of_what_failed_in_between(rig: Rig, born: dict[str, str]) -> None:
    assert_no_orphans(rig.cluster, rig.prefix)


@pytest.mark.parametrize("fault", REMOVAL_FAULTS)
def test_a_store_goes_without_a_trace_though_the_cluster_is(
    fault: str, rig: Rig, proxy: Proxy, removed: dict[str, str]
) -> None:
    assert broken(proxy, removed[fault]), "no request has met the fault"
    assert_gone(rig.cluster, removed[fault])


def test_stores_are_born_and_removed_though_the_cluster_is_away_for_a_while(rig: Rig, proxy: Proxy) -> None:
    names = [rig.name(f"away-{number}") for number in range(3)]
    rig.ask_for(*names)
    until(lambda: proxy.asked("PATCH", f"store-{names[0]}"), "the births to begin")
    stay_away(proxy)
    rig.wait_ready(*names)
    for name in names:
        assert_born_once(rig.cluster, name, rig.undisturbed(), helm_kills=2)

    rig.tear_down(*names)
    until(lambda: proxy.asked("DELETE", f"store-{names[0]}"), "the removals to begin")
    stay_away(proxy)
    rig.wait_gone(*names)
    for name in names:
        assert_gone(rig.cluster, name)


def stay_away(proxy: Proxy) -> None:
    """Until the platform has noticed often enough."""
    before = len(proxy.asked(broken="drop before"))
    with proxy.cluster_away():
        until(lambda: len(proxy.asked(broken="drop before")) >= before + 12, "the platform to notice")
