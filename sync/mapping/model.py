"""What a mapping file may say: the models of its parts.

One module because the parts are one format: what a key means stands beside the keys that it goes with.
"""

from typing import Any

from pydantic import Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from sync.domain import objects
from sync.domain.flaw import wrong
from sync.domain.policy import (
    ExtraColumns,
    LiveCheck,
    Mode,
    OnAbsent,
    OnDeleted,
    OnNull,
    Overwrite,
    Overwrites,
    TooLong,
)
from sync.domain.record import ATTRIBUTE, AttributeType
from sync.domain.record import Object as ObjectKind
from sync.domain.tags import TagTerms
from sync.mapping.part import Part
from sync.mapping.rules import choose_value, plant
from sync.mapping.schedule import Schedule
from sync.mapping.source import Source
from sync.mapping.tags import TagColumn, Tags
from sync.mapping.types import (
    NAMED,
    ApiKey,
    Ceiling,
    Constant,
    Count,
    DataSource,
    Flag,
    Rows,
    Share,
    Text,
    Texts,
    ValueMap,
    Version,
    Zone,
    uuid_of,
)

__all__ = [
    "AttributeSpec",
    "Destination",
    "ExtraColumns",
    "FieldSpec",
    "Limits",
    "LiveCheck",
    "Mapping",
    "Mode",
    "OnAbsent",
    "OnDeleted",
    "OnNull",
    "Overwrite",
    "Part",
    "Schedule",
    "Share",
    "Source",
    "TagColumn",
    "TooLong",
]


#: So many rows that are sent first and all refused for one reason stop their mapping, unless it says otherwise.
SAME_REFUSALS = 100


class Destination(Part):
    """Which records of which ChartMogul account are kept true."""

    object: ObjectKind = Field(
        description="What each row becomes: "
        + " or ".join(f"a {objects.of(kind).noun}" for kind in ObjectKind)
        + "."
    )
    data_source: DataSource = Field(
        default="",
        description="The data source's uuid, ds_…, or its name; ${CHARTMOGUL_DATA_SOURCE} if left out.",
    )
    account: Text | None = Field(
        default=None,
        description="The account's name or id: another account's key fails before the query.",
    )
    api_key: ApiKey = Field(
        default=SecretStr(""),
        description="The API key, always as ${NAME}; ${CHARTMOGUL_API_KEY} if left out.",
    )

    @property
    def uuid(self) -> str:
        """The data source's uuid; empty where the mapping says its name."""
        return uuid_of(self.data_source)

    @property
    def source_name(self) -> str | None:
        """The data source's name, where the mapping says that."""
        named = self.data_source.startswith(NAMED)
        return self.data_source.removeprefix(NAMED) if named else None


class FieldSpec(Part):
    """Where a field's value comes from; a plain text is short for `{column: TEXT}`."""

    column: Text | None = Field(default=None, description="The query's column.")
    constant: Constant | None = Field(default=None, description="One value for every row.")
    on_null: OnNull | None = Field(
        default=None,
        description="What a null in this column does; the mapping's on_null if left out.",
    )
    default: Constant | None = Field(default=None, description="What stands in for a null.")
    overwrite: Overwrite | None = Field(
        default=None,
        description="Whose value wins in this field; the mapping's overwrite if left out.",
    )
    timezone: Zone | None = Field(
        default=None, description="The time zone of times that carry none; UTC if left out."
    )
    map: ValueMap | None = Field(
        default=None,
        description="What stands for the column's texts, such as {UK: GB}; others stay, null is never looked up.",
    )
    was: Text | None = Field(
        default=None,
        description="The column of the key that a record had before; ChartMogul keeps it, and it is not made twice.",
    )

    @model_validator(mode="before")
    @classmethod
    def _lengthen(cls, raw: Any) -> Any:
        match raw:
            case PydanticCustomError():
                raise raw
            case str():
                return {"column": raw}
            case dict():
                misspelt = raw.keys() - cls.model_fields.keys()
                return raw if misspelt else choose_value(raw)
            case _:
                raise wrong("is not a column; write the column's name, or {constant: …}")


class AttributeSpec(FieldSpec):
    """Where a custom attribute's value comes from, and its type."""

    type: AttributeType = Field(
        description="The attribute's type, which ChartMogul locks at the first write, for good."
    )
    too_long: TooLong = Field(
        default=TooLong.REJECT,
        description="What happens to more than 255 characters: reject the row, or truncate them.",
    )


