"""The book of an allowance, by its arithmetic alone: moments are handed in."""

from bisect import bisect_left
from collections import abc
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.domain.allowance import (
    BLOCK,
    LASTS,
    UNKNOWN,
    Book,
    Grant,
    Permit,
    Visit,
    decode,
    encode,
    unknown,
)

BUSY = Visit("one", "acc", wants=10, needs=20)


def busiest_second(starts: abc.Iterable[float]) -> int:
    """The most in any second."""
    times = sorted(starts)
    return max((bisect_left(times, at + 1.0) - n for n, at in enumerate(times)), default=0)


@dataclass
class Process:
    """Rents as fast as it can, and starts each request somewhat late: at once, or just before it would be void.

    It visits every so many seconds, and is dead from some moment on.
    """

    name: str
    every: float = 0.05
    late: float = 0.0
    dies: float = 1e9
    begins: float = 0.0
    writes: bool = True
    share: float = 1.0
    wants: int = 10
    account: str = "acc"
    tells: bool = True
    starts: list[float] = field(default_factory=list)
    permits: list[Permit] = field(default_factory=list)
    told: list[tuple[float, float]] = field(default_factory=list)
    unused: list[float] = field(default_factory=list)

    def act(self, now: float) -> None:
        """Start what can be started until now."""
        for permit in list(self.permits):
            at = min(permit.at + self.late, permit.until - 1e-6)
            if at > now:
                break
            self.permits.remove(permit)
            if at >= self.dies:
                continue
            self.starts.append(at)
            self.told.append((permit.name, at))

    def visit(self) -> Visit:
        """What it tells and wants now."""
        told, self.told = tuple(self.told), []
        return Visit(
            self.name, self.account, self.writes, self.share, self.wants, 4, 1,
            told if self.tells else (),
        )  # fmt: skip


def play(processes: list[Process], until: float) -> Book:
    """Let them visit one book, each in its own rhythm."""
    book = Book()
    due = {one.name: one.begins for one in processes}
    while (now := min(due.values())) < until:
        one = next(one for one in processes if due[one.name] == now)
        one.act(now)
        due[one.name] = now + one.every
        if now >= one.dies:
            due[one.name] = 1e9
            one.permits.clear()
            continue
        book = decode(encode(book))
        one.permits += book.visit(now, one.visit()).permits
    for one in processes:
        one.act(until)
    return book


def rate(processes: abc.Iterable[Process], begin: float, end: float) -> float:
    """Starts a second between two moments."""
    return sum(begin <= at < end for one in processes for at in one.starts) / (end - begin)


PROCESS = st.builds(
    Process,
    name=st.uuids().map(str),
    every=st.sampled_from([0.02, 0.05, 0.11, 0.25, 0.6, 2.0]),
    late=st.sampled_from([0.0, 0.0, 0.01, 0.1, 0.3]),
    dies=st.one_of(st.just(1e9), st.floats(0, 4)),
    begins=st.floats(0, 3),
    writes=st.booleans(),
    share=st.sampled_from([1.0, 1.0, 0.6, 0.1]),
    wants=st.integers(0, 10),
    account=st.sampled_from(["acc", "acc", UNKNOWN]),
    tells=st.booleans(),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(PROCESS, min_size=1, max_size=6, unique_by=lambda one: one.name))
def test_no_second_holds_too_many(processes):
    """Whoever is late, dies, or tells nothing, is of an unknown account or has another share: 40 at most."""
    play(processes, 6.0)

    assert busiest_second(at for one in processes for at in one.starts) <= 40


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 20])
def test_all_is_used_and_nobody_starves(count):
    """Together they use 98 % of the allowance, and each has its part of it, or nearly so."""
    processes = [Process(f"p{n}", begins=n * 0.013) for n in range(count)]
    play(processes, 8.0)

    assert rate(processes, 1, 8) > 0.97 * 40
    assert min(rate([one], 1, 8) for one in processes) > 0.8 * 39.2 / count


