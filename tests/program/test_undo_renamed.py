"""`undo` of a run whose mapping has another name, or another file, by now: followed, or told what helps."""

import pytest

from tests.support.program import MAPPING


@pytest.fixture
def renamed(desk):
    """A run that broke a customer, and its mapping, which is then called otherwise; the run's id."""
    desk.mapping()
    desk.rows({}, {"id": "cus_2"})
    desk("run")
    desk.rows({"company": "Wrong"}, {"id": "cus_2"})
    desk("run")
    return (desk.place.folder / "reports" / "latest").resolve().name


def rename(desk, text=MAPPING, name="clients"):
    """The mapping is in another file from now on."""
    (desk.place.folder / "mappings" / "customers.yml").unlink()
    desk.mapping(text, name)


def stays(desk, **rows):
    """Whether the wrong value is gone, and the next runs leave it so."""
    assert desk.place.customers()["cus_1"]["company"] == "Quince"
    for _ in range(2):
        assert desk("run", "--json").rows == {"read": 2, "skipped": 1, **rows}
    assert desk.place.customers()["cus_1"]["company"] == "Quince"


@pytest.mark.parametrize("met", [False, True])
@pytest.mark.parametrize("way", ["file", "name"])
def test_a_mapping_with_another_name(desk, renamed, way, met):
    """Its file is called otherwise, or it is in its file; whether it has run as such or not, rows stay undone."""
    if way == "file":
        rename(desk)
    else:
        desk.mapping("name: clients\n" + MAPPING)
    if met:
        assert desk("run", "--json").rows == {"read": 2, "unchanged": 2}
    dry = desk("undo", renamed, "--dry-run", "--json")
    assert (dry.code, dry.rows) == (0, {"read": 1, "updated": 1})
    ended = desk("undo", renamed, "--json")
    assert (ended.code, ended.rows) == (0, {"read": 1, "updated": 1})
    assert ended.json["mappings"][0]["mapping"] == "clients"
    assert f"{renamed} wrote with this mapping as customers" in ended.err
    assert "may send them again" not in ended.err
    stays(desk, unchanged=1)
    assert "1 row of clients" in desk("forget", "clients", "--undo", renamed).out
    assert desk("run", "--json").rows == {"read": 2, "updated": 1, "unchanged": 1}


def test_a_mapping_in_another_file(desk, renamed):
    """With the name that it had it is the same one."""
    rename(desk, "name: customers\n" + MAPPING.replace("5", "6"))
    desk.mapping("no mapping at all", "broken")
    ended = desk("undo", renamed, "--json")
    assert (ended.code, ended.rows) == (0, {"read": 1, "updated": 1})
    (desk.place.folder / "mappings" / "broken.yml").unlink()
    stays(desk, unchanged=1)


@pytest.mark.parametrize("what", ["nothing", "another query", "two", "no state"])
def test_a_mapping_that_is_not_there(desk, renamed, what):
    """Nobody knows which one it is by now: the message says which is wanted, and how to say so."""
    other = MAPPING.replace("select * from accounts", "select * from accounts where 1 = 1")
    rename(desk, MAPPING if what in ("two", "no state") else other)
    match what:
        case "nothing":
            (desk.place.folder / "mappings" / "clients.yml").unlink()
        case "two":
            desk.mapping(MAPPING, "buyers")
        case "no state":
            (desk.place.folder / "state.db").unlink()
    desk.place.forget()
    ended = desk("undo", renamed)
    assert ended.code == 2
    assert "mapping customers, which the run wrote with, is not there any more" in ended.err
    assert "mappings/customers.yml" in ended.err
    assert "`name: customers` in its file" in ended.err
    assert desk.place.writes() == []
    if what == "another query":
        desk.mapping("name: customers\n" + other, "clients")
        assert desk("undo", renamed).code == 0
