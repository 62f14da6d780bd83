"""Comments of SQL in queries that YAML folds."""

import pytest

from sync.errors import ConfigError
from sync.mapping.loader import load

REST = "destination: {object: customer, data_source: ds_1}\nfields: {external_id: id}\n"
MESSAGE = "this -- comment hides the rest of the query: YAML puts the lines that follow it on one line with it"


def told(folder, source):
    """The place and the message of every problem of a mapping with this source."""
    file = folder / "customers.yml"
    file.write_text(f"version: 1\nsource:\n{source}\n{REST}", encoding="utf-8")
    try:
        load([file], {}, frozenset())
    except ConfigError as error:
        return [(problem.line, problem.column, problem.message) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("  query: select id from acc -- paying\n    where paying", (3, 29)),
        ("  query: >\n    select id from acc -- paying\n    where paying", (4, 24)),
        ("  query: >-\n    select id, '--' as x -- the -- id\n    from acc", (4, 26)),
        ('  query: "select id -- key\n    from acc"', (3, 21)),
        ("  query: 'select id --\n    from acc'", (3, 21)),
        ("  query:\n    select id\n    --all\n    from acc", (5, 5)),
        ("  query: >\n    select id -- one\n\n    from acc -- two\n    where paying", (6, 14)),
        ("  {query: select id --key\n    from acc}", (3, 21)),
    ],
)
def test_hidden(tmp_path, source, place):
    """Where YAML makes one line of two, what follows a comment is told as lost, at the comment."""
    assert told(tmp_path, source) == [(*place, MESSAGE)]


@pytest.mark.parametrize(
    "source",
    [
        "  query: |\n    select id from acc -- paying\n    where paying",
        "  query: select id from acc -- all",
        "  query: select id from acc\n    where paying -- only",
        "  query: >\n    select id -- the key\n\n    from acc",
        "  query: >\n    select id\n      -- the key\n      , name\n    from acc",
        "  query: select '-- no' as id\n    from acc",
        '  query: select "--" as id\n    from acc',
        "  query: select $$ -- $$ as id\n    from acc",
        "  query: select id /* -- */\n    from acc",
        '  query: "select id -- key\\n from acc"',
    ],
)
def test_nothing_hidden(tmp_path, source):
    """Comments that end where they seem to end are none of our business."""
    assert told(tmp_path, source) == []
