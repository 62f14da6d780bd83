"""Types of attributes that the state has noted, held against what ChartMogul's customers show."""

import re
from collections import abc
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TypeVar

from sync.chartmogul.client import Client
from sync.domain.plan import Seen
from sync.domain.record import ATTRIBUTE, AttributeType
from sync.domain.typed import Typed
from sync.engine.read.known_types import KnownTypes, Unknown
from sync.errors import Refused, Unavailable
from sync.transform.attributes import possible
from sync.transform.contract import Disagreement, TypesOf

T = TypeVar("T")

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many customers were looked at, one of them that has an attribute, and the types that its value may have."""

    looked_at: int
    uuid: str | None = None
    types: abc.Set[AttributeType] = frozenset()


async def ask(client: Client, data_source: str, keys: abc.Iterable[str]) -> dict[str, Evidence]:
    """What one page of customers shows of these attributes: one request; nothing where that fails."""
    if (entries := await _one_page(client, data_source)) is None:
        return {}
    found = {}
    for key in keys:
        having = (seen for seen in entries if seen.fields.get(ATTRIBUTE + key) is not None)
        found[key] = Evidence(len(entries))
        if seen := next(having, None):
            types = possible(seen.fields[ATTRIBUTE + key])
            found[key] = Evidence(len(entries), seen.uuid, types)
    return found


async def with_known(
    known: KnownTypes,
    client: Client,
    data_source: str | None,
    read: abc.Callable[[TypesOf], abc.Awaitable[T]],
) -> T:
    """What `read` gives; where an attribute has no known type, customers are looked at and it is called once more.

    `data_source`: None where ChartMogul cannot be asked.
    """
    try:
        return await read(known.of)
    except Unknown as unknown:
        keys = unknown.keys
    shown = await shown_types(client, data_source, keys) if data_source else {}
    return await read(known.with_shown(shown).of)


async def _one_page(client: Client, data_source: str) -> abc.Sequence[Seen] | None:
    """Some customers; None where ChartMogul shows none."""
    try:
        async with aclosing(client.list_customers(data_source)) as pages:
            return (await anext(pages)).entries
    except (Refused, Unavailable):
        return None


async def shown_types(
    client: Client, data_source: str, keys: abc.Iterable[str]
) -> dict[str, AttributeType]:
    """The types that one page of customers shows these attributes to have, where it leaves no doubt: one request.

    Whole numbers alone are taken for Integers: a Decimal most likely has a fraction somewhere.
    """
    if (entries := await _one_page(client, data_source)) is None:
        return {}
    found = {}
    for key in keys:
        values = [seen.fields.get(ATTRIBUTE + key) for seen in entries]
        if (shown := _shown_type([value for value in values if value is not None])) is not None:
            found[key] = shown
    return found


def _shown_type(values: abc.Sequence[object]) -> AttributeType | None:
    left = frozenset(AttributeType) if values else frozenset()
    for value in values:
        left &= possible(value)
    if left == {AttributeType.STRING, AttributeType.TIMESTAMP}:
        # dev.chartmogul.com/docs/adding-custom-attributes-to-customers: so ChartMogul writes instants, people rarely.
        instants = all(_INSTANT.fullmatch(str(value)) for value in values)
        return AttributeType.TIMESTAMP if instants else None
    return min(left, key=list(AttributeType).index, default=None)


async def explained(
    client: Client,
    data_source: str,
    mapping: str,
    problems: abc.Sequence[Disagreement],
    types: abc.Mapping[str, Typed],
    noted: abc.Mapping[str, AttributeType],
) -> list[Disagreement]:
    """These problems; where a type is the state's word alone, what a customer shows of it, and how it is cleared."""
    keys = {p.key for p in problems if p.key in noted and p.key in types}
    evidence = await ask(client, data_source, sorted(keys)) if keys else {}
    return [
        _explained(problem, types[problem.key].type, noted[problem.key], evidence, mapping)
        if problem.key in keys
        else problem
        for problem in problems
    ]


def _explained(
    problem: Disagreement,
    wanted: AttributeType,
    noted: AttributeType,
    evidence: abc.Mapping[str, Evidence],
    mapping: str,
) -> Disagreement:
    found = evidence.get(problem.key, Evidence(0))
    message = f"{problem.message}, as the state has noted{_shown(found, noted)}"
    if noted in found.types and wanted not in found.types:
        return replace(problem, message=message)
    forget = f"chartmogul-sync forget {mapping} --attribute {problem.key}"
    return replace(
        problem,
        message=message,
        hint=f"{problem.hint}; where ChartMogul no longer has that type, {forget} clears it",
    )


def _shown(found: Evidence, noted: AttributeType) -> str:
    if found.uuid is not None:
        as_ = "it so" if noted in found.types else f"it as {' or '.join(sorted(found.types))}"
        return f"; customer {found.uuid} has {as_}"
    return f"; none of {found.looked_at:,} customers looked at has it" if found.looked_at else ""