class Limits(Part):
    """Rails that stop a run before it does what nobody meant."""

    max_rejected: Rows | None = Field(
        default=None, description="Stop when more rows than this are rejected: a number, or 5%."
    )
    max_creates: Rows | None = Field(
        default=None, description="Stop before more records than this are created: a number, or 5%."
    )
    max_updates: Rows | None = Field(
        default=None, description="Stop before more records than this are changed: a number, or 5%."
    )
    max_clears: Rows | None = Field(
        default=None,
        description="Stop before a field of more rows than this is emptied, or tags are removed from more: a number, or"
        " 5%; 10% and at least 20 unless set.",
    )
    max_requests: Count | None = Field(
        default=None, description="Stop after this many requests to ChartMogul."
    )
    max_same_refusals: Ceiling = Field(
        default=SAME_REFUSALS,
        description="Stop when as many rows were sent first and all refused for one reason; none lifts it.",
    )
    allow_empty: Flag = Field(
        default=False, description="Let an empty result pass although the last run had rows."
    )


class Mapping(Part):
    """One mapping: a query of the warehouse, and the ChartMogul records that its rows become."""

    version: Version = Field(description="The version of this format.")
    name: Text = Field(description="What reports call this mapping; the file's stem if left out.")
    source: Source = Field(description="Where the rows come from.")
    destination: Destination = Field(description="Which ChartMogul records are kept true.")
    mode: Mode = Field(
        default=Mode.UPSERT,
        description="upsert creates and changes, insert only creates, update only changes.",
    )
    fields: dict[str, FieldSpec] = Field(
        description="ChartMogul's fields: for each the column it comes from, or the long form."
    )
    attributes: dict[str, AttributeSpec] = Field(
        default_factory=dict, description="Custom attributes: for each the column and the type."
    )
    tags: Tags = Field(
        default=(),
        description="Tags: a text is one that every customer of the query gets, and is never removed; {column: …,"
        " separator: …} adds those of the row, and removes what it added once the row has it no more.",
    )
    extra_columns: ExtraColumns = Field(
        default=ExtraColumns.ATTRIBUTES,
        description="What happens to columns that nothing names; must be written out with table.",
    )
    ignore_columns: Texts = Field(
        default=(), description='Columns to leave out, as names or globs such as "*_hash".'
    )
    on_null: OnNull = Field(
        default=OnNull.KEEP,
        description="What a null does: keep sends nothing, clear empties, reject rejects the row.",
    )
    absent: OnAbsent = Field(
        default=OnAbsent.REJECT,
        description="In mode update: how a row ends that ChartMogul does not have.",
    )
    deleted: OnDeleted = Field(
        default=OnDeleted.CREATE,
        description="What becomes of a row whose record was deleted in ChartMogul: create it again, or leave it so.",
    )
    overwrite: Overwrite = Field(
        default=Overwrite.ALWAYS,
        description="Whose value wins where ChartMogul holds another one: the row's always, only where it is empty"
        " (if_empty), or where nobody else changed it: the edit stays (unless_edited), or the row is rejected"
        " (reject_edited).",
    )
    live_check: LiveCheck = Field(
        default=LiveCheck.CHANGED,
        description="Whether a row that changed is looked up in ChartMogul before it is written.",
    )
    tolerate_rejected: Rows = Field(
        default=Share(rows=0),
        description="Up to this many rejected rows, a number or 5%, still end with exit code 0.",
    )
    limits: Limits = Field(default_factory=Limits, description="Rails that stop a run.")
    labels: Texts = Field(
        default=(), description="Names for groups of mappings: --select label:NAME takes one."
    )
    schedule: Schedule | None = Field(
        default=None,
        description="When the mapping runs, for `schedule` without --every and --cron.",
    )
    enabled: Flag = Field(default=True, description="false leaves the mapping out of everything.")

    @model_validator(mode="before")
    @classmethod
    def _plant(cls, raw: Any) -> Any:
        return plant(raw) if isinstance(raw, dict) else raw

    @property
    def overwrites(self) -> Overwrites:
        """Whose value wins, for each field and attribute."""
        specs = {**self.fields, **{ATTRIBUTE + key: spec for key, spec in self.attributes.items()}}
        said = {name: spec.overwrite for name, spec in specs.items() if spec.overwrite is not None}
        return Overwrites(self.overwrite, said)

    @property
    def constant_tags(self) -> tuple[str, ...]:
        """The tags of every row."""
        return tuple(one for one in self.tags if isinstance(one, str))

    @property
    def tag_columns(self) -> tuple[TagColumn, ...]:
        """The columns that bring each row tags of its own."""
        return tuple(one for one in self.tags if isinstance(one, TagColumn))

    @property
    def tag_terms(self) -> TagTerms:
        """What is said of tags."""
        return TagTerms(self.constant_tags, bool(self.tag_columns))

    @property
    def extra_columns_written(self) -> bool:
        """Whether the file says what becomes of extra columns, or leaves it at the default."""
        return "extra_columns" in self.model_fields_set
