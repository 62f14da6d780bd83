"""--select and --exclude on the commands, and mappings that say when they run."""

import json

import pytest

from tests.support.program import MAPPING


def keyed(letter):
    """The mapping with keys that begin with a letter."""
    columns = f"'{letter}' || id as id, company, country, email, lead, seats"
    return MAPPING.replace("select *", f"select {columns}")


@pytest.fixture
def desk(desk):
    """Three mappings, two of them with a label, each with keys of its own."""
    desk.mapping(MAPPING + "labels: [nightly]\n")
    desk.mapping(keyed("o") + "labels: [nightly, slow]\n", "others")
    desk.mapping(keyed("m"), "more")
    return desk


def ran(ended):
    return [one["mapping"] for one in ended.json["mappings"]]


def test_run(desk):
    """Those that are selected, without those that are excluded; the others are not in the run at all."""
    assert ran(desk("run", "--json", "--select", "label:nightly")) == ["customers", "others"]
    assert ran(desk("run", "--json", "--exclude", "label:slow", "--exclude", "more")) == [
        "customers"
    ]
    assert ran(desk("run", "--dry-run", "--json", "--select", "more", "mappings")) == ["more"]


@pytest.mark.parametrize("command", ["run", "check", "validate", "preview", "status"])
def test_a_name_that_matches_nothing(desk, command):
    """Every command refuses it, with the nearest."""
    ended = desk(command, "--select", "custmers")
    assert (ended.code, ended.out) == (2, "")
    assert "there is no mapping 'custmers'" in ended.err
    assert "did you mean customers?" in ended.err
    assert desk(command, "--select", "customers").code == 0


def test_it_is_no_run(desk):
    """A slip in an argument is nothing that a mapping failed at."""
    ended = desk("run", "--json", "--select", "label:nihgtly")
    assert (ended.code, ended.json["problems"][0]["hint"]) == (2, "did you mean label:nightly?")
    assert json.loads(desk("runs", "--json").out) == []


def test_a_broken_file_that_is_not_chosen(desk):
    """It holds nothing back, as if only the others had been named."""
    desk.mapping(MAPPING.replace("version: 1", "version: 2"), "broken")
    assert desk("run", "--select", "customers").code == 0
    assert desk("run", "--exclude", "broken").code == 0
    assert desk("run").code == 2


@pytest.mark.parametrize("command", ["check", "validate", "preview", "status"])
def test_the_others(desk, command):
    """What is not chosen is not looked at."""
    desk("run")
    out = desk(command, "--select", "others").out
    assert ("others" in out, "customers:" in out, "customers.yml" in out) == (True, False, False)
