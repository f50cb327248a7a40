"""Who is in a tenant: owners decide, everybody may leave, and an owner always stays."""

import pytest
from rest_framework.test import APIClient

from tenants.models import AuditEntry, Membership, Role, Tenant, User
from tests.people import WISH, as_user, at_once, logged_in, member, tenant

pytestmark = pytest.mark.django_db


def path(user: str) -> str:
    return f"/tenants/house/members/{Membership.objects.get(user__username=user, tenant__slug='house').pk}"


def roles() -> dict[str, str]:
    rows = Membership.objects.filter(tenant__slug="house").values_list("user__username", "role")
    return dict(rows)


@pytest.fixture
def ann() -> APIClient:
    return member(tenant("house"), Role.OWNER, "ann")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OWNER])
def test_a_token_changes_nothing_about_who_is_in_a_tenant(ann: APIClient, role: Role) -> None:
    member(Tenant.objects.get(), Role.OWNER, "ben")
    made = ann.post("/tokens", {"name": "nightly", "role": role}).json()
    program = APIClient(headers={"Authorization": f"Bearer {made['token']}"})
    before = roles()

    answers = [
        program.post("/tenants/house/members", {"user": "ben", "role": "owner"}),
        program.patch(path("ben"), {"role": "viewer"}),
        program.delete(path("ben")),
        program.delete(path("ann")),
    ]

    assert [each.status_code for each in answers] == [403] * 4
    assert answers[0].json()["detail"] == "A token can't take somebody in; log in as a person."
    assert roles() == before
    assert program.get("/tenants/house/members").status_code == 200


def test_an_owner_takes_somebody_in_who_can_work_at_once(ann: APIClient) -> None:
    ben = as_user("ben")
    ben.get("/me")

    made = ann.post("/tenants/house/members", {"user": "ben", "role": "member"})

    assert made.status_code == 201
    assert (made.json()["user"], made.json()["external_id"], made.json()["role"]) == ("ben@header", "ben", "member")
    assert ann.get(made["Location"]).json() == made.json()
    assert ben.post("/stores", {**WISH, "tenant": "house"}).status_code == 201
    entry = AuditEntry.objects.get(action="member.add")
    assert (entry.actor, entry.target, entry.after) == ("ann", "ben@header", {"role": "member"})


def test_taking_in_twice_is_the_same_wish_and_another_role_a_conflict(ann: APIClient) -> None:
    User.objects.create(username="ben")

    codes = [ann.post("/tenants/house/members", {"user": "ben", "role": role}).status_code for role in
             ("viewer", "viewer", "member")]  # fmt: skip

    assert codes == [201, 200, 409]
    assert roles() == {"ann": "owner", "ben": "viewer"}
    assert AuditEntry.objects.count() == 1


def test_somebody_unknown_is_a_400_that_names_the_field(ann: APIClient) -> None:
    refused = ann.post("/tenants/house/members", {"user": "nobody"})

    assert refused.status_code == 400
    assert refused.json()["errors"] == [
        {"field": "user", "message": "There is no user 'nobody'; they must have come here once before."}
    ]


def test_a_user_name_goes_before_the_id_of_a_header(ann: APIClient) -> None:
    as_user("ben").get("/me")
    User.objects.create(username="ben")

    assert ann.post("/tenants/house/members", {"user": "ben"}).json()["user"] == "ben"


def test_a_changed_role_counts_at_once_and_is_noted(ann: APIClient) -> None:
    ben = member(tenant("house"), Role.VIEWER, "ben")

    assert ann.patch(path("ben"), {"role": "member"}).json()["role"] == "member"

    assert ben.post("/stores", WISH).status_code == 201
    entry = AuditEntry.objects.get(action="member.change")
    assert (entry.target, entry.before, entry.after) == ("ben", {"role": "viewer"}, {"role": "member"})


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_the_last_owner_stays(ann: APIClient, method: str) -> None:
    member(tenant("house"), Role.MEMBER, "ben")

    refused = getattr(ann, method)(path("ann"), {"role": "member"})

    assert refused.status_code == 409
    assert refused.json()["detail"] == "'house' has no other owner; make somebody else an owner first."
    assert roles() == {"ann": "owner", "ben": "member"}


def test_an_owner_who_is_switched_off_is_no_other_owner(ann: APIClient) -> None:
    house = tenant("house")
    gone = User.objects.create(username="gone", is_active=False)
    Membership.objects.create(tenant=house, user=gone, role=Role.OWNER)

    assert ann.delete(path("ann")).status_code == 409


def test_anybody_may_leave_and_sees_nothing_more(ann: APIClient) -> None:
    ben = member(tenant("house"), Role.VIEWER, "ben")
    ann.post("/stores", WISH)

    assert ben.delete(path("ben")).status_code == 204

    assert ben.get("/stores/tea-shop").status_code == 404
    assert roles() == {"ann": "owner"}


def test_a_member_of_another_tenant_isnt_found_by_this_ones_address(ann: APIClient) -> None:
    member(tenant("other"), Role.OWNER, "zoe")
    other = Membership.objects.get(user__username="zoe")

    assert ann.patch(f"/tenants/house/members/{other.pk}", {"role": "viewer"}).status_code == 404
    assert ann.delete(f"/tenants/house/members/{other.pk}").status_code == 404
    other.refresh_from_db()
    assert other.role == Role.OWNER


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_leave_at_the_same_moment_one_stays() -> None:
    house = tenant("house")
    users = [User.objects.create(username=name) for name in ("ann", "ben")]
    for user in users:
        Membership.objects.create(tenant=house, user=user, role=Role.OWNER)
    paths = [path(user.username) for user in users]

    codes = at_once(2, lambda number: logged_in(users[number]).delete(paths[number]).status_code)

    assert sorted(codes) == [204, 409]
    assert Membership.objects.count() == 1


def test_a_tenants_name_is_its_owners_to_change_and_its_plan_isnt(ann: APIClient) -> None:
    assert ann.patch("/tenants/house", {"name": "Ann's house"}).json()["name"] == "Ann's house"

    refused = ann.patch("/tenants/house", {"plan": "large"})

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "plan"
    assert Tenant.objects.get().plan == "small"
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.before, entry.after) == ("tenant.change", {"name": "house"}, {"name": "Ann's house"})
