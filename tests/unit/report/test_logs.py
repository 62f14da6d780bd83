"""The form of log lines."""

import io
import json
import logging
import re
import subprocess
import sys

import pytest

from sync.report import logs


class Screen(io.StringIO):
    """A stream that calls itself a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("wanted", "stream", "expected"),
    [
        (None, Screen(), "text"),
        (None, io.StringIO(), "json"),
        ("json", Screen(), "json"),
        ("text", io.StringIO(), "text"),
    ],
)
def test_style(wanted, stream, expected):
    """People on a terminal read text, machines JSON, unless SYNC_LOG says otherwise."""
    assert expected == logs.style(wanted, stream)


def test_json():
    """A line is one JSON object, whatever is in it, with the common keys first."""
    stream = io.StringIO()
    log = logs.logger("json", stream).bind(run_id="r1")
    log.warning("row_rejected", codes=["x"], key="a\n\ud800", row=3, mapping="customers")
    (line,) = stream.getvalue().splitlines()
    stream.getvalue().encode("ascii")
    found = json.loads(line)
    time = found.pop("timestamp")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", time)
    assert list(found.items()) == [
        ("level", "warning"),
        ("event", "row_rejected"),
        ("run_id", "r1"),
        ("mapping", "customers"),
        ("row", 3),
        ("key", "a\n\ud800"),
        ("codes", ["x"]),
    ]


def test_text():
    """A line for people has the moment with its date, the level, the event and the rest as pairs."""
    stream = io.StringIO()
    log = logs.logger("text", stream).bind(run_id="r1")
    log.info("run_started", mappings=["a"], error=None, message="it's \x1b[31m on\nfire", key="")
    expected = (
        "info    run_started run_id=r1 key='' mappings=\"['a']\" error=None"
        ' message="it\'s \\x1b[31m on\\nfire"\n'
    )
    line = stream.getvalue()
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", line)
    assert expected == line[21:]


def test_level():
    """Nothing below the level is written."""
    stream = io.StringIO()
    log = logs.logger("json", stream, logging.WARNING)
    log.info("quiet")
    log.error("loud")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["loud"]


@pytest.fixture
def _root():
    """The root logger as it was."""
    root = logging.getLogger()
    before = list(root.handlers)
    yield
    root.handlers[:] = before


@pytest.mark.usefixtures("_root")
def test_libraries():
    """Warnings of libraries come out in the same form, without the arguments of their message."""
    stream = io.StringIO()
    logs.adopt(logs.logger("json", io.StringIO()))
    logs.adopt(logs.logger("json", stream))
    library = logging.getLogger("some.driver")
    library.info("quiet")
    library.warning("cannot parse %s", "secret")
    library.error(ValueError("secret"))
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["level"], line["event"], line["logger"], line["message"]) for line in found] == [
        ("warning", "library", "some.driver", "cannot parse %s"),
        ("error", "library", "some.driver", "ValueError"),
    ]


def test_structlog_is_imported_late():
    """Commands that log nothing do not pay for structlog."""
    code = "import sys, sync.report.logs, sync.report.log; sys.exit('structlog' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
