"""What the ingress says itself, when no pod can."""

from __future__ import annotations

import html
import json

_TITLES = {400: "Bad Request", 404: "Not Found", 502: "Bad Gateway", 503: "Service Unavailable"}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>{refresh}
<style>body{{font:16px/1.6 system-ui,sans-serif;color:#22302b;background:#f6f7f5;display:grid;min-height:90vh;
place-content:center;padding:2rem;margin:0}}main{{max-width:34rem}}h1{{font-size:1.4rem;margin:0 0 .5rem}}
p{{margin:.5rem 0;color:#4c5a55}}</style></head>
<body><main><h1>{heading}</h1><p>{text}</p></main></body></html>
"""


def answer(status: int, heading: str, text: str, *, as_json: bool, headers: tuple[tuple[str, str], ...] = ()) -> bytes:
    """A whole response; the connection is closed after it."""
    title = _TITLES[status]
    if as_json:
        kind, body = "application/json", json.dumps({"status": status, "title": title, "detail": text})
    else:
        # A shop that is starting shows up by itself.
        refresh = '<meta http-equiv="refresh" content="2">' if status == 503 else ""  # noqa: PLR2004
        words = {"title": title, "heading": html.escape(heading), "text": html.escape(text), "refresh": refresh}
        kind, body = "text/html; charset=utf-8", _PAGE.format(**words)
    content = body.encode()
    lines = [
        f"HTTP/1.1 {status} {title}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(content)}",
        "Cache-Control: no-store",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + content


def unknown_host(host: str, *, as_json: bool) -> bytes:
    """404: no Ingress names the host."""
    text = f"Nothing is published under {host}. If the store is new, its address works as soon as it is installed."
    return answer(404, "There is no shop here", text, as_json=as_json)


def no_route(host: str, path: str, *, as_json: bool) -> bytes:
    """404: the host is known, the path isn't."""
    return answer(404, "There is no such page", f"{host} has nothing at {path}.", as_json=as_json)


def not_ready(host: str, *, as_json: bool) -> bytes:
    """503: no pod of the Service is ready."""
    text = f"{host} is starting or being restarted. This page tries again by itself."
    return answer(503, "Back in a moment", text, as_json=as_json, headers=(("Retry-After", "2"),))


def bad_gateway(host: str, *, as_json: bool) -> bytes:
    """502: a pod took the request and hung up."""
    text = f"{host} took the request and closed the connection without an answer."
    return answer(502, "The shop hung up", text, as_json=as_json)


def bad_request(why: str) -> bytes:
    """400: this is not HTTP as it should be."""
    return answer(400, "Bad request", why, as_json=True)
