"""One value, several spellings: states, numbers, e-mails, countries."""

from decimal import Decimal

import pytest

from sync.sandbox.countries import STATES, is_country, state_code, state_name
from sync.sandbox.sandbox import DATA_SOURCE


@pytest.mark.parametrize("sent", ["US-NY", "NY", "New York", "us-ny", "new york"])
@pytest.mark.parametrize("country", ["US", None])
def test_a_state_is_shown_by_its_code(call, sent, country):
    """And by its name in the address."""
    call.set(state_shown="code")
    made = call.create(country=country, state=sent)
    assert (made["state"], made["address"]["state"]) == ("NY", "New York")
    assert call.patch(made, state="California").json["state"] == "CA"


def test_a_state_outside_the_us_is_dropped(call):
    """However it is shown; one that is none of the US stays as it was sent."""
    call.set(state_shown="code")
    assert call.create("a", country="DE", state="US-NY")["state"] is None
    assert call.create("b", country="US", state="Bavaria")["state"] == "Bavaria"


def test_moving_abroad_drops_the_state(call):
    """In silence."""
    call.set(state_shown="code")
    made = call.create(country="US", state="US-NY")
    assert call.patch(made, country="DE").json["state"] is None


@pytest.mark.parametrize(
    ("sent", "shown"), [("US-NY", "New York"), ("NY", "New York"), ("California", "California")]
)
def test_a_state_may_be_shown_as_it_was_sent(call, sent, shown):
    """The name is in the address all the same."""
    made = call.create(country="US", state=sent)
    assert (made["state"], made["address"]["state"]) == (sent, shown)


def test_the_table_of_states_is_whole():
    """50 states, the capital's district and five territories, each found by all its spellings."""
    assert len(STATES) == 56
    for code, name in STATES.items():
        assert [code] * 3 == [state_code(one) for one in (code, f"US-{code}", name)]
        assert name == state_name(code) == state_name(f"US-{code}")


CUSTOM = "/customers/{}/attributes/custom"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [("0.1", "0.1"), ("0.1234567890123456789", "0.12345678901234568"), ("7", "7.0"),
     ("0.10", "0.1"), ("12345678901234567890", "1.2345678901234567E+19"), ("1E-400", "0.0")],
)  # fmt: skip
def test_decimals_may_be_doubles(call, sent, shown):
    """As JSON makes them of numbers in most languages."""
    call.set(decimals="double")
    made = call.create()
    custom = [{"type": "Decimal", "key": "x", "value": Decimal(sent)}]
    answer = call("POST", CUSTOM.format(made["uuid"]), {"custom": custom})
    assert answer.body.decode() == f'{{"custom": {{"x": {shown}}}}}'
    put = call("PUT", CUSTOM.format(made["uuid"]), {"custom": {"x": Decimal(sent)}})
    assert put.json == answer.json


def test_contacts_may_hold_doubles(call):
    """Their attributes have no types: what has a fraction is one."""
    call.set(decimals="double")
    made, role = call.create(), [{"key": "role", "value": Decimal("0.1234567890123456789")}]
    assert call.contact(made, custom=role)["custom"] == {"role": Decimal("0.12345678901234568")}
    assert call.contact(made, custom=[{"key": "role", "value": 7}])["custom"] == {"role": 7}


def test_whole_numbers_of_other_types_stay_whole(call):
    """Only what is declared a Decimal, or has a fraction, becomes a double."""
    call.set(decimals="double")
    custom = [{"type": "Integer", "key": "x", "value": 2**60}]
    assert call.create(attributes={"custom": custom})["attributes"]["custom"] == {"x": 2**60}


def test_a_number_beyond_doubles_is_a_422(call):
    """There is no infinity in JSON."""
    call.set(decimals="double")
    custom = [{"type": "Decimal", "key": "x", "value": Decimal("1E+400")}]
    answer = call("POST", CUSTOM.format(call.create()["uuid"]), {"custom": custom})
    assert (answer.status, answer.json["param"]) == (422, "custom[0][value]")


def test_emails_are_kept_as_sent(call):
    """And found only so."""
    made = call.create(email="Ada@Example.com")
    contact = call.contact(made, email="Bob@Example.com")
    assert (made["email"], contact["email"]) == ("Ada@Example.com", "Bob@Example.com")
    assert call("GET", "/contacts", email="bob@example.com").json["entries"] == []
    assert call("GET", "/customers/search", email="ada@example.com").status == 404


def test_emails_may_be_lowered(call):
    """Of customers and contacts; look-ups ignore case then."""
    call.set(emails="lowered")
    made = call.create(email="Ada@Example.com")
    contact = call.contact(made, email="Bob@Example.com")
    assert (made["email"], contact["email"]) == ("ada@example.com", "bob@example.com")
    assert len(call("GET", "/contacts", email="BOB@example.com").json["entries"]) == 1
    assert len(call("GET", "/customers/search", email="ADA@example.com").json["entries"]) == 1
    sent = {"email": "ADA@example.com", "tags": ["t"]}
    assert len(call("POST", "/customers/attributes/tags", sent).json["entries"]) == 1
    assert call.patch(made, email="Eve@Example.com").json["email"] == "eve@example.com"


@pytest.mark.parametrize(
    ("code", "allowed"),
    [("DE", {"iso", "iso_and_xk", "any"}), ("XK", {"iso_and_xk", "any"}), ("XX", {"any"}),
     ("UK", {"any"}), ("de", set()), ("DEU", set()), ("D", set()), ("1A", set()), ("ÄÖ", set())],
)  # fmt: skip
def test_countries_are_two_capitals(code, allowed):
    """Of the standard, with Kosovo, or any."""
    assert allowed == {one for one in ("iso", "iso_and_xk", "any") if is_country(code, one)}


def test_the_setting_of_countries_counts(call):
    """Kosovo is there by default; a code without a name stands for itself."""
    assert call.create("a", country="XK")["address"]["country"] == "Kosovo"
    call.set(countries="iso")
    sent = {"data_source_uuid": DATA_SOURCE, "external_id": "b", "country": "XK"}
    assert call("POST", "/customers", sent).json["errors"].keys() == {"country"}
    call.set(countries="any")
    assert call.create("c", country="QQ")["address"]["country"] == "QQ"
