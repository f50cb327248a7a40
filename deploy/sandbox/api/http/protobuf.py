"""Reads the few protobuf bodies that Go clients insist on sending; answers are always JSON.

Helm keeps its releases in Secrets, and kubectl makes namespaces and other small objects, through typed clients that
write protobuf whatever the server says. Their messages are listed here by field number (the numbers are part of
the wire protocol); a message or field that is not listed is refused with 415, never dropped.
"""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ..errors import bad_request, unsupported_media_type
from ..jsontypes import Json

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

# Each field as "name:type"; a leading * repeats. Types: s text, b bytes, i number, f flag, t time, j JSON,
# ms and mb maps of text to text and to bytes, x must be empty, else a message.
# I and F are numbers and flags whose zero counts.
_OBJECT = "metadata:ObjectMeta"
_MESSAGES: dict[str, dict[int, str]] = {
    "ObjectMeta": {
        1: "name:s",
        2: "generateName:s",
        3: "namespace:s",
        4: "selfLink:s",
        5: "uid:s",
        6: "resourceVersion:s",
        7: "generation:i",
        8: "creationTimestamp:t",
        9: "deletionTimestamp:t",
        10: "deletionGracePeriodSeconds:I",
        11: "labels:ms",
        12: "annotations:ms",
        13: "*ownerReferences:OwnerReference",
        14: "*finalizers:s",
        17: "*managedFields:ManagedFieldsEntry",
    },
    "OwnerReference": {
        1: "kind:s",
        3: "name:s",
        4: "uid:s",
        5: "apiVersion:s",
        6: "controller:F",
        7: "blockOwnerDeletion:F",
    },
    "ManagedFieldsEntry": {
        1: "manager:s",
        2: "operation:s",
        3: "apiVersion:s",
        4: "time:t",
        6: "fieldsType:s",
        7: "fieldsV1:FieldsV1",
        8: "subresource:s",
    },
    "FieldsV1": {1: "raw:j"},
    "DeleteOptions": {
        1: "gracePeriodSeconds:I",
        2: "preconditions:Preconditions",
        3: "orphanDependents:F",
        4: "propagationPolicy:s",
        5: "*dryRun:s",
    },
    "Preconditions": {1: "uid:s", 2: "resourceVersion:s"},
    "Secret": {1: _OBJECT, 2: "data:mb", 3: "type:s", 4: "stringData:ms", 5: "immutable:F"},
    "ConfigMap": {1: _OBJECT, 2: "data:ms", 3: "binaryData:mb", 4: "immutable:F"},
    "Namespace": {1: _OBJECT, 2: "spec:NamespaceSpec", 3: "status:NamespaceStatus"},
    "NamespaceSpec": {1: "*finalizers:s"},
    "NamespaceStatus": {1: "phase:s"},
    "ServiceAccount": {
        1: _OBJECT,
        2: "*secrets:ObjectReference",
        3: "*imagePullSecrets:LocalObjectReference",
        4: "automountServiceAccountToken:F",
    },
    "ObjectReference": {1: "kind:s", 2: "namespace:s", 3: "name:s", 4: "uid:s", 5: "apiVersion:s"},
    "LocalObjectReference": {1: "name:s"},
    "Deployment": {1: _OBJECT, 2: "spec:DeploymentSpec", 3: "unused:x"},
    "DeploymentSpec": {
        1: "replicas:I",
        2: "selector:LabelSelector",
        3: "template:PodTemplateSpec",
        4: "strategy:DeploymentStrategy",
        5: "minReadySeconds:i",
        6: "revisionHistoryLimit:I",
        7: "paused:f",
        9: "progressDeadlineSeconds:I",
    },
    "DeploymentStrategy": {1: "type:s"},
    "Service": {1: _OBJECT, 2: "spec:ServiceSpec", 3: "unused:x"},
    "ServiceSpec": {
        1: "*ports:ServicePort",
        2: "selector:ms",
        3: "clusterIP:s",
        4: "type:s",
        5: "*externalIPs:s",
        7: "sessionAffinity:s",
        8: "loadBalancerIP:s",
        9: "*loadBalancerSourceRanges:s",
        10: "externalName:s",
        11: "externalTrafficPolicy:s",
        12: "healthCheckNodePort:i",
        13: "publishNotReadyAddresses:f",
        17: "ipFamilyPolicy:s",
        18: "*clusterIPs:s",
        19: "*ipFamilies:s",
        20: "allocateLoadBalancerNodePorts:F",
        21: "loadBalancerClass:s",
        22: "internalTrafficPolicy:s",
    },
    "ServicePort": {
        1: "name:s",
        2: "protocol:s",
        3: "port:i",
        4: "targetPort:IntOrString",
        5: "nodePort:i",
        6: "appProtocol:s",
    },
    "IntOrString": {1: "kind:i", 2: "number:i", 3: "text:s"},
    "Eviction": {1: _OBJECT, 2: "deleteOptions:DeleteOptions"},
    "SelfSubjectAccessReview": {1: _OBJECT, 2: "spec:SelfSubjectAccessReviewSpec", 3: "unused:x"},
    "SelfSubjectAccessReviewSpec": {1: "resourceAttributes:ResourceAttributes", 2: "nonResourceAttributes:NonResource"},
    "ResourceAttributes": {
        1: "namespace:s",
        2: "verb:s",
        3: "group:s",
        4: "version:s",
        5: "resource:s",
        6: "subresource:s",
        7: "name:s",
    },
    "NonResource": {1: "path:s", 2: "verb:s"},
    "SubjectAccessReview": {1: _OBJECT, 2: "spec:SubjectAccessReviewSpec", 3: "unused:x"},
    "LocalSubjectAccessReview": {1: _OBJECT, 2: "spec:SubjectAccessReviewSpec", 3: "unused:x"},
    "SubjectAccessReviewSpec": {
        1: "resourceAttributes:ResourceAttributes",
        2: "nonResourceAttributes:NonResource",
        3: "user:s",
        4: "*groups:s",
        6: "uid:s",
    },
    "SelfSubjectRulesReview": {1: _OBJECT, 2: "spec:SelfSubjectRulesReviewSpec", 3: "unused:x"},
    "SelfSubjectRulesReviewSpec": {1: "namespace:s"},
    "SelfSubjectReview": {1: _OBJECT, 2: "unused:x"},
    "TokenRequest": {1: _OBJECT, 2: "spec:TokenRequestSpec", 3: "unused:x"},
    "TokenRequestSpec": {1: "*audiences:s", 4: "expirationSeconds:I"},
    "Role": {1: _OBJECT, 2: "*rules:PolicyRule"},
    "ClusterRole": {1: _OBJECT, 2: "*rules:PolicyRule", 3: "aggregationRule:AggregationRule"},
    "AggregationRule": {1: "*clusterRoleSelectors:LabelSelector"},
    "PolicyRule": {1: "*verbs:s", 2: "*apiGroups:s", 3: "*resources:s", 4: "*resourceNames:s", 5: "*nonResourceURLs:s"},
    "RoleBinding": {1: _OBJECT, 2: "*subjects:Subject", 3: "roleRef:RoleRef"},
    "ClusterRoleBinding": {1: _OBJECT, 2: "*subjects:Subject", 3: "roleRef:RoleRef"},
    "Subject": {1: "kind:s", 2: "apiGroup:s", 3: "name:s", 4: "namespace:s"},
    "RoleRef": {1: "apiGroup:s", 2: "kind:s", 3: "name:s"},
    "LabelSelector": {1: "matchLabels:ms"},
    "PodTemplateSpec": {1: _OBJECT, 2: "spec:PodSpec"},
    "PodSpec": {2: "*containers:Container", 3: "restartPolicy:s", 6: "dnsPolicy:s", 8: "serviceAccountName:s"}
    | dict.fromkeys((9, 10, 11, 12, 13, 16, 17, 19, 24), "unused:x"),
    "Container": {
        1: "name:s",
        2: "image:s",
        3: "*command:s",
        4: "*args:s",
        5: "workingDir:s",
        6: "*ports:ContainerPort",
        8: "unused:x",
        13: "terminationMessagePath:s",
        14: "imagePullPolicy:s",
        16: "stdin:f",
        17: "stdinOnce:f",
        18: "tty:f",
        20: "terminationMessagePolicy:s",
    },
    "ContainerPort": {1: "name:s", 2: "hostPort:i", 3: "containerPort:i", 4: "protocol:s", 5: "hostIP:s"},
}
_KINDS = {
    *("ConfigMap", "DeleteOptions", "Deployment", "Eviction", "Namespace", "Secret", "SelfSubjectAccessReview"),
    *("Service", "ServiceAccount", "SubjectAccessReview", "LocalSubjectAccessReview", "SelfSubjectRulesReview"),
    *("SelfSubjectReview", "TokenRequest", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"),
}


def decode(raw: bytes) -> Json:
    """The object in an envelope; raises 400 when it is broken, 415 when its kind is not among those read here."""
    if not raw.startswith(_MAGIC):
        raise bad_request("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    try:
        envelope = dict(_fields(raw[len(_MAGIC) :]))
        typed = {number: bytes(value).decode() for number, value in _fields(envelope[1])}
        api_version, kind = typed.get(1, ""), typed.get(2, "")
        if kind not in _KINDS:
            raise unsupported_media_type(("application/json", "application/yaml"))
        body = _message(kind, envelope.get(2, b""))
    except (IndexError, KeyError, UnicodeDecodeError, ValueError) as error:
        raise bad_request(f"error decoding protobuf: {error!r}") from error
    return {"apiVersion": api_version, "kind": kind} | body


def _fields(raw: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field: numbers for varints, bytes for the rest."""
    position = 0
    while position < len(raw):
        tag, position = _varint(raw, position)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, position = _varint(raw, position)
            yield number, value
            continue
        if wire == _BYTES:
            size, position = _varint(raw, position)
        else:
            size = {_FIXED64: 8, _FIXED32: 4}[wire]
        if position + size > len(raw):
            raise ValueError("unexpected end of message")
        yield number, raw[position : position + size]
        position += size


def _varint(raw: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the highest bit says that more follows
            return value, position
        shift += 7


def _message(kind: str, raw: bytes) -> Json:
    known, found = _MESSAGES[kind], dict[str, Any]()
    for number, value in _fields(raw):
        if number not in known:
            raise unsupported_media_type(("application/json", "application/yaml"))
        name, _, form = known[number].partition(":")
        repeated, name = name.startswith("*"), name.lstrip("*")
        if form in {"ms", "mb"}:
            key, item = _pair(value, form[1])
            found.setdefault(name, {})[key] = item
            continue
        if form == "x":
            _refuse_content(value)
            continue
        item = _value(form, value)
        if repeated:
            if item is None and form == "s":
                item = ""  # in a list an empty text counts: the core group in a rule is one
            found.setdefault(name, []).append(item)
        elif item is not None:
            found[name] = item
    return found


def _refuse_content(value: Any) -> None:
    """Go writes fields that are not pointers even when they are empty; those, and only those, are passed over."""
    if isinstance(value, int):
        if value:
            raise unsupported_media_type(("application/json", "application/yaml"))
        return
    for _, inner in _fields(value):
        _refuse_content(inner)


def _pair(raw: bytes, form: str) -> tuple[str, Any]:
    parts = dict(_fields(raw))
    value = bytes(parts.get(2, b""))
    return bytes(parts.get(1, b"")).decode(), base64.b64encode(value).decode() if form == "b" else value.decode()


def _value(form: str, value: Any) -> Any:
    """A field as JSON, None for a zero that means "not set"."""
    if form == "s":
        return bytes(value).decode() or None
    if form in {"i", "I"}:
        number = int(value) - (1 << 64) if int(value) >> 63 else int(value)
        return number if number or form == "I" else None
    if form in {"f", "F"}:
        return bool(value) if value or form == "F" else None
    if form == "t":
        return _time(value)
    if form == "j":
        return json.loads(value) if value else None
    inner = _message(form, value)
    if form == "IntOrString":
        return inner.get("text", "") if inner.get("kind") else inner.get("number")
    return (inner.get("raw") if form == "FieldsV1" else inner) or None


def _time(raw: bytes) -> str | None:
    seconds = dict(_fields(raw)).get(1)
    if seconds is None or int(seconds) >> 63:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
