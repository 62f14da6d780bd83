"""The models of a dbt project, out of the manifest that dbt writes.

The format: docs.getdbt.com/reference/artifacts/manifest-json.
"""

import json
from collections import abc
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync.errors import ConfigError, ConfigProblem

#: What dbt puts into the warehouse as a table or view.
_TABLES = frozenset({"model", "seed", "snapshot"})
_ELSEWHERE = "dbt writes it: dbt parse, or any other run; it is target/manifest.json of the project"


@dataclass(frozen=True, slots=True)
class DbtModel:
    """A model: its name in dbt, where the warehouse has it, and the columns that dbt says are its key."""

    name: str
    schema: str
    table: str
    key: tuple[str, ...]


def read_models(manifest: Path) -> dict[str, DbtModel]:
    """The models by their names in dbt, without those that are no table.

    Raises:
        ConfigError: there is no such file, or it is no manifest.
    """
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
        nodes = content["nodes"]
        tested = _unique_columns(nodes.values())
        models = (_model(name, node, tested) for name, node in nodes.items() if _is_table(node))
        return {model.name: model for model in sorted(models, key=lambda model: model.name)}
    except OSError as error:
        message = f"{manifest} cannot be read: {error.strerror}"
        raise ConfigError(ConfigProblem(message, _ELSEWHERE)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{manifest} is no manifest of dbt"
        raise ConfigError(ConfigProblem(message, _ELSEWHERE)) from error


def _is_table(node: dict[str, Any]) -> bool:
    return node["resource_type"] in _TABLES and bool(node.get("relation_name"))


def _model(unique_id: str, node: dict[str, Any], tested: dict[str, str]) -> DbtModel:
    table = node.get("alias") or node["name"]
    key = _key(node) or ((tested[unique_id],) if unique_id in tested else ())
    return DbtModel(node["name"], node["schema"], table, key)


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
