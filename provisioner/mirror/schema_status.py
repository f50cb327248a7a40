"""The schema of `status`: how a store stands. Storeplane alone writes it."""

from typing import Any

from provisioner.operations.models import OperationKind, OperationState
from stores.choices import ConditionStatus, Origin, Phase

Schema = dict[str, Any]

ACTIVITY_LOG_LENGTH = 15


def status() -> Schema:
    """The structural schema."""
    return {
        "type": "object",
        "description": "How it stands. Written by Storeplane alone; what anybody else writes here is put back.",
        "properties": {
            "phase": {
                "type": "string",
                "description": "One word. Missing as long as the resource was not accepted.",
                "enum": list(Phase.values),
            },
            "message": _text("One sentence on the phase, or why the resource was not accepted."),
            "observedGeneration": _number("Generation of the resource that this status speaks of."),
            "url": _text("The shop; empty while nothing runs for the store."),
            "adminUrl": _text("Where the shop's own people log in; empty while nothing runs for the store."),
            "namespace": _text("The namespace with all of the store's objects."),
            "queuePosition": {
                **_number("Place among all that wait for a slot, 1 being next; missing when it doesn't wait.", "int32"),
                "minimum": 1,
            },
            "retryCount": {
                **_number("Failures of the steps of the latest operation.", "int32"),
                "minimum": 0,
            },
            "lastOperation": _last_operation(),
            "conditions": _conditions(),
            "activityLog": _activity_log(),
        },
    }


def _last_operation() -> Schema:
    return {
        "type": "object",
        "description": "The latest piece of work on the store.",
        "required": ["id", "kind", "state"],
        "properties": {
            "id": {**_text("Its id in the API: GET /operations/{id}."), "format": "uuid"},
            "kind": {**_text("What is done."), "enum": list(OperationKind.values)},
            "state": {**_text("How far it is."), "enum": list(OperationState.values)},
            "requestId": _text("The id of the request that asked for it, as in the audit and the logs."),
            "startedAt": _time("When it got a slot; missing before."),
            "finishedAt": _time("When it ended; missing before."),
            "explanation": _text("Why it is where it is, in one sentence; missing once it has succeeded."),
        },
    }


def _conditions() -> Schema:
    return {
        "type": "array",
        "description": "Conditions by the Kubernetes convention.",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": {
            "type": "object",
            "required": ["type", "status", "lastTransitionTime", "reason", "message"],
            "properties": {
                "type": {
                    **_text("What it speaks of, for instance Ready."),
                    "maxLength": 316,
                    "pattern": "^[A-Za-z]+$",
                },
                "status": {**_text("Whether it is so."), "enum": list(ConditionStatus.values)},
                "observedGeneration": _number("Generation of the resource that the condition speaks of."),
                "lastTransitionTime": _time("When the status last changed."),
                "reason": {
                    **_text("Why, as one word for programs."),
                    "maxLength": 1024,
                    "minLength": 1,
                    "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
                },
                "message": {**_text("Why, as a sentence for people."), "maxLength": 32768},
            },
        },
    }


def _activity_log() -> Schema:
    return {
        "type": "array",
        "description": f"The newest {ACTIVITY_LOG_LENGTH} events, newest first.",
        "maxItems": ACTIVITY_LOG_LENGTH,
        "x-kubernetes-list-type": "atomic",
        "items": {
            "type": "object",
            "required": ["id", "type", "message", "timestamp"],
            "properties": {
                "id": _number("Grows with each event of the platform."),
                "type": _text("What happened, for instance STORE_READY."),
                "message": _text("The same as a sentence."),
                "phase": _text("The store's phase after it."),
                "step": _text("The step of the pipeline that it belongs to; empty for none."),
                "origin": {
                    **_text("Where a wish came from; empty for what the platform does by itself."),
                    "enum": ["", *Origin.values],
                },
                "timestamp": _time("When it happened."),
            },
        },
    }


def _text(description: str) -> Schema:
    return {"type": "string", "description": description}


def _number(description: str, width: str = "int64") -> Schema:
    return {"type": "integer", "format": width, "description": description}


def _time(description: str) -> Schema:
    return {"type": "string", "format": "date-time", "description": description}
