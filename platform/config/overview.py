"""The operator's first page: how the platform stands, above Django's list of tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count

from config import health
from provisioner.overview import Work, work
from stores.choices import Phase
from stores.models import Store
from stores.provisioning import Check, Load, provisioner
from tenants.models import User


@dataclass(frozen=True)
class PhaseCount:
    """How many living stores are in a phase."""

    phase: Phase
    count: int


def overview(user: User | AnonymousUser) -> dict[str, Any]:
    """What the person may see of it, as the template's context.

    The health takes `config.health.TIMEOUT_SECONDS` at most, whatever hangs.
    """
    shown: dict[str, Any] = {"checks": _checks()}
    if user.has_perm("stores.view_store") or user.has_perm("stores.change_store"):
        shown["phases"] = _phases()
        shown["may_add"] = user.has_perm("stores.add_store")
    if user.has_perm("provisioner.view_operation"):
        load: Load = provisioner().load()
        done: Work = work()
        shown.update(load=load, slots_free=max(0, load.slots - load.slots_used), work=done)
    return shown


def _checks() -> Sequence[tuple[str, Check]]:
    """What fails comes first."""
    answers: Mapping[str, Check] = health.PROBES.run()
    return sorted(answers.items(), key=lambda part: (part[1].ok, part[0]))


def _phases() -> Sequence[PhaseCount]:
    counts = dict(Store.objects.not_gone().order_by().values_list("phase").annotate(Count("pk")))
    return [PhaseCount(phase, counts.get(phase, 0)) for phase in Phase]
