"""A walk for each warehouse: what is typed from an empty folder on, and what the program says.

`tests/integration/test_walks.py` plays them, docs/warehouses.md shows them.
"""

from collections import abc
from dataclasses import dataclass

from tests.support.exactness import (
    BIGQUERY,
    CLICKHOUSE,
    DATABRICKS,
    DUCKDB,
    MARIADB,
    POSTGRESQL,
    REDSHIFT,
    SNOWFLAKE,
    SQL_SERVER,
    SQLITE,
    TRINO,
)

#: What is written by hand where `init` does not do it; a warehouse may need `options`.
MAPPING = """\
version: 1
source:
  query: |
    select id,
      company from accounts
destination: {object: customer}
fields: {external_id: id, company: company}
"""
WRONG = MAPPING.replace("company from", "compny from")


@dataclass(frozen=True, slots=True)
class Step:
    """A command, its exit code, and lines of what it says, in their order; `…` stands for what differs."""

    command: str
    code: int
    says: tuple[str, ...]

    def is_said(self, text: str) -> bool:
        """Whether the lines are there, however they are laid out."""
        said, at = " ".join(text.split()), 0
        for part in (part for line in self.says for part in line.split("…")):
            wanted = " ".join(part.split())
            found = said.find(wanted, at)
            if found < 0:
                return False
            at = found + len(wanted)
        return True


INIT = (
    Step("init", 0, ("accounts",)),
    Step("init accounts --output mappings", 0, ("mappings/accounts.yml is written",)),
)
#: The same in front of every warehouse.
EVERYWHERE = (
    Step(
        "check",
        0,
        (
            "accounts (mappings/accounts.yml) → customers, upsert",
            "  query        2 columns",
            "  ok",
        ),
    ),
    Step("run --dry-run", 0, ("accounts: would create 1 and update 0", "+ create 1  company Acme")),
    Step(
        "run",
        0,
        (
            "          read  created  updated  unchanged  skipped  rejected",
            "accounts     1        1        0          0        0         0",
            "Succeeded in …",
        ),
    ),
    Step(
        "run",
        0,
        (
            "          read  created  updated  unchanged  skipped  rejected",
            "accounts     1        0        0          1        0         0",
            "Succeeded in …",
        ),
    ),
)
#: With another key for ChartMogul.
WRONG_KEY = Step(
    "run",
    3,
    (
        "accounts: ChartMogul does not accept the API key (401): No valid API key provided; check CHARTMOGUL_API_KEY"
        " (mappings/accounts.yml)",
    ),
)


@dataclass(frozen=True, slots=True)
class Walk:
    """What one warehouse says of wrong credentials, where it has any, and of a column that is not there.

    `init` says why it was not tried; empty: it was.
    """

    wrong: tuple[str, ...]
    refused: tuple[str, ...] = ()
    init: str = ""

    @property
    def steps(self) -> abc.Iterator[Step]:
        """What `check` says of these two, as it says it in their order."""
        if self.refused:
            yield Step("check", 3, ("problem", *self.refused, "not ok"))
        yield Step("check", 3, ("problem      mappings/accounts.yml:3: ", *self.wrong, "not ok"))


_NO_CATALOG = "connects with `--option`, and is told no tables: the stand-in has no catalog"
#: Of those two.
UNTOLD = Step("init", 3, ("the warehouse does not tell its tables: …",))
WALKS: abc.Mapping[str, Walk] = {
    POSTGRESQL: Walk(
        (
            'column "compny" does not exist (line 2, column 3 of the query)',
            'Perhaps you meant to reference the column "accounts.company"',
        ),
        ("cannot connect to …: password authentication failed for user …",),
    ),
    MARIADB: Walk(
        ("Unknown column 'compny' in 'SELECT'",),
        ("cannot connect to …: Access denied for user 'writer'@'localhost' (using password: YES)",),
    ),
    SQLITE: Walk(("no such column: compny",)),
    DUCKDB: Walk(
        (
            'Binder Error: Referenced column "compny" not found in FROM clause! Candidate bindings: "company"'
            " (line 2, column 3 of the query)",
        )
    ),
    REDSHIFT: Walk(
        (
            'column "compny" does not exist (line 2, column 3 of the query)',
            'Perhaps you meant to reference the column "accounts.company"',
        ),
        init=_NO_CATALOG,
    ),
    CLICKHOUSE: Walk(
        ("Unknown expression identifier `compny`. Maybe you meant: ['company'].",),
        init="finds no table: the stand-in takes no parameters",
    ),
    TRINO: Walk(
        ("line 2:3: Column 'compny' cannot be resolved",),
        init="not tried: the stand-in has one answer",
    ),
    BIGQUERY: Walk(
        ("Unrecognized name: compny at [2:3]",),
        ("invalid_grant: Invalid JWT Signature.",),
        init="finds no table: the stand-in has none",
    ),
    DATABRICKS: Walk(
        (
            "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, variable, or function parameter with name `compny` cannot be"
            " resolved. Did you mean one of the following? [`company`, `id`]. SQLSTATE: 42703; line 2 pos 2",
        ),
        ("Invalid access token.",),
        init=_NO_CATALOG,
    ),
    SQL_SERVER: Walk(
        ("Invalid column name 'compny'. (line 2 of the query)",),
        ("cannot connect to …: Login failed for user 'reader'.",),
        init="not tried: the stand-in has no tables",
    ),
}
#: What has a test of its own, with words of its own.
ELSEWHERE = {
    SNOWFLAKE: (
        "lists the table, writes its mapping, by a `connections.toml`",
        "`` cannot connect to …: Incorrect username or password was specified. ``, or `` JWT token is invalid. […] ``",
        "words, and the place where Snowflake tells one",
    )
}


def shown() -> str:
    """What the page shows: the steps that are the same everywhere, then a table of what is not."""
    parts = [_console(step) for step in (*INIT, *EVERYWHERE)]
    steps = "\n\n".join([*parts, _console(WRONG_KEY, "CHARTMOGUL_API_KEY=another-key ")])
    head = "\n| warehouse | `init` | wrong credentials | a column that is not there |\n| --- | --- | --- | --- |\n"
    rows = [
        (name, _init(walk), _code(walk.refused), _code(walk.wrong)) for name, walk in WALKS.items()
    ]
    rows += [(name, *cells) for name, cells in ELSEWHERE.items()]
    return f"\n```console\n{steps}\n```\n{head}" + "".join(
        f"| {' | '.join(row)} |\n" for row in rows
    )


def _console(step: Step, variable: str = "") -> str:
    return "\n".join((f"$ {variable}chartmogul-sync {step.command}", *step.says))


def _init(walk: Walk) -> str:
    return walk.init or "lists the table, writes its mapping"


def _code(lines: tuple[str, ...]) -> str:
    return "; ".join(f"`` {line} ``" for line in lines) or "–"
