"""Whether the types of a mapping's attributes can stand: before the account, the mapping itself, and other mappings."""

from collections import abc

from sync.chartmogul.client import Client
from sync.domain.record import AttributeType
from sync.domain.results import MappingRun
from sync.domain.typed import Typed
from sync.engine.noted_types import explained
from sync.errors import ConfigError, ConfigProblem
from sync.mapping.loader import LoadedMapping
from sync.transform.contract import Contract, Disagreement, conflict
from sync.transform.locking import objections


async def reach(
    loaded: LoadedMapping,
    run: MappingRun,
    client: Client,
    contract: Contract,
    noted: abc.Mapping[str, AttributeType],
) -> dict[str, Typed]:
    """The attributes' types, with the account's in mind, as the state has noted them.

    Raises:
        ConfigError: one cannot be had.
    """
    types, problems = contract.settle(noted)
    if problems:
        problems = await explained(client, run.data_source, run.mapping, problems, types, noted)
        raise ConfigError(*(_at(loaded, problem) for problem in problems))
    return types


def accept(loaded: LoadedMapping, types: abc.Mapping[str, Typed]) -> None:
    """Raise ConfigError where the next write would lock a type that nobody has declared."""
    if found := objections(loaded, types):
        raise ConfigError(*(_at(loaded, problem) for problem in found))


def compare(
    loaded: LoadedMapping, key: str, typed: Typed, others: abc.Mapping[str, Typed], file: str
) -> None:
    """Raise ConfigError where the mapping of another file would lock an attribute in another way."""
    twin = next(name for name in others if name.lower() == key.lower())
    if twin != key:
        message = f"attributes {key!r} and {twin!r} (in {file}) differ only in case"
        hint = "give them one spelling, or names that differ"
        raise ConfigError(_at(loaded, Disagreement(key, message, hint)))
    if others[twin].type is not typed.type:
        found = conflict(key, typed, others[twin].type)
        message = f"{found.message} by {file}"
        raise ConfigError(_at(loaded, Disagreement(key, message, found.hint)))


def _at(loaded: LoadedMapping, problem: Disagreement) -> ConfigProblem:
    path: tuple[str, ...] = ("attributes", problem.key)
    return problem.at(loaded, path if problem.key in loaded.mapping.attributes else ("source",))
