"""How things read on a terminal."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain.results import Status
from sync.report.words import STATUSES, count, duration, named, value, visible, wrapped


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Müller", "Müller"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb", "a\\x0ab"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\U000e0001", "\\ue0001"),
        ("[bold]x[/bold]", "[bold]x[/bold]"),
        ("x" * 501, "x" * 499 + "…"),
    ],
)
def test_visible(text, expected):
    """What a terminal would obey or hide is spelled out, and long text cut."""
    assert expected == visible(text)


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_visible_text_is_printable(text):
    """No text moves the cursor or breaks the encoding."""
    seen = visible(text)
    assert seen.replace(" ", "").isprintable() or not seen.isascii()
    assert not set(seen) & set("\x1b\r\n\x07\u202e\u2028")
    seen.encode("utf-8")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "(empty)"),
        ((), "(none)"),
        (("a", "b"), "a, b"),
        ([1, None], "1, None"),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (Decimal("5.50"), "5.50"),
        ("AT", "AT"),
        ("", '""'),
        (" padded", '" padded"'),
        ("x" * 61, "x" * 59 + "…"),
    ],
)
def test_value(content, expected):
    """Empty, blank and padded values can be told apart."""
    assert expected == value(content)


def test_named():
    """A key is shown unless it holds an e-mail address."""
    keys = [named(key, lambda _: "#1234") for key in ("cus_1", "cus_1|a@example.com", None)]
    assert keys == ["cus_1", "#1234", "without a key"]


def test_count():
    """Numbers have separators, nouns their plural."""
    phrases = [count(1, "row"), count(1_234, "row"), count(0, "reply", "replies")]
    assert phrases == ["1 row", "1,234 rows", "0 replies"]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (0.04, "0 s"),
        (1.25, "1.2 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.9, "1 min"),
        (125, "2 min 5 s"),
        (3_599.9, "1 h"),
        (7_800, "2 h 10 min"),
    ],
)
def test_duration(seconds, expected):
    """Durations have two units at most."""
    assert expected == duration(seconds)


def test_every_status_has_words():
    """No status is shown as a bare name."""
    assert set(Status) == set(STATUSES)


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("", [""]),
        ("fits in it", ["fits in it"]),
        ("one two three four", ["one two", "  three", "  four"]),
        ("    four blanks", ["    four", "     blanks"]),
        ("an_id_that_is_longer_than_a_line and", ["an_id_that_is_longer_than_a_line", "  and"]),
        ("see an_id_that_is_longer", ["see", "  an_id_that_is_longer"]),
        ("株式会社 クイン ab", ["株式会社", "  クイン", "  ab"]),
        ("a  b  c  d  e", ["a  b  c  d", "  e"]),
    ],
)
def test_wrapped(line, pieces):
    """Between words, at ten cells, of which East Asian letters take two; ids stay whole."""
    assert list(wrapped(line, 10)) == pieces


@given(st.text(alphabet="ab 株\u0301🍎", max_size=80), st.integers(1, 40))
def test_no_word_is_lost(line, width):
    """Whatever the width, the words come in their order."""
    assert " ".join(wrapped(line, width)).split() == line.split()