def test_who_wants_less_leaves_it_to_the_others():
    """Of two, one that needs four a second has those, and the other all the rest."""
    modest, greedy = Process("modest", every=0.25, wants=1), Process("greedy")
    play([modest, greedy], 8.0)

    assert rate([modest], 1, 8) == pytest.approx(4, abs=0.3)
    assert rate([modest, greedy], 1, 8) > 0.95 * 40


def test_the_part_of_a_dead_process_is_back_within_a_second():
    """It was half; from a second later on the other one has all, but for what the dead one may have started last."""
    dead, living = Process("dead", dies=3.0), Process("living")
    play([dead, living], 8.0)

    assert rate([living], 1, 3) == pytest.approx(19.6, abs=1)
    assert rate([living], 4, 8) > 0.94 * 40
    assert rate([living], 5, 8) > 0.97 * 40


def test_looking_gives_way_to_writing():
    """While one writes, all that only look have four requests a second; when it is over they have all."""
    writing = Process("writing", dies=5.0)
    looking = [Process(f"looks{n}", writes=False, every=0.1) for n in range(3)]
    play([writing, *looking], 9.0)

    assert rate([writing], 1, 5) > 34
    assert rate(looking, 1, 5) == pytest.approx(4, abs=1)
    assert rate(looking, 6, 9) > 0.93 * 40


def test_looking_takes_what_writing_leaves():
    """A run that is slow for reasons of its own keeps nobody from looking."""
    writing = Process("writing", every=0.1, wants=1)
    looking = Process("looks", writes=False, every=0.02)
    play([writing, looking], 6.0)

    assert rate([writing], 1, 6) == pytest.approx(10, abs=1)
    assert rate([looking], 1, 6) > 15


@pytest.mark.parametrize(("shares", "most"), [([0.6, 0.6], 24), ([0.6, 1.0], 40), ([0.01], 1)])
def test_a_share_leaves_the_rest(shares, most):
    """All together use as much as the one that may use the most."""
    processes = [Process(f"p{n}", share=share) for n, share in enumerate(shares)]
    play(processes, 10.0)
    times = [at for one in processes for at in one.starts]

    assert busiest_second(times) <= most
    assert len(times) >= 0.9 * 10 * 40 * max(shares)


def test_two_accounts_have_an_allowance_each():
    """What one uses is nothing to the other."""
    processes = [Process("p0", account="a"), Process("p1", account="b")]
    play(processes, 6.0)

    assert [rate([one], 1, 6) > 0.97 * 40 for one in processes] == [True, True]


def test_who_does_not_know_its_account_counts_in_all():
    """Its requests may be of any account, also of one that is met only afterwards."""
    new = Process("new", account=UNKNOWN, every=0.1, wants=1, dies=2.0)
    known = Process("known", begins=1.0)
    play([new, known], 6.0)

    assert busiest_second([*new.starts, *known.starts]) <= 40
    assert len(new.starts) > 10


def test_a_block_is_a_quarter_of_a_second():
    """What is rented together begins within it, and is void at once when it is over."""
    permits = Book().visit(100.0, BUSY).permits

    assert len(permits) == 8
    assert {permit.until for permit in permits} == {100.0 + BLOCK}
    assert max(permit.at for permit in permits) < 100.0 + BLOCK
    assert permits[0].at == 100.0


def test_what_is_not_used_is_given_back():
    """A start that was rented and not made is none of the forty."""
    book = Book()
    first = book.visit(0.0, BUSY)
    book.visit(0.1, replace(BUSY, unused=tuple(p.name for p in first.permits), wants=0))

    assert book.accounts["acc"].starts == []


def test_nobody_rents_without_a_connection():
    """All twenty are held: the start would be wasted."""
    book = Book()
    book.visit(0.0, replace(BUSY, holds=20))
    other = book.visit(0.1, Visit("two", "acc", wants=3, needs=3))

    assert other == Grant((), 0, 0.1 + LASTS)


