"""One example of each request and answer, as the API itself gave it; a test holds them to their schemas."""

from typing import Any

Value = dict[str, Any]

_HOST = "http://localhost:8000"
_ID = "6a182d0c-e084-4c72-8222-ea4c519016f5"
_REQUEST = "9f637b00def8453dac192cabea6be144"
_ASKED, _BEGUN, _DONE = (f"2026-11-25T22:23:{second}Z" for second in ("48.059462", "48.612038", "56.204417"))


def _condition(type_: str, status: str, reason: str, message: str = "") -> Value:
    return {
        "type": type_,
        "status": status,
        "reason": reason,
        "message": message,
        "last_transition_time": _DONE,
        "observed_generation": 1,
    }


def _step(name: str, label: str) -> Value:
    return {
        "name": name,
        "label": label,
        "state": "succeeded",
        "attempt": 0,
        "started_at": _BEGUN,
        "finished_at": _DONE,
        "due_at": None,
        "waiting_for": "",
        "error_reason": "",
        "error": "",
    }


_PIPELINE = [
    _step("namespace", "Namespace"),
    _step("helm", "Helm"),
    _step("db", "Database"),
    _step("backend", "Backend"),
    _step("storefront", "Storefront"),
]
_STORE: Value = {
    "id": 1,
    "href": f"{_HOST}/stores/tea-shop",
    "name": "tea-shop",
    "display_name": "Ann's Tea",
    "tenant": "ann",
    "engine": "medusa",
    "plan": "small",
    "phase": "Ready",
    "message": "Ann's Tea is ready.",
    "url": "http://tea-shop.localhost:8080",
    "admin_url": "http://tea-shop.localhost:8080/app",
    "queue_position": None,
    "created_at": _ASKED,
    "ready_at": _DONE,
    "generation": 1,
    "observed_generation": 1,
    "drift_policy": "heal",
    "suspended": False,
    "deletion_protection": False,
    "conditions": [
        _condition("BackendReady", "True", "Available", "The backend serves."),
        _condition("Ready", "True", "Ready", "Ann's Tea is ready."),
        _condition("Reconciling", "False", "Idle"),
        _condition("Stalled", "False", "Ready"),
    ],
    "pipeline": _PIPELINE,
    "operation": {"id": _ID, "kind": "provision", "state": "succeeded", "explanation": ""},
}
_EVENT: Value = {
    "id": 12,
    "store": "tea-shop",
    "type": "STORE_READY",
    "message": "Ann's Tea is ready.",
    "phase": "Ready",
    "step": "",
    "timestamp": _DONE,
    "request_id": _REQUEST,
}
_FREE: Value = {"allowed": True, "reason": None}
_DETAIL: Value = _STORE | {
    "events": [_EVENT],
    "allowed_actions": {
        "retry": {
            "allowed": False,
            "reason": "The store 'tea-shop' is Ready; only a failed or degraded one can be retried.",
        },
        "reconcile": _FREE,
        "delete": _FREE,
        "change": _FREE,
        "suspend": _FREE,
        "resume": {"allowed": False, "reason": "The store 'tea-shop' isn't suspended."},
        "credentials": _FREE,
    },
    "links": {
        **{page: f"{_HOST}/stores/tea-shop/{page}" for page in ("logs", "drift", "credentials", "retry", "reconcile")},
        "operation": f"{_HOST}/operations/{_ID}",
    },
}
_OPERATION: Value = {
    "id": _ID,
    "kind": "provision",
    "state": "succeeded",
    "explanation": "",
    "store": "tea-shop",
    "tenant": "ann",
    "generation": 1,
    "queue_position": None,
    "request_id": _REQUEST,
    "created_at": _ASKED,
    "started_at": _BEGUN,
    "finished_at": _DONE,
    "error_reason": "",
    "error": "",
    "steps": _PIPELINE,
}
_TENANT: Value = {
    "slug": "ann",
    "name": "Ann",
    "plan": "small",
    "role": "owner",
    "stores_used": 1,
    "stores_allowed": 10,
    "requests_per_minute": 1200,
    "created_at": _ASKED,
}
_MEMBER: Value = {
    "id": 7,
    "user": "ben@header",
    "external_id": "ben",
    "name": "ben",
    "role": "member",
    "since": _ASKED,
}
_TOKEN: Value = {
    "id": 3,
    "name": "nightly build",
    "prefix": "spt_6472afd2",
    "tenant": "ann",
    "user": "ann@header",
    "role": "member",
    "created_at": _ASKED,
    "expires_at": None,
    "last_used_at": None,
    "last_used_from": None,
    "revoked_at": None,
}
_AUDIT: Value = {
    "id": 9,
    "at": _ASKED,
    "actor": "ann@header",
    "via": "token:spt_6472afd2",
    "tenant": "ann",
    "action": "store.create",
    "target": "tea-shop",
    "address": "203.0.113.7",
    "request_id": _REQUEST,
    "before": None,
    "after": {"name": "tea-shop", "engine": "medusa"},
}


