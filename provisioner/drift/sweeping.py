"""The sweep of drift: all stores against the cluster, by as many list calls as there are kinds and pages.

Nothing is written here, and what looks right costs no further call. What doesn't is handed to the judge.
"""

import gc
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, TextField
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast

from provisioner import labels, safekeeping
from provisioner.cluster import Cluster, Kind, Manifest, kinds
from provisioner.drift.desired import KINDS, RELEASES, revision_of
from provisioner.drift.examining import KEPT, Object, target_of
from provisioner.drift.judging import judged_stores
from provisioner.drift.models import Desired, Finding, Verdict
from provisioner.drift.noticing import owner_of
from provisioner.drift.rules import Rule, rules_of
from provisioner.drift.suspecting import is_foreign, suspect
from provisioner.operations.models import ACTIVE, Operation
from provisioner.secrets import Data
from stores.models import Store

PAGE = 500

Suspects = dict[str, set[Object] | None]
"""Objects to be judged by a store's name; None means all of them."""


def suspects(cluster: Cluster) -> Suspects:
    """Compare every settled store that nothing is done to; raises ClusterError."""
    with _garbage_by_the_page():
        return Sweep(cluster).run()


@contextmanager
def _garbage_by_the_page() -> Iterator[None]:
    """Python's collector looks through a page's hundred thousand objects again and again while it is being read, and
    none of them is garbage: that is 40 % of a sweep. `_kind` collects when it is done with a page."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@dataclass
class Sweep:
    """One sweep. Of the cluster and the rows it holds one page at a time, and between pages names only."""

    cluster: Cluster
    names: dict[str, str] = field(default_factory=dict)
    """Store's name by namespace; a store's namespace tells its objects."""
    ids: dict[str, int] = field(default_factory=dict)
    found: Suspects = field(default_factory=dict)
    _open: dict[int, dict[Object, str]] = field(default_factory=lambda: defaultdict(dict))
    _copies: dict[str, Data] | None = None
    _autoscaled: set[tuple[str, str, str]] | None = None

    def run(self) -> Suspects:
        """The suspects."""
        busy = Operation.objects.filter(store=OuterRef("pk"), state__in=ACTIVE)
        for store_id, name in judged_stores().exclude(Exists(busy)).values_list("pk", "name").iterator():
            self.names[f"store-{name}"] = name
            self.ids[name] = store_id
        if not self.ids:
            return {}
        rows = Finding.objects.filter(healed_at__isnull=True, store__in=judged_stores()).order_by()
        for store_id, kind, name, verdict in rows.values_list("store_id", "kind", "name", "verdict"):
            self._open[store_id][kind, name] = verdict
        self._releases()
        for each in KINDS:
            self._kind(each)
        self._open_findings()
        return self.found

    def _releases(self) -> None:
        """The record of each release is there, and is the one whose manifest is kept."""
        newest: dict[str, Manifest] = {}
        for secret in self.cluster.metadata(kinds.SECRET, label_selector=f"{RELEASES},status=deployed"):
            namespace = secret["metadata"]["namespace"]
            if namespace not in newest or revision_of(secret) > revision_of(newest[namespace]):
                newest[namespace] = secret
        kept = dict(Desired.objects.order_by().values_list("store_id", "release_uid"))
        for namespace, name in self.names.items():
            secret = newest.get(namespace, {"metadata": {"uid": ""}})
            uid = secret["metadata"]["uid"]
            if not uid or kept.get(self.ids[name]) != uid:
                self.found[name] = None

    def _kind(self, kind: Kind) -> None:
        seen: set[tuple[str, str]] = set()
        wanted_names: dict[str, list[str]] = {}
        for page in self.cluster.pages(kind, label_selector=labels.SELECTOR, limit=PAGE):
            self._page(kind, page, seen, wanted_names)
            page.clear()
            gc.collect(1)
        for name, wanted in self._wanted(set(self.ids) - set(wanted_names), kind):
            wanted_names[name] = list(wanted)
        for name, those in wanted_names.items():
            for each in those:
                if (name, each) not in seen:
                    self._suspect(name, kind.kind, each)

    def _page(
        self, kind: Kind, page: list[Manifest], seen: set[tuple[str, str]], wanted_names: dict[str, list[str]]
    ) -> None:
        by_store = self._by_store(page)
        for name, wanted in self._wanted(by_store, kind):
            wanted_names[name] = list(wanted)
            for manifest in by_store.get(name, ()):
                seen.add((name, manifest["metadata"]["name"]))
                self._judge(name, wanted.get(manifest["metadata"]["name"]), manifest)

    def _by_store(self, page: list[Manifest]) -> dict[str, list[Manifest]]:
        by_store: dict[str, list[Manifest]] = defaultdict(list)
        for manifest in page:
            metadata = manifest["metadata"]
            name = self.names.get(metadata.get("namespace") or metadata["name"])
            if name is not None:
                by_store[name].append(manifest)
        return by_store

    def _wanted(self, names: Iterable[str], kind: Kind) -> Iterator[tuple[str, dict[str, Manifest]]]:
        """What stores are to have of a kind, by the objects' names; a query for each page of stores."""
        by_id = {self.ids[name]: name for name in names}
        ids = list(by_id)
        for start in range(0, len(ids), PAGE):
            rows = Desired.objects.filter(store_id__in=ids[start : start + PAGE]).order_by()
            # As text: one store's manifests at a time are enough.
            as_text = Cast(KeyTransform(kind.kind, "manifests"), TextField())
            for store_id, text in rows.values_list("store_id", as_text):
                yield by_id[store_id], json.loads(text) if text else {}

    def _judge(self, name: str, wanted: Manifest | None, manifest: Manifest) -> None:
        kind, own = manifest["kind"], manifest["metadata"]["name"]
        if wanted is None:
            if owner_of(manifest) == name and is_foreign(manifest):
                known = self._open[self.ids[name]].pop((kind, own), None)
                if known != Verdict.FOREIGN:
                    self._suspect(name, kind, own)
            return

        if (kind, own) == KEPT:
            wanted = self._with_values(name, wanted)

        def own_rules() -> list[Rule]:
            return rules_of(Store(pk=self.ids[name], name=name))

        if suspect(wanted, manifest, rules=own_rules, autoscaled=self._is_autoscaled).counted:
            self._suspect(name, kind, own)

    def _with_values(self, name: str, wanted: Manifest) -> Manifest:
        """The store's Secret as it should be. One that no copy is kept of is the judge's, who makes it."""
        if self._copies is None:
            self._copies = dict(safekeeping.all_kept(self.cluster, PAGE))
        if name not in self._copies:
            self._suspect(name, *KEPT)
            return wanted
        values = self._copies.pop(name)
        return {**wanted, "data": {key: values.get(key) for key in wanted["data"]}}

    def _suspect(self, name: str, kind: str, own: str) -> None:
        objects = self.found.setdefault(name, set())
        if objects is not None:
            objects.add((kind, own))

    def _open_findings(self) -> None:
        """What was found before and isn't suspect any more has ended."""
        by_id = {store_id: name for name, store_id in self.ids.items()}
        for store_id, findings in self._open.items():
            for kind, own in findings if store_id in by_id else ():
                self._suspect(by_id[store_id], kind, own)

    def _is_autoscaled(self, namespace: str, kind: str, name: str) -> bool:
        if self._autoscaled is None:
            found = self.cluster.list(kinds.HORIZONTAL_POD_AUTOSCALER)
            self._autoscaled = {(each["metadata"]["namespace"], *target_of(each)) for each in found}
        return (namespace, kind, name) in self._autoscaled
