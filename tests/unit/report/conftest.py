"""One run with every kind of row, and clocks that stand still."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sync.domain.record import Object, Problem, Rejected, Stage
from sync.domain.results import (
    Delivered,
    Left,
    MappingRun,
    Outcome,
    PartlyWritten,
    Requests,
    Run,
    Status,
    Tally,
    Warned,
)

NOW = datetime(2026, 1, 31, 10, 0, 1, 500_000, tzinfo=UTC)


@pytest.fixture
def now():
    """The time of every line."""
    return NOW


@pytest.fixture
def customers():
    """A finished mapping of customers."""
    return MappingRun(
        "customers",
        "mappings/customers.yml",
        Object.CUSTOMER,
        "upsert",
        "ds_1",
        status=Status.COMPLETED_WITH_ERRORS,
        warnings=1,
        left=1,
        seconds=1.2,
        rows=Tally(read=7, created=1, updated=2, unchanged=1, skipped=1, rejected=2),
        requests=Requests({"PATCH": 1, "POST": 2, "GET": 1, "DELETE": 0}, retried=1, throttled=0),
    )


@pytest.fixture
def contacts():
    """A mapping of contacts that ended before it decided all its rows."""
    return MappingRun(
        "contacts",
        "mappings/contacts.yml",
        Object.CONTACT,
        "upsert",
        "ds_1",
        status=Status.FAILED,
        error="ChartMogul answered 401: the API key is not valid",
        seconds=0.5,
        rows=Tally(read=1_200, rejected=1),
        requests=Requests({"GET": 2}),
    )


@pytest.fixture
def run(customers):
    """A finished run of one mapping."""
    return Run(
        "r1",
        False,
        datetime(2026, 1, 31, 10, tzinfo=UTC),
        [customers],
        finished_at=NOW,
        status=Status.COMPLETED_WITH_ERRORS,
        exit_code=1,
    )


@pytest.fixture
def created():
    """A new customer, written whole."""
    return Delivered(
        2,
        "cus_2",
        Outcome.CREATED,
        "not in ChartMogul",
        "cus_uuid2",
        changes={
            "company": (None, "Müller & Söhne"),
            "attributes.seats": (None, Decimal("5.50")),
            "tags": ((), ("warehouse",)),
        },
    )


@pytest.fixture
def updated():
    """A known customer whose owner ChartMogul dropped in silence."""
    return Delivered(
        3,
        "cus_3",
        Outcome.UPDATED,
        "country differs",
        "cus_uuid3",
        changes={"country": ("DE", "AT"), "attributes.plan": ("gold", None)},
        warnings=(Warned("owner", "dropped", "ChartMogul ignored the owner"),),
    )


@pytest.fixture
def unseen():
    """An update of a customer that was not looked up."""
    return Delivered(
        4,
        "cus_4",
        Outcome.UPDATED,
        "the hash of country changed",
        "cus_uuid4",
        before_known=False,
        changes={"country": (None, "AT")},
    )


@pytest.fixture
def unchanged():
    """A row that needs nothing."""
    return Delivered(5, "cus_5", Outcome.UNCHANGED, "nothing differs", "cus_uuid5")


@pytest.fixture
def rejected():
    """A row with two problems."""
    return Rejected(
        17,
        "cus_17",
        Stage.MAP,
        (
            Problem("invalid_country", "this is no country", "country", "Germany", "use a code"),
            Problem("invalid_email", "this is no e-mail address", "email", "=cmd|' /C calc'!A0"),
        ),
    )


@pytest.fixture
def partly():
    """A row of which ChartMogul took one request and refused the next."""
    problem = Problem("refused", "ChartMogul refused the row", "attributes.plan", "x", "mend it")
    return PartlyWritten(
        Rejected(18, "cus_18", Stage.SEND, (problem,), 422, '{"error": "no"}', 1),
        "cus_uuid18",
        True,
        {"country": ("DE", "AT")},
    )


@pytest.fixture
def anna():
    """A rejected contact whose key holds an e-mail address."""
    problem = Problem(
        "customer_not_found",
        "ChartMogul has no such customer",
        "customer_external_id",
        "cus_9",
        "sync customers first",
    )
    return Rejected(9, "cus_9|anna@example.com", Stage.PLAN, (problem,))


@pytest.fixture
def gone():
    """A key that left the query."""
    return Left("cus_gone", "cus_uuid0")
