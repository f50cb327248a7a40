"""The tenants, users and stores of the benchmark, and the events that it commits."""

import time
from dataclasses import dataclass, field
from itertools import count

from django.db import transaction

from stores.changes import Change, apply_change
from stores.choices import EventType
from stores.models import Store
from stores.status import Activity
from tenants.models import Membership, Role, Tenant, User

TEAMS = 10
EVERY_TEAM_EVENT = 5


@dataclass
class House:
    """A tenant that all clients listen to, and ten of which each has a tenth of them.

    Of each five events four are the house's, on five stores in turn; the fifth is some team's.
    """

    shared: list[Store]
    teams: list[Store]
    committed: dict[int, float] = field(default_factory=dict)
    team_of: dict[int, int] = field(default_factory=dict)
    made: "count[int]" = field(default_factory=count)

    def commit_one(self) -> None:
        """Commit an event as a step of an operation does, and note the moment at which the commit is done."""
        number = next(self.made)
        of_team = number % EVERY_TEAM_EVENT == EVERY_TEAM_EVENT - 1
        team = number // EVERY_TEAM_EVENT % TEAMS
        store = self.teams[team] if of_team else self.shared[number % len(self.shared)]
        moments: list[float] = []
        with transaction.atomic():
            # The first of the callbacks: apply_change's own, which publishes, comes after it.
            transaction.on_commit(lambda: moments.append(time.monotonic()))
            change = Change(EventType.HELM_READY, f"Event {number} of the benchmark.", step="helm")
            event = apply_change(store.pk, Activity.PROVISIONING, change)
        assert event is not None
        self.committed[event.pk] = moments[0]
        if of_team:
            self.team_of[event.pk] = team

    def expected_by(self, client: int) -> set[int]:
        """The events that a client may see."""
        team = client % TEAMS
        return {event_id for event_id in self.committed if self.team_of.get(event_id, team) == team}


def house(clients: int) -> House:
    """Make the records: client n is the user `listener-n`, a member of the house and of team n modulo 10."""
    shared = Tenant.objects.create(slug="house", name="House")
    teams = [Tenant.objects.create(slug=f"team-{number}", name=f"Team {number}") for number in range(TEAMS)]
    users = User.objects.bulk_create(
        [User(username=f"listener-{n}@header", external_id=f"listener-{n}") for n in range(clients)]
    )
    Membership.objects.bulk_create(
        Membership(tenant=tenant, user=user, role=Role.VIEWER)
        for number, user in enumerate(users)
        for tenant in (shared, teams[number % TEAMS])
    )
    return House(
        shared=[Store.objects.create(tenant=shared, name=f"house-{number}", engine="medusa") for number in range(5)],
        teams=[Store.objects.create(tenant=team, name=f"{team.slug}-shop", engine="medusa") for team in teams],
    )
