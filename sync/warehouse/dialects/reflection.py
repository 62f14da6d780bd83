"""What a database says of its own tables, by SQLAlchemy's inspector."""

import warnings
from collections import abc
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Inspector, inspect, types

from sync.domain.record import AttributeType
from sync.warehouse.dialects.dialect import Kind
from sync.warehouse.relation import Relation

#: What databases keep for themselves, in lower case; whole names, or beginnings.
_OWN = ("information_schema", "mysql", "performance_schema", "sys", "system")
_OWN_BEGIN = ("pg_", "db_", "crdb_")
#: SQLAlchemy's types, the special ones before the general: a Boolean is no number, an Enum is a text.
_KINDS: tuple[tuple[type[types.TypeEngine[Any]], Kind], ...] = (
    (types.Boolean, AttributeType.BOOLEAN),
    (types.Integer, AttributeType.INTEGER),
    (types.Numeric, AttributeType.DECIMAL),
    (types.Date, AttributeType.TIMESTAMP),
    (types.DateTime, AttributeType.TIMESTAMP),
    (types.JSON, "json"),
    (types.ARRAY, "array"),
    (types.LargeBinary, "binary"),
    (types.BINARY, "binary"),
    (types.VARBINARY, "binary"),
    (types.Uuid, AttributeType.STRING),
    (types.String, AttributeType.STRING),
)


def relations(connection: Connection) -> list[Relation]:
    """All tables and views that the user may see, those of the default schema first."""
    inspector = inspect(connection)
    default = inspector.default_schema_name
    found = [*_of_schema(inspector, None)]
    for schema in inspector.get_schema_names():
        if schema != default and not _is_own(schema):
            found += _of_schema(inspector, schema)
    return found


def primary_key(connection: Connection, relation: Relation) -> tuple[str, ...]:
    """The columns of the primary key; none where there is none, or nobody tells."""
    with suppress(NotImplementedError):
        found = inspect(connection).get_pk_constraint(relation.name, relation.schema)
        return tuple(found.get("constrained_columns") or ())
    return ()


def declared(connection: Connection, relation: Relation) -> dict[str, Kind]:
    """What the columns are declared as; those of a type that says nothing are left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a type that SQLAlchemy does not know
        columns = inspect(connection).get_columns(relation.name, relation.schema)
    kinds = {str(column["name"]): _kind(column["type"]) for column in columns}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _of_schema(inspector: Inspector, schema: str | None) -> abc.Iterator[Relation]:
    for name in sorted(inspector.get_table_names(schema)):
        yield Relation(schema, name)
    views = list[str]()
    for listed in (inspector.get_view_names, inspector.get_materialized_view_names):
        with suppress(NotImplementedError):
            views += listed(schema)
    for name in sorted(set(views)):
        yield Relation(schema, name, is_view=True)


def _is_own(schema: str) -> bool:
    folded = schema.lower()
    return folded in _OWN or folded.startswith(_OWN_BEGIN)


def _kind(declared: object) -> Kind:
    if isinstance(declared, types.Numeric) and declared.scale == 0 and declared.precision:
        return AttributeType.INTEGER
    return next((kind for known, kind in _KINDS if isinstance(declared, known)), None)
