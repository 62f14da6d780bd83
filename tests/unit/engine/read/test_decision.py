"""What the state alone decides about a record, and what it leaves to ChartMogul."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sync.domain.policy import Mode
from sync.domain.record import Problem, Record, Rejected, Stage
from sync.domain.results import Delivered, Outcome
from sync.engine.read.decision import HELD_FOR, Marks, StateDecision
from sync.state.memory import Held
from tests.support.bench import EDITION, NOW
from tests.support.delivering import HASHER, memory

RECORD = Record(3, "a", {"name": "A"})
PRINT = HASHER.fingerprint(RECORD)
OTHER = HASHER.fingerprint(Record(3, "a", {"name": "B"}))
UNCHANGED = Delivered(3, "a", Outcome.UNCHANGED, "nothing changed", "u_a")
SKIPPED = Delivered(3, "a", Outcome.SKIPPED, "exists already, and the mode is insert", "u_a")


def decide(remembered, mode=Mode.UPSERT, *, full=False, edition=EDITION):
    """What becomes of the record, by what is remembered of its key."""
    return StateDecision(mode, Marks(HASHER, edition), NOW, full).decide(RECORD, PRINT, remembered)


def held(fingerprint=PRINT, ago=timedelta(days=1), edition=EDITION):
    """A memory of a row that ChartMogul refused so long ago."""
    mark = HASHER.mark(fingerprint, edition)
    held = Held(mark, NOW - ago, 422, "name")
    return memory("a", uuid=None, fingerprint=None, outcome="rejected", code="refused", held=held)


@pytest.mark.parametrize("mode", Mode)
def test_new(mode):
    """What is not remembered needs ChartMogul, in every mode."""
    assert decide(None, mode) is None


@pytest.mark.parametrize(
    ("remembered", "mode", "expected"),
    [
        (memory("a", fingerprint=PRINT), Mode.UPSERT, UNCHANGED),
        (memory("a", fingerprint=PRINT), Mode.UPDATE, UNCHANGED),
        (memory("a", fingerprint=PRINT), Mode.INSERT, SKIPPED),
        (memory("a", fingerprint=OTHER), Mode.UPSERT, None),
        (memory("a", fingerprint=OTHER), Mode.INSERT, SKIPPED),
        (memory("a", fingerprint=None), Mode.UPSERT, None),
        (memory("a", fingerprint=None), Mode.INSERT, SKIPPED),
        (memory("a", fingerprint=PRINT, uuid=None), Mode.UPSERT, None),
        (memory("a", fingerprint=PRINT, uuid=None), Mode.INSERT, None),
    ],
)
def test_remembered(remembered, mode, expected):
    """A record with a uuid is unchanged where its fingerprint is, and in mode insert left alone whatever it is."""
    assert expected == decide(remembered, mode)


@pytest.mark.parametrize("mode", Mode)
def test_full(mode):
    """A full run takes nothing from the state."""
    assert decide(memory("a", fingerprint=PRINT), mode, full=True) is None
    assert decide(held(), mode, full=True) is None


def test_held_back():
    """A refused row is not sent again while nothing about it changed: it is told until when, and what to do."""
    hint = (
        "mend the row or the mapping; retry sends it again, and so do run --full and every run"
        " after 2026-02-06"
    )
    message = (
        "ChartMogul refused this row on 2026-01-30 with status 422 and nothing about it changed"
        " since"
    )
    problem = Problem("held_back", message, "name", hint=hint)

    assert Rejected(3, "a", Stage.PLAN, (problem,), 422) == decide(held())


def test_first_refusal():
    """It is told with its words, and with the run whose report has the answer."""
    remembered = held()
    assert remembered.held is not None
    first = replace(remembered.held, code="refused", words="The name is odd.", run="run_7")
    told = decide(replace(remembered, held=first))
    assert isinstance(told, Rejected)
    assert told.problems[0].message == (
        "ChartMogul refused this row on 2026-01-30 with status 422 in run run_7 (refused: The name is odd.)"
        " and nothing about it changed since"
    )


@pytest.mark.parametrize(
    ("remembered", "is_held"),
    [
        (held(), True),
        (held(OTHER), False),
        (held(edition=b"another mapping"), False),
        (held(ago=HELD_FOR), True),
        (held(ago=HELD_FOR + timedelta(seconds=1)), False),
        (memory("a", uuid=None, outcome="rejected", code="refused"), False),
    ],
)
def test_held_back_while_nothing_changed(remembered, is_held):
    """Neither the row nor the mapping nor the tool may have changed, and seven days may not be over."""
    assert is_held is (decide(remembered) is not None)


def test_not_held_back_by_another_edition():
    """What an earlier mapping, or tool, was refused is tried by this one."""
    assert decide(held(), edition=b"another mapping") is None


def test_held_back_in_mode_insert():
    """What was refused is held back in every mode, but for what is known to exist."""
    assert isinstance(decide(held(), Mode.INSERT), Rejected)


def test_refused_and_back():
    """A row that is again as it was delivered is unchanged, whatever was refused in between."""
    remembered = memory("a", fingerprint=PRINT, held=held(OTHER).held)

    assert decide(remembered) == UNCHANGED
