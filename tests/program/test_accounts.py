"""Which account a mapping is for, and what `check` shows of keys, accounts and data sources."""

import pytest

from tests.support.program import MAPPING

GUARDED = "  object: customer\n  account: {}\n"


def guarded(desk, account: str) -> None:
    desk.mapping(MAPPING.replace("  object: customer\n", GUARDED.format(account)))


@pytest.fixture
def account(desk) -> dict[str, str]:
    """The sandbox's account."""
    found: dict[str, str] = desk.place.sandbox.sandbox.world.account
    return found


@pytest.mark.parametrize("key", ["name", "id"])
def test_the_right_account(desk, account, key):
    """Its name or its id, as GET /account shows them, let the mapping run."""
    guarded(desk, account[key])
    assert desk("run").code == 0
    assert len(desk.place.writes()) == 1


def test_another_account(desk, account):
    """Another account's key fails the mapping before its query, with both names and the line; others run."""
    guarded(desk, "Acme Production")
    desk.mapping(MAPPING.replace("select *", "select nothing"), "zebra")
    ended = desk("run", "--json")
    first, second = ended.json["mappings"]
    assert ended.code == 2
    assert first["error"] == (
        f"mappings/customers.yml:6: the key is one of the account {account['name']} ({account['id']}),"
        " and the mapping is for Acme Production"
        " (put a key of that account into CHARTMOGUL_API_KEY, or correct destination.account)"
    )
    assert first["rows"]["read"] == 0
    assert "nothing" in second["error"]
    checked = desk("check", "mappings/customers.yml")
    assert checked.code == 2
    assert "the mapping is for Acme Production" in checked.out


def test_check_shows_key_and_account(desk, account):
    """A key is known by its last four characters and its variable; nothing is written."""
    key = desk.place.sandbox.key
    shown = desk("check").out
    assert f"account      {account['name']} ({account['currency']}, id {account['id']})" in shown
    said = "reads; ChartMogul does not say whether it may write"
    assert f"key          …{key[-4:]} (CHARTMOGUL_API_KEY): {said}" in shown
    (found,) = desk("check", "--json").json
    assert (found["api_key"], found["account_id"]) == (f"…{key[-4:]}", account["id"])
    assert desk.place.writes() == []


def test_a_data_source_of_somebody_else(desk):
    """What a billing system fills is warned of; custom data sources are not."""
    warning = "is no custom one: Stripe fills it"
    assert warning not in desk("check").out
    for source in desk.place.sandbox.sandbox.world.sources.values():
        source["system"] = "Stripe"
    ended = desk("check")
    assert ended.code == 0
    assert warning in ended.out
