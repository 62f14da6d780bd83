"""A mapping by fingerprints whose warehouse cannot compare yet, as people read it."""

from tests.support.program import MAPPING

WHY = "fingerprints were not tried on sqlite yet"


def test_what_is_said(desk):
    """`check` and a run say that all rows are read, and why; that is no failure."""
    desk.mapping(MAPPING.replace("source:", "source:\n  read: fingerprints", 1))
    desk.rows({"id": "c1", "company": "x"})
    checked = desk("check", "--json")
    assert checked.code == 0
    assert checked.json[0]["fingerprints"] == f"not used: {WHY}; every run reads all rows"

    ran = desk("run", "--json")
    assert ran.code == 0
    assert ran.json["mappings"][0]["rows"]["created"] == 1
    assert f"all rows are read, though the mapping says fingerprints: {WHY}" in ran.err
