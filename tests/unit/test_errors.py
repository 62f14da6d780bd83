"""Errors as schedulers see them, who run each task in a process of its own and hand on what it raised."""

import copy
import pickle

import pytest

from sync import errors
from sync.errors import (
    Answered,
    ConfigError,
    ConfigProblem,
    CutShort,
    LockedError,
    NoSource,
    Outage,
    RailError,
    Refusal,
    Refused,
    StateError,
    SyncError,
    Unavailable,
)

ANSWERED = Answered(422, "{}", 2, (Refusal("email", "is invalid"),))
SOME = [
    ConfigError(
        ConfigProblem("no such column", "there are a, b", "customers.yml", 7),
        ConfigProblem("no key"),
    ),
    StateError("the state is locked", "wait for the other one"),
    RailError("too many", "look", "max_updates"),
    LockedError("somebody writes", free_in=12.5),
    Refused("not this one", ANSWERED, "mend it"),
    NoSource("CRM", ["Warehouse"]),
    Unavailable("no answer", ANSWERED, sent=True, retry_after=3.0),
    CutShort(Outage("nothing but failures")),
]


@pytest.mark.parametrize("error", SOME, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    "carried", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy], ids=["pickle", "copy"]
)
def test_an_error_outlives_its_process(error, carried):
    """It is of its kind, and says all that it said."""
    found = carried(error)
    assert type(found) is type(error)
    assert (str(found), found.args, found.exit_code) == (str(error), error.args, error.exit_code)
    assert errors.told(found) == errors.told(error)
    assert errors.cause(found) == errors.cause(error)
    for name, value in vars(error).items():
        held = vars(found)[name]
        assert str(held) == str(value) if isinstance(value, SyncError) else held == value
