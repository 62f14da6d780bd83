"""The tags of a mapping: texts for every row, and columns that bring each row its own."""

from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    PlainValidator,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import (
    no_info_wrap_validator_function,
    plain_serializer_function_ser_schema,
)

from sync.domain.flaw import flaw, wrong
from sync.mapping.part import Part
from sync.mapping.types import Text, text_of


def _separator(value: Any) -> str:
    """Any text, a blank or a line break as well."""
    if not isinstance(value, str):
        raise wrong("is not text; put it in quotes")
    if not value:
        raise flaw("is empty; take it out where each value is one tag")
    return value


Separator = Annotated[
    str, PlainValidator(_separator), WithJsonSchema({"type": "string", "minLength": 1})
]


class TagColumn(Part):
    """A column that brings each row tags of its own."""

    column: Text = Field(description="The query's column.")
    separator: Separator | None = Field(
        default=None,
        description="What stands between the tags of a value; a value is one tag if left out.",
    )

    @model_validator(mode="before")
    @classmethod
    def _review(cls, raw: Any) -> Any:
        """A key that is misspelt is not missing as well: one mistake, one problem."""
        if not isinstance(raw, dict) or not raw.keys() - cls.model_fields.keys():
            return raw
        return {"column": "unknown"} | raw


def _item(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """A text stays one; all else is a column's."""
    return value if isinstance(value, str) else handler(value)


def _written(item: str | TagColumn) -> Any:
    """An item as the file says it."""
    return item if isinstance(item, str) else item.model_dump(exclude_defaults=True)


def _schema(_: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    """A column's own model, so that each mistake has its place; texts are let through."""
    written = plain_serializer_function_ser_schema(_written)
    return no_info_wrap_validator_function(_item, handler(TagColumn), serialization=written)


def _items(value: Any) -> Any:
    """A list of texts and columns, none of them twice."""
    if isinstance(value, PydanticCustomError):
        raise value
    if not isinstance(value, list | tuple):
        raise wrong("is not a list; write it as [one, two]")
    items = [one if isinstance(one, dict | TagColumn) else text_of(one) for one in value]
    if any(one in items[:place] for place, one in enumerate(items)):
        raise flaw("names the same thing twice; take one out")
    return tuple(items)


TagItem = Annotated[str | TagColumn, GetPydanticSchema(_schema)]
Tags = Annotated[tuple[TagItem, ...], BeforeValidator(_items)]
