"""The REST API of stores, through Django's whole request cycle."""

import pytest
from rest_framework.test import APIClient

from stores.choices import Phase
from stores.models import Store
from tenants.models import AuditEntry, Membership, Role, Tenant, User
from tests.people import WISH, as_user, member, tenant, traces

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> APIClient:
    return as_user("ann")


def test_a_posted_store_answers_201_with_its_place_and_waits_for_a_slot(ann: APIClient) -> None:
    made = ann.post("/stores", {**WISH, "display_name": "Tea"})

    assert made.status_code == 201, made.content
    assert made["Location"] == "http://testserver/stores/tea-shop"
    body = made.json()
    assert body["phase"] == "Pending"
    assert body["queue_position"] == 1
    assert body["tenant"] == "ann"
    assert body["plan"] == "small"
    assert body["url"] == "http://tea-shop.localhost:8080"
    assert body["admin_url"] == "http://tea-shop.localhost:8080/app"
    assert [step["name"] for step in body["pipeline"]] == ["namespace", "helm", "db", "backend", "storefront"]
    assert [event["type"] for event in body["events"]] == ["STORE_REQUESTED"]


def test_both_forms_of_every_address_answer(ann: APIClient) -> None:
    ann.post("/stores/", WISH)

    for path in ("/stores", "/stores/tea-shop", "/stores/tea-shop/logs", "/engines", "/plans", "/tenants", "/me"):
        assert ann.get(path).status_code == 200, path
        assert ann.get(f"{path}/").status_code == 200, path


def test_the_same_wish_again_answers_200_and_makes_nothing(ann: APIClient) -> None:
    first = ann.post("/stores", WISH)
    as_user("ann").get("/me")  # the first request makes her tenant
    before = traces()

    second = ann.post("/stores", WISH)

    assert second.status_code == 200
    assert second.json() == first.json()
    assert traces() == before


def test_another_spec_under_the_same_name_is_a_conflict(ann: APIClient) -> None:
    ann.post("/stores", WISH)
    as_user("ann").get("/me")  # the first request makes her tenant
    before = traces()

    refused = ann.post("/stores", {**WISH, "plan": "large"})

    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:storeplane:problem:name-taken"
    assert refused.json()["errors"] == [
        {
            "field": "name",
            "message": "The store 'tea-shop' exists with another specification; change it with PATCH /stores/tea-shop.",
        }
    ]
    assert traces() == before


def test_a_name_of_another_tenant_is_taken(ann: APIClient) -> None:
    as_user("ben").post("/stores", WISH)
    as_user("ann").get("/me")  # the first request makes her tenant
    before = traces()

    refused = ann.post("/stores", WISH)

    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:storeplane:problem:name-taken"
    assert traces() == before


def test_an_idempotency_key_finds_its_store_and_no_other(ann: APIClient) -> None:
    first = ann.post("/stores", WISH, headers={"Idempotency-Key": "k1"})
    again = ann.post("/stores", WISH, headers={"Idempotency-Key": "k1"})
    as_user("ann").get("/me")  # the first request makes her tenant
    before = traces()
    other = ann.post("/stores", {**WISH, "name": "coffee-shop"}, headers={"Idempotency-Key": "k1"})

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert again.json()["id"] == first.json()["id"]
    assert other.json()["type"] == "urn:storeplane:problem:idempotency-key-used"
    assert traces() == before


def test_a_repeated_request_finds_its_store_though_that_was_changed_since(ann: APIClient) -> None:
    wish, key = {**WISH, "display_name": "Tea"}, {"Idempotency-Key": "k-1"}
    made = ann.post("/stores", wish, headers=key).json()
    ann.patch(f"/stores/{made['name']}", {"display_name": "Ann's tea", "plan": "medium"})

    again = ann.post("/stores", wish, headers=key)
    without_key = ann.post("/stores", wish)
    other_wish = ann.post("/stores", {**wish, "display_name": "Coffee"}, headers=key)

    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    assert again.json()["display_name"] == "Ann's tea"
    assert [each.status_code for each in (without_key, other_wish)] == [409, 409]


def test_a_changed_drift_policy_which_no_request_for_a_store_can_name_makes_it_no_other_wish(ann: APIClient) -> None:
    made = ann.post("/stores", WISH).json()
    assert made["drift_policy"] == "heal"
    ann.patch("/stores/tea-shop", {"drift_policy": "warn"})

    again = ann.post("/stores", WISH)

    assert (again.status_code, again.json()["id"], again.json()["drift_policy"]) == (200, made["id"], "warn")


