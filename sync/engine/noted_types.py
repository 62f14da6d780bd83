"""Types of attributes that the state has noted, held against what ChartMogul's customers show."""

from collections import abc
from contextlib import aclosing
from dataclasses import dataclass, replace

from sync.chartmogul.client import Client
from sync.domain.record import ATTRIBUTE, AttributeType
from sync.domain.typed import Typed
from sync.errors import Refused, Unavailable
from sync.transform.attributes import possible
from sync.transform.contract import Disagreement


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many customers were looked at, one of them that has an attribute, and the types that its value may have."""

    looked_at: int
    uuid: str | None = None
    types: abc.Set[AttributeType] = frozenset()


async def ask(client: Client, data_source: str, keys: abc.Iterable[str]) -> dict[str, Evidence]:
    """What one page of customers shows of these attributes: one request; nothing where that fails."""
    try:
        async with aclosing(client.list_customers(data_source)) as pages:
            entries = (await anext(pages)).entries
    except (Refused, Unavailable):
        return {}
    found = {}
    for key in keys:
        having = (seen for seen in entries if seen.fields.get(ATTRIBUTE + key) is not None)
        found[key] = Evidence(len(entries))
        if seen := next(having, None):
            types = possible(seen.fields[ATTRIBUTE + key])
            found[key] = Evidence(len(entries), seen.uuid, types)
    return found


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