_FINDING: Value = {
    "id": 41,
    "kind": "Deployment",
    "namespace": "store-tea-shop",
    "name": "store-backend",
    "verdict": "changed",
    "message": "Deployment store-backend was changed: spec.replicas.",
    "differences": [
        {
            "path": "spec.replicas",
            "pointer": "/spec/replicas",
            "wanted": "1",
            "found": "3",
            "text": "spec.replicas: wanted 1, found 3",
        }
    ],
    "detected_at": _ASKED,
    "healed_at": None,
    "healed_by": None,
}
_RULE: Value = {
    "id": 5,
    "href": f"{_HOST}/stores/tea-shop/drift/rules/5",
    "scope": "store",
    "kind": "Deployment",
    "name": "store-*",
    "pointer": "/spec/replicas",
    "manager": "",
    "reason": "Scaled by hand before the sale.",
    "created_by": "ann@header",
    "created_at": _ASKED,
}


def _page(item: Value) -> Value:
    return {"next": None, "previous": None, "results": [item]}


_REQUESTS: dict[str, Value] = {
    "stores_create": {"name": "tea-shop", "engine": "medusa", "plan": "small", "display_name": "Ann's Tea"},
    "stores_change": {"plan": "medium", "deletion_protection": True},
    "drift_rules_create": {
        "kind": "Deployment",
        "name": "store-*",
        "pointer": "/spec/replicas",
        "reason": "Scaled by hand before the sale.",
    },
    "tenants_change": {"name": "Ann's shops"},
    "members_add": {"user": "ben", "role": "member"},
    "members_change": {"role": "owner"},
    "tokens_create": {"name": "nightly build", "role": "member", "expires_in_days": 90},
}
_ANSWERS: dict[str, Any] = {
    "stores_list": _page(_STORE),
    "stores_create": _DETAIL,
    "stores_read": _DETAIL,
    "stores_change": _DETAIL,
    "stores_delete": _OPERATION | {"kind": "teardown"},
    "stores_retry": _OPERATION,
    "stores_reconcile": _OPERATION | {"kind": "reconcile"},
    "stores_logs": _page(_EVENT),
    "stores_credentials": {
        "admin_url": "http://tea-shop.localhost:8080/app",
        "admin_email": "admin@tea-shop.example.com",
        "admin_password": "not-a-real-one",
        "backend_url": "http://tea-shop.localhost:8080",
        "publishable_key": "pk_01",
    },
    "drift_read": {
        "policy": "heal",
        "open_total": 1,
        "open": [_FINDING],
        "healed": [_FINDING | {"id": 40, "healed_at": _DONE, "healed_by": _ID}],
        "links": {"store": f"{_HOST}/stores/tea-shop", "rules": f"{_HOST}/stores/tea-shop/drift/rules"},
    },
    "drift_rules_list": _page(_RULE),
    "drift_rules_create": _RULE,
    "drift_rules_read": _RULE,
    "operations_read": _OPERATION,
    "names_read": {
        "name": "tea-shop",
        "valid": True,
        "available": False,
        "url": "http://tea-shop.localhost:8080",
        "reason": "The name 'tea-shop' is taken; choose another.",
    },
    "tenants_list": _page(_TENANT),
    "tenants_read": _TENANT | {"links": {"members": f"{_HOST}/tenants/ann/members"}},
    "tenants_change": _TENANT | {"name": "Ann's shops", "links": {"members": f"{_HOST}/tenants/ann/members"}},
    "members_list": _page(_MEMBER),
    "members_add": _MEMBER,
    "members_read": _MEMBER,
    "members_change": _MEMBER | {"role": "owner"},
    "tokens_list": _page(_TOKEN),
    "tokens_create": _TOKEN | {"token": "spt_6472afd2_and-a-secret-that-is-shown-this-once"},
    "tokens_read": _TOKEN,
    "audit_list": _page(_AUDIT),
    "me": {
        "id": 1,
        "username": "ann@header",
        "external_id": "ann",
        "name": "ann",
        "is_staff": False,
        "is_superuser": False,
        "authenticated_by": "header",
        "token": None,
        "tenants": [_TENANT],
    },
}


def add(operation: dict[str, Any]) -> None:
    """Put the examples of the operation into its request and its answers of 2xx."""
    name = operation.get("operationId", "")
    if name in _REQUESTS:
        operation["requestBody"]["content"]["application/json"]["example"] = _REQUESTS[name]
    for code, response in operation["responses"].items():
        if code.startswith("2") and name in _ANSWERS:
            response["content"]["application/json"]["example"] = _ANSWERS[name]
