"""Which account a mapping is for, and what `check` shows of keys, accounts and data sources."""

import json

import pytest

from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from sync.state.store import Store
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


def test_check_of_an_account_that_shows_its_id_at_last(desk, account):
    """The types that it is known by its name to have are in use, also before a run has met its id."""
    desk.place.sandbox.sandbox.fail(
        path="/v1/account", body=json.dumps({**account, "id": None}), status=200
    )
    assert desk("run").code == 0
    desk.place.sandbox.sandbox.faults.clear()
    desk.mapping(MAPPING.replace("type: Integer", "type: Decimal"))
    checked = desk("check")
    assert checked.code == 2
    assert "Integer" in checked.out, checked.out


def test_a_data_source_of_somebody_else(desk):
    """What a billing system fills is warned of; custom data sources are not."""
    warning = "is no custom one: Stripe fills it"
    assert warning not in desk("check").out
    for source in desk.place.sandbox.sandbox.world.sources.values():
        source["system"] = "Stripe"
    ended = desk("check")
    assert ended.code == 0
    assert warning in ended.out


def named(desk, name: str, file: str = "customers", text: str = MAPPING) -> None:
    source = f"  object: customer\n  data_source: {name}\n"
    desk.mapping(text.replace("  object: customer\n", source), file)


@pytest.fixture
def source(desk) -> str:
    """The name of the sandbox's data source."""
    world = desk.place.sandbox.sandbox.world
    name: str = world.sources[desk.place.sandbox.data_source]["name"]
    return name


def test_a_data_source_by_name(desk, source):
    """It is the same as by its uuid: report, state and history name the uuid, and nothing is created twice."""
    assert desk("run").code == 0
    named(desk, source)
    ended = desk("run", "--json")
    (mapping,) = ended.json["mappings"]
    assert mapping["data_source"] == desk.place.sandbox.data_source
    assert ended.rows == {"read": 1, "unchanged": 1}
    (shown,) = desk("status", "--json").json["mappings"]
    assert (shown["run_id"], shown["broken_since"]) == (ended.json["run_id"], None)


@pytest.fixture
def elsewhere(desk, source):
    """The variables of another account, which has a data source of the same name."""
    named(desk, source)
    other = Sandbox(
        key="another_key", data_source="ds_2", data_source_name=source, account={"id": "acc_2"}
    )
    with RunningSandbox(other) as there:
        yield {"CHARTMOGUL_API_URL": there.url, "CHARTMOGUL_API_KEY": there.key}


def test_a_name_that_two_accounts_have(desk, elsewhere):
    """Of two environments on one state each has its own last success, told by whose its key is."""
    here: dict[str, str | None] = {}
    nobodys: dict[str, str | None] = {"CHARTMOGUL_API_KEY": None}
    ran = [desk("run", "--json", **more).json["run_id"] for more in (here, elsewhere)]
    for more, wanted in ((here, ran[0]), (elsewhere, ran[1]), (nobodys, ran[1])):
        (shown,) = desk("status", "--json", **more).json["mappings"]
        assert shown["run_id"] == wanted


def test_retry_in_two_accounts(desk, elsewhere):
    """Each key sends again what was rejected in its own account, and finds nothing to retry where nothing was."""
    desk.rows({"id": "a", "country": "Atlantis"}, {"id": "b"})
    desk("run")
    desk.rows({"id": "a"}, {"id": "b", "country": "Atlantis"})
    desk("run", **elsewhere)
    desk.rows({"id": "a"}, {"id": "b"})
    assert desk("retry", "--json").rows == {"read": 1, "created": 1}
    assert desk("retry").out == "Nothing to retry: no row is rejected now.\n"
    assert desk("retry", "--json", **elsewhere).rows == {"read": 1, "created": 1}


def test_forget_in_two_accounts(desk, elsewhere):
    """A key lets the state forget what is known of its own account, and hears where else the mapping is known."""
    desk("run")
    desk("run", **elsewhere)
    ended = desk("forget", "customers", **elsewhere)
    assert "Forgot customers in ds_2" in ended.out
    assert ended.out.count("Forgot ") == 1
    account = desk.place.sandbox.sandbox.world.account["id"]
    said = f"customers stays known in {account}: that account's key forgets it."
    assert said in ended.out
    assert desk("run", "--json").json["mappings"][0]["requests"]["total"] < 5
    again = desk("forget", "customers", **elsewhere)
    assert again.code == 2
    assert f"in {account}, and the key in CHARTMOGUL_API_KEY is one of another account" in again.err
    assert desk("forget", "customers", CHARTMOGUL_API_KEY=None).code == 0


def test_a_uuid_is_one_of_its_own(desk):
    """Its history is told, whatever account the key was seen to be of with another data source."""
    assert desk("run").code == 0
    store = Store.open(desk.place.environment["SYNC_STATE_URL"])
    store.remember_account("ds_2", "host|New", "New", key=desk.place.sandbox.key)
    store.close()
    (shown,) = desk("status", "--json").json["mappings"]
    assert shown["run_id"] is not None


def test_a_name_that_is_missing(desk, source):
    """It is said with the names that are there, exit 3; `check` makes it only when it is asked to, and once."""
    named(desk, "Analytics")
    named(desk, "Analytics", "more")
    said = f"the account has no data source named Analytics; it has: {source}"
    ended = desk("run")
    assert ended.code == 3
    assert said in " ".join(ended.err.split())
    assert desk("check").code == 3
    assert desk.place.writes() == []
    made = desk("check", "--create-data-source")
    assert made.code == 0
    assert (made.out.count("data source  Analytics"), made.out.count("made just now")) == (2, 1)
    assert desk.place.writes() == [("POST", "/v1/data_sources")]
    assert desk("run").code == 0


def test_contacts_of_named_customers(desk, source):
    """Mappings that say the name and the uuid of one data source belong together: contacts follow their customers."""
    named(desk, source)
    desk.mapping(
        "version: 1\n"
        'source: {query: "select id as customer, email as mail from accounts"}\n'
        "destination: {object: contact}\n"
        "fields: {customer_external_id: customer, email: mail}\n",
        "a_contacts",
    )
    ended = desk("run", "--json")
    assert ended.code == 0
    assert [one["rows"]["created"] for one in ended.json["mappings"]] == [1, 1]


def test_check_says_that_attributes_of_contacts_have_to_be_defined(desk, source):
    """Before the first run: what the app does not define ChartMogul drops without an error."""
    named(desk, source)
    desk.mapping(
        "version: 1\n"
        'source: {query: "select id as customer, email as mail, seats from accounts"}\n'
        "destination: {object: contact}\n"
        "fields: {customer_external_id: customer, email: mail}\n"
        "attributes: {seats: {column: seats, type: Integer}}\n",
        "a_contacts",
    )
    told = desk("check", "mappings/a_contacts.yml").out
    assert "dropped, unless the ChartMogul app defines it for contacts" in told


def test_a_variable_holds_no_name(desk):
    """What a variable holds in place of a uuid may be a secret: it is refused, and not shown."""
    named(desk, "${SOURCE}")
    ended = desk("run", SOURCE="plantedQ7xV2kZ92")
    assert ended.code == 2
    assert "'${SOURCE}' is not the uuid of a data source; it begins with ds_" in ended.err
