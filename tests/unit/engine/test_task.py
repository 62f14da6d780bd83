"""One mapping of a run: connected, read, judged and written, each by itself."""

import asyncio

import pytest

from sync.domain.record import Object
from sync.domain.results import Outcome
from sync.errors import EXIT_INTERRUPTED, ConfigError, Denied, RailError, SourceError
from sync.sandbox.sandbox import DATA_SOURCE
from tests.support.contacts import Square
from tests.support.tasks import OF_CUSTOMERS, Rig

OTHER = "ds_00000000-0000-4000-8000-000000000002"


@pytest.fixture
def square():
    """A ChartMogul without a network."""
    square = Square()
    yield square
    asyncio.run(square.http.aclose())


@pytest.fixture
def rig(tmp_path, square):
    """Makes runs over one state, and gives their files back."""
    rigs: list[Rig] = []

    def make(**settings):
        rigs.append(Rig(tmp_path, square, f"run_{len(rigs)}", **settings))
        return rigs[-1]

    yield make
    for one in rigs:
        one.close()


async def earlier(rig, *rows):
    """A whole run that delivered these customers, and is over."""
    run = rig()
    await run.complete(run.customers(*rows))


async def opened(task):
    """A task that is connected and read."""
    await task.connect()
    await task.read()
    return task


# Who goes first


def test_follow(rig):
    """Contacts come after the customers of their data source, of whatever mapping; customers after nobody."""
    run = rig()
    elsewhere = {"destination": {"object": "customer", "data_source": OTHER}}
    customers, more = run.customers(), run.customers(name="more")
    other, contacts = run.customers(name="other", **elsewhere), run.contacts()
    for task in run.tasks:
        task.follow(run.tasks)

    assert contacts.before == [customers, more]
    assert customers.before == other.before == []


async def waits(rig, first, second, **settings):
    """Whether the second of two mappings waits for the first."""
    run = rig(**settings)
    tasks = [make(run) for make in (first, second)]
    for task in tasks:
        task.follow(tasks)
        await opened(task)
    return tasks[1].waits_for(tasks[0])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (lambda run: run.customers(("a", "A")), lambda run: run.customers(("b", "B"), name="more"), False),
        (lambda run: run.customers(("a", "A")), lambda run: run.customers(("a", "B"), name="more"), True),
        (lambda run: run.customers(("a", "A")), lambda run: run.contacts(("a", "1", "a@a.de")), True),
        (lambda run: run.contacts(("a", "1", None)), lambda run: run.contacts(("b", "2", None), name="more"), True),
        (lambda run: run.contacts(("a", "1", None)), lambda run: run.customers(("a", "A")), False),
    ],
)  # fmt: skip
async def test_waits_for(rig, first, second, expected):
    """Customers wait where they have a record in common, contacts for customers and other contacts."""
    assert expected is await waits(rig, first, second)


def test_contacts_of_others_do_not_wait(rig):
    """Contacts have nothing to do with the customers of another data source."""
    run = rig()
    elsewhere = {"destination": {"object": "customer", "data_source": OTHER}}
    customers, contacts = run.customers(**elsewhere), run.contacts()
    contacts.follow(run.tasks)

    assert not contacts.waits_for(customers)


async def test_a_dry_run_waits(rig):
    """A dry run does one thing after the other: each sees what the one before it would have done."""
    assert await waits(
        rig,
        lambda run: run.customers(("a", "A")),
        lambda run: run.customers(("b", "B"), name="more"),
        dry_run=True,
    )


# Connecting


async def test_connect(rig, square):
    """Two questions: whose key this is, and whether the data source is there."""
    run = rig()
    task = run.customers()
    await task.connect()

    assert square.asked() == ["GET account", f"GET data_sources/{DATA_SOURCE}"]
    scope = task.state.scope
    assert (scope.data_source, scope.object) == (DATA_SOURCE, Object.CUSTOMER)
    assert scope.account == run.store.account_of(DATA_SOURCE)


async def test_connect_for_a_dry_run(rig):
    """A dry run does not note the account."""
    run = rig(dry_run=True)
    await run.customers().connect()

    assert run.store.account_of(DATA_SOURCE) is None


async def test_unknown_data_source(rig):
    """A data source that is not in the account ends it."""
    with pytest.raises(Denied, match=OTHER):
        await rig().customers(destination={"object": "customer", "data_source": OTHER}).connect()


