"""The page for people: what the sandbox holds, what it was asked and what it answered.

It has no script: searching and paging are plain links and a form, and its policy forbids the rest.
"""

from base64 import b64encode
from collections import abc
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import jinja2

from sync.sandbox import search, sheet
from sync.sandbox.answer import Answer
from sync.sandbox.cards import contact_card, customer_card, source_card
from sync.sandbox.exchanges import exchange
from sync.sandbox.sandbox import Call, Sandbox
from sync.sandbox.sheet import cut

ONLY: dict[str, abc.Callable[[Call], bool]] = {
    "writes": lambda call: call.method != "GET",
    "refused": lambda call: call.dropped or call.status >= 400,
}
"""Which requests may be asked for alone."""

_ASKED = ("q", "only", "customers", "lone", "requests")


def render(sandbox: Sandbox, query: abc.Mapping[str, str] | None = None) -> Answer:
    """One self-contained HTML page; `query` has what is searched for, and the sheets asked for."""
    asked = {name: value for name in _ASKED if (value := (query or {}).get(name))}
    with sandbox.lock:
        view = _view(sandbox, asked)
    return Answer(200, _headers(), _template().render(view).encode())


@cache
def _headers() -> abc.Mapping[str, str]:
    digest = b64encode(sha256(_part("page.css").encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["number"] = "{:,}".format
    return environment.from_string(_part("page.html"))


def _part(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _view(sandbox: Sandbox, asked: abc.Mapping[str, str]) -> dict[str, Any]:
    world, wanted = sandbox.world, search.search_for(asked.get("q", ""))
    only = ONLY.get(asked.get("only", ""))
    calls = [call for call in sandbox.requests if only is None or only(call)]
    customers = cut(search.customers_found(world, wanted), asked.get("customers"))
    lone = cut(search.lone_found(world, wanted), asked.get("lone"))
    requests = cut(search.calls_found(calls, wanted), asked.get("requests"))
    return {
        "style": _part("page.css"),
        "account": world.account,
        "key": sandbox.key,
        "asked": {**dict.fromkeys(_ASKED, ""), **asked},
        "link": lambda place, **other: sheet.link(asked, place, **other),
        "sources": [source_card(world, uuid) for uuid in world.sources],
        "types": sorted(world.types.items()),
        "definitions": sorted(world.definitions),
        "customers": customers,
        "shown_customers": [customer_card(world, one, wanted) for one in customers.items],
        "customer_count": len(world.customers),
        "lone": lone,
        "shown_lone": [contact_card(one) for one in lone.items],
        "contact_count": len(world.contacts),
        "requests": requests,
        "shown_requests": [exchange(call) for call in requests.items],
        "request_count": len(sandbox.requests),
    }