def test_a_key_that_was_answered_with_a_store_that_was_there_stands_for_it(ann: APIClient) -> None:
    ann.post("/stores", WISH)
    assert ann.post("/stores", WISH, headers={"Idempotency-Key": "k1"}).status_code == 200
    ann.delete("/stores/tea-shop")

    late = ann.post("/stores", WISH, headers={"Idempotency-Key": "k1"})

    assert (late.status_code, late.json()["type"]) == (409, "urn:storeplane:problem:idempotency-key-used")


def test_an_idempotency_key_of_a_deleted_store_brings_nothing_back(ann: APIClient) -> None:
    ann.post("/stores", WISH, headers={"Idempotency-Key": "k1"})
    ann.delete("/stores/tea-shop")

    late = ann.post("/stores", WISH, headers={"Idempotency-Key": "k1"})

    assert late.status_code == 409
    assert late.json()["type"] == "urn:storeplane:problem:idempotency-key-used"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"engine": "medusa"}, "name"),
        ({"name": "tea-shop"}, "engine"),
        ({**WISH, "name": "ab"}, "name"),
        ({**WISH, "name": "a" * 41}, "name"),
        ({**WISH, "name": "Tea"}, "name"),
        ({**WISH, "name": "1tea"}, "name"),
        ({**WISH, "name": "tea-"}, "name"),
        ({**WISH, "name": "tea\n"}, "name"),
        ({**WISH, "name": "tea\x00shop"}, "name"),
        ({**WISH, "name": "admin"}, "name"),
        ({**WISH, "name": "ws"}, "name"),
        ({**WISH, "name": {"a": 1}}, "name"),
        ({**WISH, "engine": "magento"}, "engine"),
        ({**WISH, "plan": "huge"}, "plan"),
        ({**WISH, "display_name": "x" * 201}, "display_name"),
        ({**WISH, "tenant": "nobody"}, "tenant"),
        ({**WISH, "colour": "red"}, "colour"),
    ],
)
def test_a_value_that_cant_be_used_is_named(ann: APIClient, body: dict[str, object], field: str) -> None:
    as_user("ann").get("/me")  # the first request makes her tenant
    before = traces()

    refused = ann.post("/stores", body)

    assert refused.status_code == 400, refused.content
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["type"] == "urn:storeplane:problem:invalid"
    assert [error["field"] for error in refused.json()["errors"]] == [field]
    assert traces() == before


@pytest.mark.parametrize(
    ("body", "content_type", "code", "reason"),
    [
        ("{", "application/json", 400, "malformed"),
        ("", "application/json", 400, "invalid"),
        ("[]", "application/json", 400, "invalid"),
        ('"tea"', "application/json", 400, "invalid"),
        ("\xff", "application/json", 400, "malformed"),
        ("<a/>", "application/xml", 415, "unsupported-media-type"),
    ],
)
def test_a_broken_body_is_a_clear_400(ann: APIClient, body: str, content_type: str, code: int, reason: str) -> None:
    refused = ann.post("/stores", body.encode("latin1"), content_type=content_type)

    assert refused.status_code == code, refused.content
    assert refused.json()["type"] == f"urn:storeplane:problem:{reason}"
    assert not Store.objects.exists()


def test_the_limit_of_the_plan_is_told_with_the_use(ann: APIClient) -> None:
    for number in range(10):
        assert ann.post("/stores", {**WISH, "name": f"shop-{number}"}).status_code == 201
    as_user("ann").get("/me")  # the first request makes her tenant
    before = traces()

    refused = ann.post("/stores", {**WISH, "name": "one-more"})

    assert refused.status_code == 403
    problem = refused.json()
    assert problem["type"] == "urn:storeplane:problem:quota-exceeded"
    assert (problem["limit"], problem["used"]) == (10, 10)
    assert traces() == before


def test_a_store_at_the_limit_may_be_made_anew_while_it_goes_away(ann: APIClient) -> None:
    for number in range(10):
        assert ann.post("/stores", {**WISH, "name": f"shop-{number}"}).status_code == 201
    assert ann.delete("/stores/shop-0").status_code == 202

    another = ann.post("/stores", {**WISH, "name": "one-more"})
    anew = ann.post("/stores", {**WISH, "name": "shop-0"})

    assert (another.status_code, anew.status_code) == (403, 201)
    assert anew.json()["phase"] == "Pending"
    ann.delete("/stores/shop-0")
    assert ann.post("/stores", {**WISH, "name": "shop-0"}).status_code == 403


def test_the_conditions_that_will_come_are_there_from_the_first_answer(ann: APIClient) -> None:
    conditions = {each["type"]: each for each in ann.post("/stores", WISH).json()["conditions"]}

    for type_ in ("NamespaceReady", "HelmInstalled", "DatabaseReady", "BackendReady", "StorefrontReady"):
        assert (conditions[type_]["status"], conditions[type_]["reason"]) == ("Unknown", "NotYetSeen")


