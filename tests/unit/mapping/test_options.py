"""Options for a driver as a command is told them: what is text, what is not, and what is secret."""

import pytest

from sync.errors import ConfigError
from sync.mapping import options


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("reader", "reader"),
        ("http://127.0.0.1:1/x?a=b #c", "http://127.0.0.1:1/x?a=b #c"),
        ("8", 8),
        ("-1.5", -1.5),
        ("false", False),
        ("False", "False"),
        ("007", "007"),
        ("NaN", "NaN"),
        ("1e999", "1e999"),
        ("null", "null"),
        ('"8"', "8"),
        ("{TIMEZONE: UTC, deep: {n: 1.5}}", {"TIMEZONE": "UTC", "deep": {"n": 1.5}}),
        ("[a, 2]", ["a", 2]),
    ],
)
def test_values(value: str, expected: object):
    """A value is what it looks like in YAML, but that nobody has to put text in quotes."""
    told = options.read([f"name={value}"], {})
    assert told.written == {"name": expected}
    assert options.revealed(told.filled) == {"name": expected}
    assert list(options.secrets(told.filled)) == []


def test_secrets():
    """What a variable gives is secret, wherever it stands; what is written keeps its name."""
    told = options.read(["a=x-${ONE}", 'b=["${TWO}"]'], {"ONE": "1", "TWO": "2"})
    assert told.written == {"a": "x-${ONE}", "b": ["${TWO}"]}
    assert told.variables == ["ONE", "TWO"]
    assert options.revealed(told.filled) == {"a": "x-1", "b": ["2"]}
    assert list(options.secrets(told.filled)) == ["x-1", "2"]
    assert "x-1" not in repr(told)


@pytest.mark.parametrize("text", ["a=[${ONE}]", "a=[null]", "a=['${NONE}']"])
def test_no_values(text: str):
    """What no option can be is refused, however deep it stands."""
    with pytest.raises(ConfigError):
        options.read([text], {"ONE": "1"})
