"""A recorded exchange played against a sandbox that hands out the recorded names and times."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sync.sandbox.answer import Answer, encode
from sync.sandbox.sandbox import Sandbox
from tests.unit.sandbox import worlds
from tests.unit.sandbox.exchange import Exchange, credentials

CREATES = ("/v1/customers", "/v1/data_sources")
YEARS = ((2026, 9), "2026"), ((2017, 1), "2025"), ((1970, 1), "2016")
"""Since when answers are of which generation."""


@dataclass(slots=True)
class Stage:
    """What the sandbox sees of the world outside: the time, and new uuids."""

    exchange: Exchange

    def clock(self) -> float:
        """When the exchange was recorded."""
        return self.exchange.at

    def new_uuid(self) -> UUID:
        """The uuid that was recorded; an unmerge makes a customer of which it shows none."""
        return UUID(self.exchange.body.get("uuid", str(UUID(int=1)))[-36:])


def alone(exchange: Exchange) -> Answer:
    """The answer in a world that holds only what this exchange needs."""
    sandbox = _empty(Stage(exchange))
    worlds.prepare(sandbox, exchange)
    return _send(sandbox, exchange)


def generation(exchange: Exchange) -> str:
    """The generation of answers that this one belongs to."""
    recorded = datetime.fromtimestamp(exchange.at, UTC)
    return next(name for since, name in YEARS if (recorded.year, recorded.month) >= since)


def in_order(exchanges: list[Exchange]) -> list[Answer]:
    """The answers in one world, which what was there before the first of them is added to."""
    stage = Stage(exchanges[0])
    sandbox = _empty(stage)
    bodies = [one.body for one in exchanges if one.path.startswith("/v1/contacts")]
    sandbox.world.definitions.update(key for body in bodies for key in body.get("custom", {}))
    answers, seen = [], set[str]()
    for exchange in exchanges:
        stage.exchange = exchange
        creates = exchange.method == "POST" and exchange.path in CREATES
        if creates or exchange.is_alone or set(exchange.uuids) - seen:
            worlds.prepare(sandbox, exchange)
        answers.append(_send(sandbox, exchange))
        seen |= {*exchange.uuids, *sandbox.world.customers, *sandbox.world.contacts}
        seen |= sandbox.world.sources.keys()
    return answers


def _empty(stage: Stage) -> Sandbox:
    sandbox = Sandbox(
        clock=stage.clock,
        new_uuid=stage.new_uuid,
        users=(),
        definitions=(),
        generation=generation(stage.exchange),
        state_shown="code",
    )
    sandbox.world.sources.clear()
    return sandbox


def _send(sandbox: Sandbox, exchange: Exchange) -> Answer:
    headers = {} if exchange.status == 401 else credentials(sandbox.key)
    body = b"" if exchange.sent is None else encode(exchange.sent)
    return sandbox.answer(exchange.method, exchange.path, exchange.query, headers, body)
