"""A mapping that is called otherwise from now on: the preview says what that costs, and how to go on."""

import pytest

from tests.support.program import MAPPING

CAREFUL = MAPPING + "overwrite: unless_edited\n"


def rename(desk, way, text=CAREFUL):
    """The mapping has another name from now on: that of its file, or one that stands in it."""
    if way == "file":
        (desk.place.folder / "mappings" / "customers.yml").unlink()
        desk.mapping(text, "clients")
    else:
        desk.mapping("name: clients\n" + text)


@pytest.fixture
def renamed(desk):
    """A mapping that has written one of two customers, which is to be changed."""
    desk.mapping(CAREFUL)
    desk.rows({}, {"id": "cus_2"})
    assert desk("run").code == 0
    desk.rows({"company": "Medlar"}, {"id": "cus_2"})
    return desk


@pytest.mark.parametrize("way", ["file", "name"])
def test_a_preview_warns(renamed, way):
    """It names the old name, and with that under `name:` all is as before; the warning ends once it has met records."""
    rename(renamed, way)
    said = "write `name: customers` in its file"
    assert said in renamed("run", "--dry-run").err
    renamed.mapping("name: customers\n" + CAREFUL, "clients" if way == "file" else "customers")
    ended = renamed("run", "--json")
    assert (ended.rows, said in ended.err) == ({"read": 2, "updated": 1, "unchanged": 1}, False)
    renamed.mapping("name: clients\n" + CAREFUL, "clients" if way == "file" else "customers")
    assert [said in renamed("run").err for _ in range(2)] == [True, False]


def test_a_copy_is_another_mapping(renamed):
    """The file with the old name is there: nobody was renamed."""
    renamed.mapping(CAREFUL, "clients")
    for files in (["mappings/clients.yml"], []):
        assert "write `name:" not in renamed("run", "--dry-run", *files).err