@pytest.mark.parametrize("body", ["[" * 200_000, '{"name":' * 50_000])
def test_a_body_that_is_too_deep_to_be_read_is_the_callers_fault(ann: APIClient, body: str) -> None:
    refused = ann.post("/stores", body, content_type="application/json")

    assert (refused.status_code, refused.json()["type"]) == (400, "urn:storeplane:problem:malformed")


def test_an_engine_to_come_is_listed_and_nothing_runs(ann: APIClient) -> None:
    made = ann.post("/stores", {"name": "wool", "engine": "woocommerce"})

    assert made.status_code == 201
    assert made.json()["phase"] == "ComingSoon"
    assert made.json()["operation"] is None


def test_a_new_plan_of_an_engine_to_come_is_observed_at_once(ann: APIClient) -> None:
    made = ann.post("/stores", {"name": "wool", "engine": "woocommerce"}).json()

    changed = ann.patch("/stores/wool", {"plan": "large"}).json()

    assert (changed["generation"], changed["observed_generation"]) == (2, 2)
    assert {condition["observed_generation"] for condition in changed["conditions"]} == {2}
    assert (changed["phase"], changed["message"]) == ("ComingSoon", made["message"])
    assert [event["type"] for event in changed["events"]] == ["SPEC_CHANGED", "ENGINE_STUB"]


def test_one_of_several_tenants_must_be_named() -> None:
    as_user("ann").get("/me")
    user = User.objects.get(external_id="ann")
    Membership.objects.create(tenant=tenant("house"), user=user, role=Role.MEMBER)

    open_choice = as_user("ann").post("/stores", WISH)
    named = as_user("ann").post("/stores", {**WISH, "tenant": "house"})

    assert open_choice.status_code == 400
    assert open_choice.json()["errors"][0]["field"] == "tenant"
    assert "ann, house" in open_choice.json()["errors"][0]["message"]
    assert named.status_code == 201
    assert named.json()["tenant"] == "house"


def test_who_may_only_look_elsewhere_makes_nothing_in_a_tenant_that_somebody_took_them_into() -> None:
    ben = member(tenant("house"), Role.VIEWER, "ben")
    as_user("eve").get("/me")
    assert as_user("eve").post("/tenants/eve/members", {"user": "ben", "role": "member"}).status_code == 201

    open_choice = ben.post("/stores", WISH)

    assert open_choice.status_code == 400
    assert open_choice.json()["errors"][0]["field"] == "tenant"
    assert not Store.objects.exists()
    assert ben.post("/stores", {**WISH, "tenant": "house"}).status_code == 403


def test_a_delete_answers_202_with_the_operation_and_may_be_repeated(ann: APIClient) -> None:
    ann.post("/stores", WISH)

    first, second = ann.delete("/stores/tea-shop"), ann.delete("/stores/tea-shop")

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["kind"] == "teardown"
    assert second.json()["id"] == first.json()["id"]
    assert ann.get("/stores/tea-shop").json()["phase"] == "Deleting"
    assert ann.get(first["Location"]).json()["store"] == "tea-shop"
    assert AuditEntry.objects.filter(action="store.delete").count() == 1


def test_a_protected_store_is_not_deleted(ann: APIClient) -> None:
    ann.post("/stores", WISH)
    ann.patch("/stores/tea-shop", {"deletion_protection": True})
    as_user("ann").get("/me")  # the first request makes her tenant
    before = traces()

    refused = ann.delete("/stores/tea-shop")

    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:storeplane:problem:conflict"
    assert traces() == before


def test_a_name_can_be_asked_for_again_while_the_old_store_goes(ann: APIClient) -> None:
    ann.post("/stores", WISH)
    ann.delete("/stores/tea-shop")

    again = ann.post("/stores", WISH)

    assert again.status_code == 201
    assert [store["phase"] for store in ann.get("/stores").json()["results"]] == ["Deleting", "Pending"]
    assert ann.get("/stores/tea-shop").json()["phase"] == "Pending"


def test_the_fields_that_can_be_changed_are_changed_and_told(ann: APIClient) -> None:
    ann.post("/stores", WISH)

    changed = ann.patch("/stores/tea-shop", {"display_name": "Tea & more", "drift_policy": "warn"})

    assert changed.status_code == 200
    assert changed.json()["display_name"] == "Tea & more"
    assert changed.json()["drift_policy"] == "warn"
    assert changed.json()["phase"] == "Pending"
    assert changed.json()["events"][0]["type"] == "SPEC_CHANGED"
    entry = AuditEntry.objects.get(action="store.change")
    assert entry.before == {"display_name": "", "drift_policy": "heal"}
    assert entry.after == {"display_name": "Tea & more", "drift_policy": "warn"}


