"""A secret is found in whatever spelling, and a word that equals it stays."""

import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain.secret import mask

TELLING = st.text(min_size=16).filter(lambda text: text.strip() == text)


@given(TELLING, st.sampled_from([str, quote, quote_plus, repr, lambda text: quote(text, safe="")]))
def test_any_spelling_is_masked(secret, spell):
    """As it is, percent-encoded in three ways, and escaped as in Python's quotes."""
    spelled = spell(secret.encode("utf-8", "replace").decode())
    assert spelled.strip("'\"") not in mask(
        f"before {spelled} after", secret.encode("utf-8", "replace").decode()
    )


@pytest.mark.parametrize(
    ("text", "secret", "known", "expected"),
    [
        ('host "db" refused db', "db", ("db",), 'host "db" refused db'),
        ("postgresql://me:db@db/db", "db", ("db",), "postgresql://me:***@db/db"),
        ("password=db; host=db", "db", ("db",), "password=***; host=db"),
        ('"pwd": "trial", plan trial', "trial", (), '"pwd": "***", plan trial'),
        ('no host "trial" for trial', "trial", (), 'no host "***" for trial'),
        ("port 5432", "5432", (), "port 5432"),
        ("x7!q and x7!q", "x7!q", (), "*** and ***"),
        ("HuNter HuNter", "HuNter", (), "*** ***"),
        ("anything", "", (), "anything"),
        ("anything", "  ", (), "anything"),
    ],
)
def test_where_it_is_a_secret(text, secret, known, expected):
    """A word, a number or a name that may be shown is masked only where it is the secret."""
    assert mask(text, secret, known) == expected


def test_values_in_quotes():
    """Where rows may be quoted, a word in quotes stays, and what is no word goes if it is long."""
    assert mask('no integer: "trial"', "trial", quoted=False) == 'no integer: "trial"'
    assert mask('no integer: "pro-1"', "pro-1", quoted=False) == 'no integer: "pro-1"'
    assert mask('no integer: "s3cr-et-7"', "s3cr-et-7", quoted=False) == 'no integer: "***"'


def test_json():
    """An escape of JSON is one of Python's for what a password may hold."""
    secret = "long\\enough\tfor\nanything"
    assert mask(json.dumps(secret), secret) == '"***"'