def test_connections_are_shared():
    """Who holds all gives up what is beyond its part as its requests end, and keeps those that are under way."""
    book = Book()
    assert book.visit(0.0, BUSY).connections == 20
    two = Visit("two", "acc", wants=1, needs=12)
    assert book.visit(0.1, two).connections == 0
    assert book.visit(0.2, replace(BUSY, holds=20)).connections == 10
    assert book.visit(0.3, replace(BUSY, holds=13)).connections == 10
    assert book.visit(0.35, two).connections == 7
    assert book.visit(0.4, replace(BUSY, holds=10)).connections == 10
    assert book.visit(0.5, two).connections == 10


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 5), st.floats(0, 0.3), st.integers(0, 20), st.booleans(), st.booleans()
        ),
        max_size=80,
    )
)
def test_never_more_than_twenty_connections(visits):
    """Whoever asks for however many, in whatever order, with as many in use as it was given: twenty at most."""
    book, now = Book(), 0.0
    given: dict[int, tuple[int, float]] = {}
    for who, later, needs, writes, keeps in visits:
        now += later
        held, until = given.get(who, (0, 0.0))
        holds = held if keeps and now < until else 0
        visit = Visit(f"p{who}", "acc", writes, wants=1, needs=max(needs, holds), holds=holds)
        grant = book.visit(now, visit)
        given[who] = (max(grant.connections, holds), grant.until)
        assert sum(held for held, until in given.values() if now < until) <= 20


def test_connections_of_a_dead_process_are_back():
    """A second after its last visit they are anybody's."""
    book = Book()
    book.visit(0.0, replace(BUSY, holds=20))
    two = Visit("two", "acc", wants=1, needs=20)

    assert book.visit(LASTS - 0.01, two).connections == 0
    assert book.visit(LASTS, two).connections == 20


def test_who_leaves_keeps_nothing():
    """Its connections are free at once."""
    book = Book()
    book.visit(0.0, replace(BUSY, holds=20))
    book.visit(0.1, replace(BUSY, wants=0, needs=0, leaves=True))

    assert book.visit(0.1, Visit("two", "acc", wants=1, needs=20)).connections == 20


def test_who_only_looks_has_one_connection_while_others_write():
    """And all of them when nobody does."""
    book = Book()
    looking = Visit("looks", "acc", writes=False, wants=1, needs=20)
    assert book.visit(0.0, looking).connections == 20
    book.visit(0.1, replace(BUSY, needs=20))
    assert book.visit(0.2, looking).connections == 1
    assert book.visit(0.3, BUSY).connections == 19


def test_a_clock_that_was_set_back():
    """What was rented in the future is forgotten, and for a second nothing is rented."""
    book = Book()
    book.visit(1000.0, BUSY)
    permits = book.visit(10.0, BUSY).permits

    assert permits == ()
    assert book.visit(10.9, BUSY).permits[0].at == pytest.approx(11.01)


def test_a_book_of_which_nothing_is_known():
    """For a second nothing is rented, whatever the account."""
    book = unknown(50.0)

    assert book.visit(50.1, BUSY).permits == ()
    assert book.visit(50.9, BUSY).permits[0].at >= 51.0


def test_nothing_is_kept_of_who_is_gone():
    """An account that nobody has used for a while is not in the book."""
    book = Book()
    book.visit(0.0, BUSY)
    book.visit(30.0, Visit("two", "other", wants=1, needs=1))
    book.visit(31.5, Visit("one", "acc", leaves=True))

    assert set(book.accounts) == {"other"}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 3}', '{"a": [1]}', '{"a": [1, [[1]], {}]}'])
def test_a_text_that_is_no_book(text):
    """It is told, so that nobody trusts it."""
    with pytest.raises(ValueError, match=r"."):
        decode(text)


def test_a_book_is_what_it_was():
    """As text and back."""
    book = Book()
    book.visit(0.123456789, BUSY)
    book.visit(0.2, Visit("two", "other", wants=1, needs=1))

    assert decode(encode(book)) == book