@pytest.mark.parametrize("field", ["engine", "name", "phase"])
def test_a_fixed_field_is_refused_with_the_ones_that_can_change(ann: APIClient, field: str) -> None:
    ann.post("/stores", WISH)
    as_user("ann").get("/me")  # the first request makes her tenant
    before = traces()

    refused = ann.patch("/stores/tea-shop", {field: "large", "display_name": "x"})

    assert refused.status_code == 400
    assert refused.json()["errors"] == [
        {
            "field": field,
            "message": "This can't be changed; the fields that can are "
            "display_name, plan, drift_policy, deletion_protection, suspended.",
        }
    ]
    assert traces() == before


@pytest.mark.parametrize("sign", ["\u0085", "\n", "\x1b", "\x7f", "\u2028"])
def test_a_display_name_is_one_line_of_text(ann: APIClient, sign: str) -> None:
    name = f"Tea{sign}Shop"
    assert ann.post("/stores", {**WISH, "display_name": "Tea 茶 👩‍🌾"}).status_code == 201

    for refused in (
        ann.post("/stores", {**WISH, "name": "another", "display_name": name}),
        ann.patch("/stores/tea-shop", {"display_name": name}),
    ):
        assert refused.status_code == 400
        assert [error["field"] for error in refused.json()["errors"]] == ["display_name"]
    assert Store.objects.get().display_name == "Tea 茶 👩‍🌾"


def test_only_a_failed_store_is_retried(ann: APIClient) -> None:
    ann.post("/stores", WISH)
    as_user("ann").get("/me")  # the first request makes her tenant
    before = traces()

    early = ann.post("/stores/tea-shop/retry")

    assert early.status_code == 409
    assert traces() == before
    Store.objects.update(phase=Phase.FAILED)
    assert ann.post("/stores/tea-shop/retry").status_code == 202
    assert ann.get("/stores/tea-shop").json()["phase"] == "Pending"


def test_the_log_is_newest_first_and_can_be_narrowed(ann: APIClient) -> None:
    ann.post("/stores", WISH)
    ann.patch("/stores/tea-shop", {"display_name": "Tea"})

    everything = ann.get("/stores/tea-shop/logs").json()["results"]
    narrowed = ann.get("/stores/tea-shop/logs?type=STORE_REQUESTED").json()["results"]

    assert [event["type"] for event in everything] == ["SPEC_CHANGED", "STORE_REQUESTED"]
    assert [event["type"] for event in narrowed] == ["STORE_REQUESTED"]
    assert everything[1]["request_id"]


def test_allowed_actions_say_why_not(ann: APIClient) -> None:
    actions = ann.post("/stores", WISH).json()["allowed_actions"]

    assert actions["delete"] == {"allowed": True, "reason": None}
    assert actions["retry"] == {
        "allowed": False,
        "reason": "The store 'tea-shop' is Pending; only a failed or degraded one can be retried.",
    }
    assert actions["suspend"] == {"allowed": True, "reason": None}
    assert actions["resume"] == {"allowed": False, "reason": "The store 'tea-shop' isn't suspended."}


@pytest.mark.parametrize("path", ["/stores/nothing", "/stores/ws", "/operations/" + "0" * 36, "/operations/x", "/nope"])
def test_what_isnt_there_is_a_404_problem(ann: APIClient, path: str) -> None:
    missing = ann.get(path)

    assert missing.status_code == 404
    assert missing["Content-Type"] == "application/problem+json"
    assert missing.json()["type"] == "urn:storeplane:problem:not-found"


def test_a_method_that_isnt_served_is_a_405_problem(ann: APIClient) -> None:
    refused = ann.put("/stores", {})

    assert refused.status_code == 405
    assert refused["Allow"] == "GET, POST, HEAD, OPTIONS"
    assert refused.json()["type"] == "urn:storeplane:problem:method-not-allowed"


def test_engines_and_plans_are_a_catalogue(ann: APIClient) -> None:
    assert [engine["name"] for engine in ann.get("/engines").json()] == ["medusa", "woocommerce"]
    assert [plan["stores_allowed"] for plan in ann.get("/plans").json()] == [10, 25, 100]


def test_tenants_show_role_and_use(ann: APIClient) -> None:
    ann.post("/stores", WISH)

    mine = ann.get("/tenants").json()["results"]

    assert len(mine) == 1
    assert {key: mine[0][key] for key in ("slug", "role", "plan", "stores_used", "stores_allowed")} == {
        "slug": "ann",
        "role": "owner",
        "plan": "small",
        "stores_used": 1,
        "stores_allowed": 10,
    }
    assert Tenant.objects.count() == 1
