"""Media types: what the client accepts, what it sent, and how an answer is written."""

import json
from dataclasses import dataclass
from typing import Any

import yaml
from aiohttp import web

from ..errors import ApiError, bad_request, not_acceptable, unsupported_media_type
from ..jsontypes import Json, encode
from . import protobuf

JSON, YAML = "application/json", "application/yaml"
_ACCEPTED = (JSON, YAML, protobuf.MEDIA_TYPE)
PATCHES = {
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
    "application/apply-patch+yaml": "apply",
}
_MAX_BODY = 3 * 1024 * 1024


@dataclass(frozen=True)
class Accepted:
    """One acceptable form of an answer."""

    media_type: str
    kind: str = ""  # of a conversion: Table, PartialObjectMetadata(List), APIGroupDiscoveryList
    group: str = ""
    version: str = ""


def negotiate(request: web.Request, kinds: frozenset[tuple[str, str, str]] = frozenset()) -> Accepted:
    """The first form the client accepts and that is spoken here; raises 406 when there is none.

    ``kinds`` are the conversions that the endpoint can do, as (kind, group, version).
    """
    header = request.headers.get("Accept", "") or "*/*"
    for clause in header.split(","):
        media_type, *parameters = [part.strip() for part in clause.split(";")]
        given = dict(part.split("=", 1) for part in parameters if "=" in part)
        spoken = {"*/*": JSON, "application/*": JSON, JSON: JSON, YAML: YAML}.get(media_type)
        if spoken is None or given.get("stream", "watch") != "watch":
            continue
        if "as" not in given:
            return Accepted(spoken)
        wanted = (given["as"], given.get("g", ""), given.get("v", ""))
        if wanted in kinds:
            return Accepted(spoken, *wanted)
    raise not_acceptable(_ACCEPTED)


async def read_body(request: web.Request) -> tuple[Any, str]:
    """The decoded body and its media type; raises 400, 413 or 415."""
    raw = await request.read()
    if len(raw) > _MAX_BODY:
        message = f"Request entity too large: limit is {_MAX_BODY}"
        raise ApiError(413, "RequestEntityTooLarge", message)
    media_type = request.content_type if "Content-Type" in request.headers else JSON
    if media_type == protobuf.MEDIA_TYPE:
        return (protobuf.decode(raw) if raw else None), media_type
    if media_type not in {JSON, YAML, *PATCHES}:
        raise unsupported_media_type(_ACCEPTED)
    return _decode(raw, media_type), media_type


def _decode(raw: bytes, media_type: str) -> Any:
    if not raw.strip():
        return None
    try:
        if media_type in {YAML, "application/apply-patch+yaml"} and raw.lstrip()[:1] != b"{":
            return _plain(yaml.load(raw, Loader=_Loader))  # noqa: S506 - a SafeLoader without timestamps
        return json.loads(raw)
    except (ValueError, yaml.YAMLError) as error:
        kind = "YAML" if "yaml" in media_type else "JSON"
        raise bad_request(f"error decoding {kind}: {error}") from error


class _Loader(yaml.CSafeLoader):
    """Reads YAML as Kubernetes does: dates stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _plain(value: Any) -> Any:
    """Keys as text, because JSON knows no others."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def answer(
    request: web.Request, body: Json | bytes, *, code: int = 200, warnings: list[str] | None = None
) -> web.Response:
    """An answer as JSON, or YAML when only that is accepted."""
    pretty = request.query.get("pretty", "")
    agent = request.headers.get("User-Agent", "").lower()
    wants_pretty = pretty in {"true", "1"} or (not pretty and agent.startswith(("curl", "wget", "mozilla")))
    media_type = JSON
    if request.headers.get("Accept", "").startswith(YAML):
        media_type, body = YAML, yaml.safe_dump(_value(body), sort_keys=False).encode()
    elif wants_pretty:
        body = json.dumps(_value(body), indent=2, ensure_ascii=False).encode()
    elif not isinstance(body, bytes):
        body = encode(body)
    response = web.Response(status=code, body=body, content_type=media_type)
    response.headers["Cache-Control"] = "no-cache, private"
    for warning in warnings or ():
        text = warning.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{text}"')
    return response


def _value(body: Json | bytes) -> Any:
    return json.loads(body) if isinstance(body, bytes) else body