async def test_an_account_without_an_id(rig, square):
    """Older answers name no id: the host and the name stand for it, unless the state knows better."""
    account = square.sandbox.world.account
    square.sandbox.fail(
        method="GET", path="/v1/account", body='{"name": "Acme", "currency": "EUR"}'
    )
    run = rig()
    first, second = run.customers(), run.customers(name="more")
    await first.connect()
    run.store.remember_account(DATA_SOURCE, "acc_7", "Acme")
    await second.connect()

    assert account is not None
    assert first.state.scope.account == "api.example.com|Acme"
    assert second.state.scope.account == "acc_7"


# Reading


async def test_read(rig):
    """Rows that need ChartMogul wait; nothing is sent."""
    run = rig()
    task = await opened(run.customers(("a", "A"), ("b", "B"), (None, "C")))

    assert (task.run.rows.read, task.run.rows.rejected) == (3, 1)
    assert run.phases == [("read", None)]
    assert run.square.posts() == []
    assert task.run.seconds == 0  # nobody slept


async def test_an_empty_query(rig):
    """No rows are told; a rail stops where the last run had some."""
    run = rig()
    await opened(run.customers())
    assert run.warnings == ["the query returned no rows"]

    await earlier(rig, ("a", "A"), ("b", "B"))
    with pytest.raises(RailError, match="the last run read 2"):
        await opened(rig().customers())
    await opened(rig().customers(limits={"allow_empty": True}))


async def test_an_empty_selection(rig):
    """A key that no row has is told, and is no empty query."""
    await earlier(rig, ("a", "A"))
    run = rig(keys=frozenset({"x"}))
    task = await opened(run.customers(("a", "A")))

    assert run.warnings == ["no row has one of the keys of --key"]
    assert task.run.rows.read == 0


async def test_limits_of_the_read_phase(rig):
    """Rejected rows are held against the rail, in percent of all rows, before anything is sent."""
    rows = [(None, "X"), ("b", "B"), ("c", "C")]
    await opened(rig().customers(*rows, limits={"max_rejected": "34%"}))
    with pytest.raises(RailError, match="1 rows are rejected"):
        await opened(rig().customers(*rows, limits={"max_rejected": "33%"}))


async def test_tolerated(rig):
    """So is what the exit code tolerates."""
    rows = [(str(n), "A") for n in range(10)]
    task = await opened(rig().customers(*rows, tolerate_rejected="20%"))

    assert task.run.tolerated == 2


async def test_types_that_disagree(rig):
    """Values of two types in a column that nobody has typed stop the mapping, with the place to mend."""
    task = rig().task(
        "customers",
        f"{OF_CUSTOMERS}, seats",
        ("a", "A", 1),
        ("b", "B", "x"),
        destination={"object": "customer", "data_source": DATA_SOURCE},
        fields={"external_id": "id", "company": "company"},
    )
    with pytest.raises(ConfigError) as caught:
        await opened(task)

    (problem,) = caught.value.problems
    assert (problem.file, problem.path) == (task.loaded.file, "source")
    assert "seats" in problem.message


async def test_types_of_the_account(rig):
    """A type that the account has otherwise stops it, at the attribute's own line."""
    run = rig()
    await run.deliver(_with_seats(run, "first", "Integer", ("a", "A", 1)))
    with pytest.raises(ConfigError) as caught:
        await opened(_with_seats(rig(), "second", "String", ("b", "B", "x")))

    (problem,) = caught.value.problems
    assert (problem.path, problem.file.endswith("second.yml")) == ("attributes.seats", True)


def _with_seats(run, name, type_, *rows, key="seats"):
    """A mapping of customers with an attribute of this type."""
    return run.task(
        name,
        f"{OF_CUSTOMERS}, seats",
        *rows,
        destination={"object": "customer", "data_source": DATA_SOURCE},
        fields={"external_id": "id", "company": "company"},
        attributes={key: {"column": "seats", "type": type_}},
    )


async def test_a_broken_query(rig):
    """What the warehouse refuses has the mapping's file and line."""
    run = rig()
    task = run.customers(source={"url": f"sqlite:///{run.folder}/warehouse.db", "query": "select"})
    with pytest.raises(SourceError, match=r"customers\.yml:1: "):
        await opened(task)


# What two mappings have against each other


async def compared(rig, key, type_):
    """The problem of an attribute beside `seats`, an Integer of another mapping."""
    run = rig()
    other = _with_seats(run, "other", "Integer")
    task = _with_seats(run, "mine", type_, key=key)
    for one in (other, task):
        await opened(one)
    task.compare(key, task.types[key], other)


