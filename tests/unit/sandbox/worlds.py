"""The world that a recorded exchange needs, made out of the exchange itself."""

from sync.sandbox import data_sources
from sync.sandbox.sandbox import ACCOUNT, Sandbox
from tests.unit.sandbox.contact_worlds import prepare_contacts
from tests.unit.sandbox.customer_worlds import prepare_customers
from tests.unit.sandbox.exchange import Exchange
from tests.unit.sandbox.makers import add_source


def prepare(sandbox: Sandbox, exchange: Exchange) -> None:
    """Put into the world what was there before the exchange, as far as its answer tells."""
    parts = exchange.path.split("/")[2:]
    match exchange.method, parts:
        case _, ["ping"]:
            if exchange.status >= 500:
                sandbox.fail(
                    status=exchange.status,
                    body=exchange.body,
                    content_type=exchange.content_type,
                )
        case _, ["account"]:
            sandbox.world.account = {**ACCOUNT, **exchange.body}
        case _, ["data_sources", *_]:
            _prepare_sources(sandbox, exchange)
        case _, ["contacts", *_]:
            prepare_contacts(sandbox, exchange)
        case _, ["customers", *_] if exchange.status < 400 or exchange.method == "PATCH":
            prepare_customers(sandbox, exchange)


def _prepare_sources(sandbox: Sandbox, exchange: Exchange) -> None:
    body = exchange.body or {}
    listed = body.get("data_sources", [body] if exchange.method == "GET" else [])
    for shown in listed if exchange.status == 200 else []:
        source = data_sources.make(shown["uuid"], shown["name"], exchange.at)
        sandbox.world.sources[shown["uuid"]] = {**source, **shown}
    if exchange.method == "DELETE" and exchange.status == 204:
        add_source(sandbox, exchange.uuids[0], "Custom")
