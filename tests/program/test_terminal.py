"""What a row holds, or ChartMogul answers, commands no terminal, forges no line and starts no formula."""

import csv
import json
import unicodedata

import pytest

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