async def test_compare(rig):
    """One spelling and one type are no problem."""
    await compared(rig, "seats", "Integer")


@pytest.mark.parametrize(
    ("key", "type_", "message"),
    [
        ("Seats", "Integer", r"attributes 'Seats' and 'seats' \(in .*other\.yml\) differ only in case"),
        ("seats", "String", r"Integer.* by .*other\.yml"),
    ],
)  # fmt: skip
async def test_compare_what_differs(rig, key, type_, message):
    """Another spelling or type is named with the other mapping's file, at this mapping's own line."""
    with pytest.raises(ConfigError, match=message) as caught:
        await compared(rig, key, type_)

    (problem,) = caught.value.problems
    assert (problem.path, problem.file.endswith("mine.yml")) == (f"attributes.{key}", True)


# Writing


async def test_write(rig, square):
    """What waits is delivered and remembered: the next run has nothing to do."""
    run = rig()
    task = run.customers(("a", "A"), ("b", "B"))
    await run.deliver(task)
    assert [result.outcome for result in run.results] == [Outcome.CREATED] * 2
    assert task.run.requests.total == 5  # account, data source, a listing, two creates

    square.forget()
    again = rig()
    task = again.customers(("a", "A"), ("b", "B"))
    await again.deliver(task)
    assert (task.run.rows.unchanged, square.asked()[2:]) == (2, [])
    assert again.phases == [("read", None)]


async def test_dry_run(rig, square):
    """A dry run says what the run would cost, with its own requests, and leaves no trace."""
    run = rig(dry_run=True)
    await run.deliver(run.customers(("a", "A"), ("b", "B")))

    assert run.estimates == [3 + 2]
    assert [call.method for call in square.sandbox.calls()] == ["GET"] * 3
    assert run.store.recall(run.tasks[0].state.scope, "customers", ["a"]) == {}


async def test_left(rig):
    """Keys that have left the query are told once; a dry run, or one that was asked to end, tells them again."""
    await earlier(rig, ("a", "A"), ("b", "B"))
    told = []
    for settings, stopped in (({"dry_run": True}, False), ({}, True), ({}, False), ({}, False)):
        run = rig(**settings)
        task = await opened(run.customers(("a", "A")))
        if stopped:
            run.stop.request(EXIT_INTERRUPTED)
        await task.write()
        told.append(run.left_keys)

    assert told == [["b"], ["b"], ["b"], []]


@pytest.mark.parametrize("chosen", [{"limit": 1}, {"keys": frozenset({"a"})}])
async def test_nothing_has_left_a_selection(rig, chosen):
    """Where not every row counts nothing is missed."""
    await earlier(rig, ("a", "A"), ("b", "B"))
    run = rig(**chosen)
    await run.deliver(run.customers(("a", "A")))
    assert run.left_keys == []

    whole = rig()
    await whole.deliver(whole.customers(("a", "A")))
    assert whole.left_keys == ["b"]


async def test_customers_to_come(rig, square):
    """A dry run's contacts find the customers that the mapping before them would create."""
    run = rig(dry_run=True)
    customers, contacts = run.customers(("c1", "A")), run.contacts(("c1", "1", "a@a.de"))
    for task in run.tasks:
        task.follow(run.tasks)
    await run.deliver(customers, contacts)

    assert (customers.creates("c1"), customers.creates("c2")) == (True, False)
    assert contacts.run.rows.created == 1
    assert square.posts() == []


@pytest.mark.parametrize(("mode", "expected"), [("upsert", 1), ("update", 0)])
async def test_customers_that_would_not_come(rig, mode, expected):
    """In mode update none come, so that their contacts would be rejected."""
    run = rig(dry_run=True)
    customers = run.customers(("c1", "A"), mode=mode)
    contacts = run.contacts(("c1", "1", "a@a.de"))
    for task in run.tasks:
        task.follow(run.tasks)
    await run.deliver(customers, contacts)

    assert contacts.run.rows.created == expected


async def test_nobody_comes_in_a_real_run(rig):
    """A real run has created them: they are looked up like any other."""
    run = rig()
    task = run.customers(("a", "A"), limits={"max_creates": 1})
    await run.deliver(task)

    assert task.run.rows.created == 1
    assert not task.creates("a")


async def test_close(rig):
    """Closing is safe before reading, and twice."""
    run = rig()
    task = run.customers()
    task.close()
    await opened(task)
    task.close()
    task.close()
