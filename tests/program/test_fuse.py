"""A mapping of which everything is refused for one reason stops, and max_requests stops before the first write."""

import pytest

from tests.support.program import MAPPING

PLAIN = MAPPING[: MAPPING.index("attributes:")] + "extra_columns: ignore\n"
CONTACTS = """\
version: 1
source: {query: "select id || '_p' as id, id as customer from accounts"}
destination: {object: contact}
fields: {external_id: id, customer_external_id: customer}
extra_columns: ignore
"""


def refuse(desk, *bodies, times=10_000):
    """Every customer's create is refused, with these bodies in turn."""
    for body in bodies:
        desk.place.sandbox.sandbox.fail(
            path="/v1/customers", method="POST", status=422, body=body, times=times
        )


def sent(desk):
    """How many customers the program tried to create."""
    return len(desk.place.sandbox.sandbox.calls("POST", "/v1/customers"))


@pytest.fixture
def plain(desk):
    """Three hundred accounts, customers and contacts."""
    desk.rows(*({"id": f"cus_{n}"} for n in range(300)))
    desk.mapping(PLAIN)
    return desk


BODY = '{"code": 422, "message": "Country \'%s\' is odd", "param": "country"}'


def test_all_refused_for_one_reason(plain):
    """Exit 4 after the first hundred and what was under way; contacts do not start; the message has all that helps."""
    plain.mapping(CONTACTS, "people")
    refuse(plain, BODY % "one", BODY % "two", times=60)
    refuse(plain, BODY % "three")
    ended = plain("run", "--json")
    customers, people = ended.json["mappings"]
    assert (ended.code, customers["status"], people["status"]) == (4, "stopped", "failed")
    assert 100 <= sent(plain) <= 140
    assert [
        part
        for part in (
            "100 rows",
            "country",
            "422",
            "Country … is odd",
            "--override max_same_refusals",
        )
        if part not in customers["error"]
    ] == []
    assert "which broke off" in people["error"]
    assert 100 <= customers["rows"]["rejected"] <= sent(plain)

    # What was refused is held back and no sent row, so that the next hundred decide.
    assert plain("run").code == 4
    assert 200 <= sent(plain) <= 280


@pytest.mark.parametrize(
    ("limits", "options"),
    [("none", ()), ("1000", ()), ("100", ("--override", "max_same_refusals"))],
)
def test_lifted(plain, limits, options):
    """By the mapping, or once: every row is sent."""
    plain.mapping(PLAIN + f"limits: {{max_same_refusals: {limits}}}\n")
    refuse(plain, BODY % "one")
    assert plain("run", *options).code == 1
    assert 300 <= sent(plain) <= 310  # some may be asked to come back later


def test_a_limit_of_its_own(plain):
    """A smaller number stops sooner."""
    plain.mapping(PLAIN + "limits: {max_same_refusals: 5}\n")
    refuse(plain, BODY % "one")
    assert plain("run").code == 4
    assert 5 <= sent(plain) <= 40


def test_another_reason_or_a_row_that_is_taken(plain):
    """One row that is taken among the first hundred, and the others are tried."""
    plain.place.sandbox.sandbox.fail(
        path="/v1/customers", method="POST", status=422, body=BODY % "one", times=50
    )
    ended = plain("run", "--json")
    assert ended.code == 1
    assert ended.rows == {"read": 300, "created": 250, "rejected": 50}


def test_max_requests_is_judged_before_the_first_write(plain):
    """The estimate is more than allowed: nothing is written, in a dry run either."""
    plain.mapping(PLAIN + "limits: {max_requests: 200}\n")
    for options in (("--dry-run",), ()):
        ended = plain("run", "--json", *options)
        assert ended.code == 4
        assert "max_requests allows 200; nothing was written" in ended.json["mappings"][0]["error"]
    assert plain.place.writes() == []
    assert plain("run", "--override", "max_requests").code == 0


def test_a_ceiling_that_is_none(plain):
    """A wrong value is told with what is allowed."""
    plain.mapping(PLAIN + "limits: {max_same_refusals: 0}\n")
    ended = plain("validate")
    assert ended.code == 2
    assert "is not a whole number from 1 on, nor none" in ended.err
