"""Errors for people."""

from sync.errors import ConfigError, ConfigProblem, SourceError, StateError
from sync.report.failure import errors_text


def test_message_and_hint():
    """What happened, then what to do about it."""
    error = StateError("cannot open the state: no such folder", "create it, or set SYNC_STATE_URL")
    expected = "cannot open the state: no such folder\nhint: create it, or set SYNC_STATE_URL"
    assert expected == errors_text(error)


def test_message_of_a_database():
    """A message of several lines keeps them, but nothing that a terminal obeys."""
    expected = 'relation "x" does not exist\nLINE 1: select \\x1b[31m'
    error = SourceError('relation "x" does not exist\nLINE 1: select \x1b[31m')
    assert expected == errors_text(error)


def test_no_message():
    """An error without words is an empty line, not a crash."""
    assert errors_text(SourceError("")) == ""


def test_problems_by_file():
    """All problems at once: those without a file first, then each file's by line."""
    file = "mappings/customers.yml"
    error = ConfigError(
        ConfigProblem(
            "unknown key 'colum'", "did you mean 'column'?", file, 10, 10, "fields.name.colum"
        ),
        ConfigProblem("not a mapping", file="mappings/b.yml"),
        ConfigProblem(
            "'custmer' is not something ChartMogul takes",
            "use one of: contact, customer",
            file,
            6,
            3,
            "destination.object",
        ),
        ConfigProblem("CHARTMOGUL_API_KEY is not set", "set it in the environment or in .env"),
    )
    expected = """\
CHARTMOGUL_API_KEY is not set
hint: set it in the environment or in .env

mappings/b.yml: 1 problem

  mappings/b.yml
      not a mapping

mappings/customers.yml: 2 problems

  mappings/customers.yml:6:3  destination.object
      'custmer' is not something ChartMogul takes
      hint: use one of: contact, customer

  mappings/customers.yml:10:10  fields.name.colum
      unknown key 'colum'
      hint: did you mean 'column'?"""
    assert expected == errors_text(error)


def test_config_error_without_problems():
    """A ConfigError that names none is still printed."""
    assert errors_text(ConfigError()) == ""
