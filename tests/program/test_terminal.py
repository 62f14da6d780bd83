"""What a row holds, or ChartMogul answers, commands no terminal, forges no line and starts no formula."""

import csv
import json
import os
import re
import unicodedata

import pytest

from tests.support.forking import ROOT
from tests.support.program import MAPPING
from tests.support.terminals import on_a_terminal

ODD = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eevil\u2066\x85\r\n10:00:00 error run_finished\x7f"
FORMULA = '=HYPERLINK("https://evil.example")'
#: Seen or obeyed by a terminal; a line feed is for the program alone.
OBEYED = ("Cc", "Cf", "Zl", "Zp")


def obeyed(text):
    """The characters of a text that a terminal would obey."""
    return {c for c in text if c != "\n" and unicodedata.category(c) in OBEYED}


@pytest.fixture
def desk(desk):
    """Such text in every column, in good rows and in bad ones."""
    desk.rows(
        {"id": f"a{ODD}", "company": ODD},
        {"id": f"b{ODD}", "country": ODD, "email": ODD, "lead": ODD, "seats": ODD},
        {"id": f"{FORMULA}", "country": FORMULA, "email": f" {FORMULA}", "seats": f"\t{FORMULA}"},
    )
    return desk


@pytest.mark.parametrize("style", ["text", "json"])
def test_nothing_commands_the_terminal(desk, style):
    """Whatever a command prints of it, on either stream, in either style."""
    body = json.dumps({"code": 422, "message": ODD, "param": ODD}, ensure_ascii=False)
    desk.place.sandbox.sandbox.fail(method="POST", times=1, status=422, body=body)
    commands = [("run",), ("report",), ("report", "--json"), ("run", "--full", "--json"), ("runs",)]
    commands += [("preview",), ("preview", "--json"), ("run", "--full", "--dry-run"), ("check",)]
    for arguments in commands:
        ended = desk(*arguments, SYNC_LOG=style)
        assert obeyed(ended.out + ended.err) == set(), arguments
        lines = (ended.out + ended.err).splitlines()
        assert not [line for line in lines if line.startswith("10:00:00 error")]


@pytest.mark.parametrize("form", ["markdown", "github", "junit"])
def test_no_value_begins_a_line(desk, form):
    """Not even where values are asked for: a line end in one is shown as what it is."""
    for command in (("preview",), ("run", "--dry-run"), ("run",), ("audit",), ("report",)):
        told = desk(*command, "--format", form, "--values").out
        assert obeyed(told) - {"\u2060"} == set(), command  # Markdown: keeps a mark from being one
        assert not [line for line in told.splitlines() if line.startswith("10:00:00")], command


NAME = "a\x1b]0;owned\x07\x9b31m\u202e"


@pytest.mark.parametrize(
    ("key", "arguments"),
    [
        ("good", ("validate",)),
        ("good", ("check",)),
        ("good", ("preview",)),
        ("good", ("run",)),
        ("good", ("run", "--json")),
        ("good", ("status", "--json")),
        ("good", ("forget", NAME)),
        ("bad", ("validate",)),
        ("bad", ("check",)),
        ("bad", ("preview",)),
        ("good", ("validate", NAME)),
        ("good", (NAME,)),
        ("good", ("run", f"--{NAME}")),
        ("good", ("report", NAME)),
    ],
)
def test_no_name_commands_the_terminal(desk, key, arguments):
    """Of a mapping, a file, a column or an attribute; nor an argument, nor a key that is unknown."""
    (desk.place.folder / "mappings" / "customers.yml").unlink()
    text = MAPPING.replace("version: 1", f"version: 1\nname: {json.dumps(NAME)}")
    text = text.replace(
        "select * from accounts", json.dumps(f'select *, 1 as "{NAME}" from accounts')
    )
    text = text.replace("ignore", "attributes" if key == "good" else "reject")
    if key == "bad":
        text = text.replace(
            "company: company", f"company: {json.dumps(NAME)}\n  {json.dumps(NAME)}: x"
        )
    desk.mapping(text, NAME)
    if "forget" in arguments:
        desk("run")
    ended = desk(*arguments, SYNC_TIMEOUTS="x")
    assert obeyed(ended.out + ended.err) == set()
    assert "a\\x1b" in ended.out + ended.err or "a\\u001b" in ended.out + ended.err


def test_nothing_starts_a_formula(desk):
    """In any column of errors.csv: key, value, and the rest."""
    desk("run")
    folder = desk.place.folder / "reports" / "latest"
    with (folder / "errors.csv").open(newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert any(FORMULA in cell for cell in cells)
    assert not [
        cell for cell in cells if cell.lstrip(" \t\r\n\"'").startswith("=") and cell[0] != "'"
    ]
    assert not [cell for cell in cells if cell.strip() and cell.strip()[0] in "=+@\t\r"]


def shown_on(desk, columns, *arguments):
    """The lines that a command prints on a terminal of so many columns."""
    told = {
        **os.environ,
        **desk.place.environment,
        "COLUMNS": str(columns),
        "PYTHONPATH": str(ROOT),
    }
    said = on_a_terminal(arguments, told, desk.place.folder)
    return said.replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize("command", ["status", "check"])
def test_lines_end_between_words(desk, command):
    """On a narrow terminal no id is cut in two; in a pipe a line is a line."""
    desk.rows({})
    desk("run")
    name = (desk.place.folder / "reports" / "latest").resolve().name
    piped = desk(command).out
    shown = shown_on(desk, 40, command)
    told, said = (
        re.sub(r"[\d.]+ s ago", "", " ".join(text.split())) for text in (piped, "\n".join(shown))
    )
    assert said == told
    assert len(shown) > len(piped.splitlines())
    assert [line for line in shown if len(line) > 40 and " " in line.strip()] == []
    assert command == "check" or any(name in line for line in shown)


def test_long_messages_are_broken_between_words(desk):
    """What is wrong, and what comes next."""
    wrong = ["validate", "there-is-no-such-folder/mappings", "--select", "label:nightly"]
    following = ["init", "accounts", "--output", "new/accounts.yml"]
    for arguments in (wrong, following):
        shown = shown_on(desk, 40, *arguments)
        assert len(shown) > 1
        assert [line for line in shown if len(line) > 40 and " " in line.strip()] == []


def test_help_is_as_wide_as_the_terminal_says(desk):
    """Where no variable tells the width, the terminal does."""
    told = {**os.environ, **desk.place.environment, "PYTHONPATH": str(ROOT)}
    told.pop("COLUMNS", None)
    said = on_a_terminal(["help", "invalid_country"], told, desk.place.folder, columns=50)
    lines = said.replace("\r\n", "\n").splitlines()
    assert 40 < max(map(len, lines)) <= 50
