"""Who may ask the endpoints: nobody whom a page of another site sent here."""

import json
from collections import abc
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

#: Ends of names that nobody can register on the internet: of a machine, a network, a cluster.
_INSIDE = (".localhost", ".internal", ".local", ".lan", ".home.arpa", ".svc", ".test")


@dataclass(frozen=True, slots=True)
class Guard:
    """An app that answers to its own names alone, and to no page of another site."""

    app: ASGIApp
    hosts: abc.Collection[str] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Request(scope).headers
            reason = refusal(headers.get("host"), headers.get("origin"), self.hosts)
            if reason is not None:
                body = json.dumps({"format": 1, "error": reason}) + "\n"
                head = {"connection": "close"}
                answer = Response(body, 403, headers=head, media_type="application/json")
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)


def refusal(host: str | None, origin: str | None, known: abc.Collection[str]) -> str | None:
    """Why a request is refused, as a sentence; None where it is not.

    `Host` says by which name a browser came: one of the internet may be a stranger's that points here (DNS rebinding).
    """
    if host is not None and not _is_ours(host, known):
        return f"this worker does not go by the name of {host[:100]!r}; --allow-host adds one"
    if origin is not None and (host is None or _place(origin) != host.lower()):
        return "a page of another site may not ask this worker"
    return None


def _is_ours(host: str, known: abc.Collection[str]) -> bool:
    try:
        name = (urlsplit(f"//{host}").hostname or "").removesuffix(".")
    except ValueError:
        return False
    if not name or name in {one.lower() for one in known}:
        return bool(name)
    return "." not in name or _is_address(name) or name.endswith(_INSIDE)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _place(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
