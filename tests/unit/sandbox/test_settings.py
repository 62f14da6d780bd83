"""The switches: what they may be, where they are set, what is told of them."""

from dataclasses import fields, replace
from typing import Any

import pytest

from sync.sandbox.sandbox import Sandbox
from sync.sandbox.settings import DEFAULT, Settings, explain
from tests.unit.sandbox.caller import Caller

NAMES = [one.name for one in fields(Settings)]

OTHERS: dict[str, Any] = {
    "rate": 7, "parallel": None, "retry_after": 2.5, "merge_delay": 1.0, "stale": 2.0,
    "stale_requests": 3, "stale_changes": True, "stale_reads": True, "generation": "docs",
    "lone_contacts": "refused", "lone_contacts_listed": True,
    "contact_external_id_filter": "ignored", "contact_last_seen": "dropped", "contact_custom": "replace",
    "contacts_of_deleted": "kept", "pinned_writes": "refused", "not_modified": "nothing_changed",
    "attributes_not_modified": "nothing_changed", "state_shown": "code", "decimals": "double",
    "emails": "lowered", "countries": "any", "name_required": True, "page_number": "refused",
    "read_only_status": 422, "largest_body": 1000, "hosts": ("sandbox.example.com",),
}  # fmt: skip
"""Another value than the default for every switch."""


def shown(value):
    """As JSON shows it."""
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("name", NAMES)
def test_every_switch_can_be_set_everywhere(control, running, name):
    """In the constructor, all together or alone; while it runs; over HTTP."""
    value = OTHERS[name]
    assert getattr(DEFAULT, name) != value
    wanted = replace(DEFAULT, **{name: value})
    assert Sandbox(**{name: value}).settings == wanted
    assert Sandbox(settings=wanted).settings == wanted
    sandbox = Sandbox()
    sandbox.set(**{name: value})
    assert sandbox.settings == wanted
    before = running.sandbox.settings
    answer = control.post("/settings", json={name: shown(value)})
    assert (answer.status_code, answer.json()) == (200, {name: shown(value)})
    assert running.sandbox.settings == replace(before, **{name: value})


def test_one_by_one_goes_before_all_together():
    """What is named in the call counts."""
    assert Sandbox(settings=Settings(rate=1, parallel=2), rate=3).settings == Settings(
        rate=3, parallel=2
    )


def test_every_switch_is_told(control):
    """What it is, its default, what it may be, and what it does: nothing is left out."""
    told = control.get("/settings").json()["settings"]
    assert list(told) == NAMES
    assert all(one["means"] and one["allowed"] for one in told.values())
    assert told["rate"] == {
        "value": None,
        "default": 40,
        "allowed": "a whole number from 0 to 1,000,000,000 or null",
        "means": "requests that may start in any second, more are a 429; null is no limit.",
    }
    assert told["state_shown"]["allowed"] == '"code" or "as_sent"'
    assert told["hosts"]["allowed"] == "a list of texts"
    assert told["name_required"]["allowed"] == "true or false"


def test_what_is_told_is_what_is_so():
    """Also where a limit was touched directly."""
    sandbox = Sandbox(stale=1)
    sandbox.limit.most, sandbox.slots.most = 3, None
    sandbox.world.stale = 2.0
    told = explain(sandbox.settings)
    assert [told[name]["value"] for name in ("rate", "parallel", "stale")] == [3, None, 2.0]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("rate", -1, "rate is a whole number from 0 to 1,000,000,000 or null, not -1."),
        ("rate", 1.5, "rate is a whole number from 0 to 1,000,000,000 or null, not 1.5."),
        ("rate", True, "rate is a whole number from 0 to 1,000,000,000 or null, not true."),
        ("stale", "x", 'stale is a number from 0 to 1,000,000,000, not "x".'),
        ("stale", None, "stale is a number from 0 to 1,000,000,000, not null."),
        ("stale", 1e10, "stale is a number from 0 to 1,000,000,000, not 10000000000.0."),
        ("stale_reads", 1, "stale_reads is true or false, not 1."),
        ("emails", "upper", 'emails is "as_sent" or "lowered", not "upper".'),
        ("read_only_status", 500, "read_only_status is 401 or 403 or 422, not 500."),
        ("hosts", "a", 'hosts is a list of texts, not "a".'),
        ("hosts", [1], "hosts is a list of texts, not [1]."),
        ("generation", ["x" * 200], f'generation is "2026" or "2025" or "2016" or "docs",'
         f' not ["{"x" * 78}….'),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_with_a_sentence(control, running, name, value, message):
    """Over HTTP and in Python alike; nothing of it is set, nor what came with it."""
    before = running.sandbox.settings
    answer = control.post("/settings", json={"decimals": "double", name: value})
    assert (answer.status_code, answer.json()) == (
        400, {"code": 400, "message": message, "param": name},
    )  # fmt: skip
    assert running.sandbox.settings == before
    with pytest.raises(ValueError, match=name) as caught:
        Sandbox(**{name: value})
    assert str(caught.value) == message


def test_an_unknown_switch_is_refused_with_those_there_are(control):
    """In Python too."""
    message = f'"colour" is none of {", ".join(NAMES)}.'
    assert control.post("/settings", json={"colour": 1}).json()["message"] == message
    with pytest.raises(ValueError, match="none of rate, parallel"):
        Sandbox(colour=1)
    with pytest.raises(ValueError, match="none of rate, parallel"):
        Sandbox().set(self=1)


def test_exact_decimals_of_json_are_numbers(control, running):
    """0.5 is a number of seconds."""
    control.post("/settings", content=b'{"stale": 0.5, "retry_after": 1.25}')
    settings = running.sandbox.settings
    assert (settings.stale, settings.retry_after) == (0.5, 1.25)
    assert isinstance(settings.stale, float)


def test_a_reset_takes_the_first_settings():
    """Limits too."""
    sandbox = Sandbox(rate=5, emails="lowered")
    sandbox.set(rate=None, emails="as_sent", stale=9)
    sandbox.limit.most = 1
    sandbox.reset()
    assert sandbox.settings == Settings(rate=5, emails="lowered")


@pytest.mark.parametrize("status", [401, 403, 422])
def test_a_write_with_a_read_only_key(status):
    """Has one of three statuses: which one it is at ChartMogul is not known."""
    sandbox = Sandbox(read_only_status=status)
    sandbox.key, sandbox.read_only_key = "other", sandbox.key
    assert Caller(sandbox, sandbox.read_only_key)("POST", "/customers", {}).status == status
