"""Where the rows of a mapping come from, as its file says."""

from typing import Any

from pydantic import Field, SecretStr, model_validator

from sync.domain.flaw import flaw
from sync.domain.policy import DbtTests, ReadBy, RowsShown
from sync.mapping.part import Part
from sync.mapping.times import Interval
from sync.mapping.types import Options, Seconds, Text

#: What a source has exactly one of.
WAYS = ("query", "query_file", "table", "dbt_model")
_OF_DBT = ("dbt_manifest", "dbt_fresh_within", "dbt_tests")


class Source(Part):
    """Where the rows come from."""

    url: SecretStr = Field(
        default=SecretStr(""),
        description="The warehouse as an SQLAlchemy URL; ${WAREHOUSE_URL} if left out.",
    )
    query: Text | None = Field(
        default=None, description="The SQL whose rows are what ChartMogul should show."
    )
    query_file: Text | None = Field(
        default=None, description="A file with the SQL, relative to the mapping's folder."
    )
    table: Text | None = Field(
        default=None, description="A table or view to read whole, instead of a query."
    )
    dbt_model: Text | None = Field(
        default=None, description="A model of a dbt project to read whole, instead of a query."
    )
    dbt_manifest: Text | None = Field(
        default=None,
        description="The project's target/manifest.json, relative to the mapping's folder.",
    )
    dbt_fresh_within: Interval | None = Field(
        default=None,
        description="Stop unless dbt built the model at most so long ago, such as 6h.",
    )
    dbt_tests: DbtTests | None = Field(
        default=None, description="passed: stop unless all tests of the model passed in dbt."
    )
    options: Options = Field(
        default_factory=dict,
        description="Options for the driver, such as credentials beside the URL; every ${…} in them is a secret.",
    )
    timeout: Seconds | None = Field(
        default=None,
        description="How long the query may take, such as 10m; unless set, as long as it does.",
    )
    rows: RowsShown = Field(
        default=RowsShown.ALL,
        description="some: the query shows only part of the records, so that absence says nothing.",
    )

    read: ReadBy = Field(
        default=ReadBy.ROWS,
        description="fingerprints: the warehouse compares, and only rows of buckets that differ are read.",
    )

    @property
    def text(self) -> str:
        """What the state knows it by: the query, else the table's name."""
        return self.query or self.table or ""

    @model_validator(mode="before")
    @classmethod
    def _choose(cls, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        given = [name for name in WAYS if name in raw]
        if not given and raw.keys() - cls.model_fields.keys():
            return raw  # one of them is misspelt: the unknown key says so
        if not given:
            raise flaw(f"needs exactly one of: {', '.join(WAYS)}")
        if len(given) == 1:
            return _with_dbt(raw)
        message = f"give either {given[0]} or {given[1]}; a source has exactly one of them"
        return raw | {given[1]: flaw(message)}


def _with_dbt(raw: dict[str, Any]) -> dict[str, Any]:
    """What goes with a model goes with nothing else, and the model needs its manifest."""
    if "dbt_model" not in raw:
        found = [name for name in _OF_DBT if name in raw]
        return raw | {name: flaw("goes with dbt_model only; take it out") for name in found}
    if "dbt_manifest" in raw:
        return raw
    message = "key 'dbt_manifest' is missing; the model is found by it"
    return raw | {"dbt_manifest": flaw(message, "dbt_manifest: ../dbt/target/manifest.json")}
