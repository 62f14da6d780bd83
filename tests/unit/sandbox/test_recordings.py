"""The sandbox answers every recorded exchange as ChartMogul did, but for a table of deviations."""

import pytest

from sync.sandbox.answer import Answer
from tests.unit.sandbox import replay
from tests.unit.sandbox.deviation_table import TABLE
from tests.unit.sandbox.deviations import KINDS, expected
from tests.unit.sandbox.exchange import Exchange, compare, read, recordings, sequences, singles

SINGLES = singles()
SEQUENCES = sequences()


def check(exchange: Exchange, answer: Answer) -> None:
    """Every difference is explained, and every explanation is needed."""
    differences = compare(exchange, answer)
    kinds = expected(exchange.name)
    explained = [[kind for kind in kinds if KINDS[kind].explains(one)] for one in differences]
    unexplained = [one for one, why in zip(differences, explained, strict=True) if not why]
    assert not unexplained
    needed = {why[0] for why in explained if len(why) == 1}
    assert set(kinds) == needed


@pytest.mark.parametrize("exchange", SINGLES, ids=lambda one: "{}-{}".format(*one.name))
def test_answers_as_recorded(exchange: Exchange):
    """Status, content type and the whole body agree, values included."""
    check(exchange, replay.alone(exchange))


@pytest.mark.parametrize("exchanges", SEQUENCES, ids=lambda one: "{}-{}".format(*one[0].name))
def test_sequences_carry_state_over_as_recorded(exchanges: list[Exchange]):
    """Every exchange of a cassette sees what those before it did."""
    for exchange, answer in zip(exchanges, replay.in_order(exchanges), strict=True):
        check(exchange, answer)


def test_every_exchange_is_replayed():
    """No recording is left out, none is replayed twice."""
    replayed = [one.name for one in SINGLES] + [one.name for some in SEQUENCES for one in some]
    assert sorted(one.name for name in recordings() for one in read(name)) == sorted(replayed)


def test_every_deviation_is_of_an_exchange():
    """The table names only exchanges that exist, each once, and uses every reason."""
    known = {one.name for name in recordings() for one in read(name)}
    listed = [(recording, index) for recording, indices, _ in TABLE for index in indices]
    assert set(listed) <= known
    assert len(set(listed)) == len(listed)
    assert set(KINDS) == {kind for _, _, kinds in TABLE for kind in kinds}


def shapes(value: object) -> object:
    """The keys of an answer in their order, with those of what it holds."""
    match value:
        case dict():
            return [(key, shapes(inner)) for key, inner in value.items()]
        case list():
            return [shapes(inner) for inner in value]
    return None


NEWEST = [one for one in SINGLES if one.recording.startswith("2026/")]


@pytest.mark.parametrize("exchange", NEWEST, ids=lambda one: "{}-{}".format(*one.name))
def test_keys_come_in_the_recorded_order(exchange: Exchange):
    """In what was recorded of production in 2026."""
    assert shapes(exchange.body) == shapes(replay.alone(exchange).json)


def test_keys_of_contacts_come_in_the_recorded_order():
    """In the sequence of a development server, whose customers have more keys."""
    (sequence,) = [some for some in SEQUENCES if some[0].recording.startswith("2026/")]
    for exchange, answer in zip(sequence, replay.in_order(sequence), strict=True):
        if exchange.path.startswith(("/v1/contacts", "/v1/data_sources")):
            assert shapes(exchange.body) == shapes(answer.json)
