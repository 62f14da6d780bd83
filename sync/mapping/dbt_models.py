"""The models of a dbt project, out of the manifest that dbt writes.

The format: docs.getdbt.com/reference/artifacts/manifest-json.
"""

import json
import re
from collections import abc
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sync.domain.instant import parse
from sync.errors import ConfigError, ConfigProblem

#: What dbt puts into the warehouse as a table or view.
_TABLES = frozenset({"model", "seed", "snapshot"})
#: The versions of its files that are read here: those of dbt 1.0 and later.
MANIFESTS, RESULTS = range(4, 13), range(4, 7)
_ELSEWHERE = "dbt writes it: dbt parse, or any other run; it is target/manifest.json of the project"


@dataclass(frozen=True, slots=True)
class DbtModel:
    """A model: its name in dbt, where the warehouse has it, and the columns that dbt says are its key.

    `relation` is its whole name as dbt writes it for this warehouse. `tests` are the ids of all tests that ask it.
    """

    name: str
    schema: str
    table: str
    key: tuple[str, ...]
    id: str = ""
    relation: str = ""
    tests: tuple[str, ...] = ()


def read_models(manifest: Path) -> dict[str, DbtModel]:
    """The models by their names in dbt, without those that are no table.

    Raises:
        ConfigError: there is no such file, or it is no manifest.
    """
    try:
        nodes = _read(manifest, "manifest", MANIFESTS)["nodes"]
        tested, asking = _unique_columns(nodes.values()), _asking(nodes)
        models = (
            _model(name, node, tested, asking.get(name, ()))
            for name, node in nodes.items()
            if _is_table(node)
        )
        return {model.name: model for model in sorted(models, key=lambda model: model.name)}
    except OSError as error:
        message = f"{manifest} cannot be read: {error.strerror}"
        raise ConfigError(ConfigProblem(message, _ELSEWHERE)) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = f"{manifest} is no manifest of dbt"
        raise ConfigError(ConfigProblem(message, _ELSEWHERE)) from error


def _read(file: Path, kind: str, versions: range) -> Any:
    """What a file of dbt holds; one of a version that nobody has seen here is refused, not guessed at."""
    content = json.loads(file.read_text(encoding="utf-8"))
    found = re.search(rf"/{kind}/v(\d+)\.json$", content["metadata"]["dbt_schema_version"])
    if found is None or int(found[1]) not in versions:
        said = f"version {found[1]}" if found else "another kind"
        message = f"{file} is a file of dbt of {said}; what is read here is {kind} version"
        hint = _elsewhere(int(found[1]) if found else None, versions)
        raise ConfigError(ConfigProblem(f"{message} {versions[0]} to {versions[-1]}", hint))
    return content


def _elsewhere(version: int | None, versions: range) -> str:
    if version is None:
        return _ELSEWHERE
    if version > versions[-1]:
        return "this dbt is newer than what is read here: a newer chartmogul-sync may know it"
    return "dbt 1.0 and later write them"


def _asking(nodes: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Model → the tests that ask it, by themselves or beside others."""
    found: dict[str, tuple[str, ...]] = {}
    for name, node in nodes.items():
        if node["resource_type"] == "test":
            for model in (node.get("depends_on") or {}).get("nodes") or ():
                found[model] = (*found.get(model, ()), name)
    return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a node of a project ended in the last call of dbt."""

    status: str
    at: datetime | None


def read_outcomes(results: Path) -> dict[str, Outcome]:
    """Node → how it ended, as dbt's run_results.json has it.

    Raises:
        FileNotFoundError: there is no such file.
        ConfigError: it cannot be read, or is none of dbt's.
    """
    try:
        content = _read(results, "run-results", RESULTS)
        made = parse(content["metadata"]["generated_at"])
        return {
            one["unique_id"]: Outcome(one["status"], _ended(one) or made)
            for one in content["results"]
        }
    except FileNotFoundError:
        raise
    except OSError as error:
        message = f"{results} cannot be read: {error.strerror}"
        raise ConfigError(ConfigProblem(message)) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigError(ConfigProblem(f"{results} is no run_results.json of dbt")) from error


def _ended(result: dict[str, Any]) -> datetime | None:
    """When a node was built."""
    timing = [step for step in result.get("timing") or () if step["name"] == "execute"]
    return parse(timing[0]["completed_at"] or "") if timing else None


def ephemeral(manifest: Path, name: str) -> bool:
    """Whether a manifest that can be read has a model of this name that is no table."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    return any(node["name"] == name and node["resource_type"] in _TABLES for node in nodes)


def _is_table(node: dict[str, Any]) -> bool:
    return node["resource_type"] in _TABLES and bool(node.get("relation_name"))


def _model(
    unique_id: str, node: dict[str, Any], tested: dict[str, str], tests: tuple[str, ...]
) -> DbtModel:
    table = node.get("alias") or node["name"]
    key = _key(node) or ((tested[unique_id],) if unique_id in tested else ())
    return DbtModel(
        node["name"], node["schema"], table, key, unique_id, node["relation_name"], tests
    )


def _key(node: dict[str, Any]) -> tuple[str, ...]:
    """The primary key that the model declares, else the key by which it is built."""
    for constraint in node.get("constraints") or ():
        if constraint.get("type") == "primary_key" and constraint.get("columns"):
            return tuple(constraint["columns"])
    for column in (node.get("columns") or {}).values():
        if any(one.get("type") == "primary_key" for one in column.get("constraints") or ()):
            return (column["name"],)
    unique = (node.get("config") or {}).get("unique_key") or ()
    return (unique,) if isinstance(unique, str) else tuple(unique)


def _unique_columns(nodes: abc.Iterable[dict[str, Any]]) -> dict[str, str]:
    """Model → the first of its columns that dbt tests to be unique."""
    found: dict[str, str] = {}
    for node in nodes:
        test = node.get("test_metadata") or {}
        if node["resource_type"] == "test" and test.get("name") == "unique":
            model = node.get("attached_node") or (node["depends_on"]["nodes"] or [""])[-1]
            column = node.get("column_name") or (test.get("kwargs") or {}).get("column_name")
            if column:
                found.setdefault(model, column)
    return found
