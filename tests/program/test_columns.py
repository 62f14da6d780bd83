"""Columns that nobody has named well, as people are told of them: by check, and before a run's first write."""

import pytest

MAPPING = """\
version: 1
source: {query: "select id, company, seats from accounts"}
destination: {object: customer}
fields: {external_id: id}
"""
LINES = """\
attributes:
  company: {column: company, type: String}
  seats: {column: seats, type: Integer}
"""


def test_types_that_are_only_suggested(desk):
    """check and run end with 2, write nothing, and print lines that can be pasted as they are."""
    desk.mapping(MAPPING)
    checked, run, dry = desk("check"), desk("run"), desk("run", "--dry-run")
    assert [ended.code for ended in (checked, run, dry)] == [2, 2, 2]
    assert [f"\n{LINES}" in one.out + one.err for one in (checked, run, dry)] == [True] * 3
    assert "seats: Integer (the column's values); only suggested: no run locks it" in checked.out
    assert LINES.strip() in desk("check", "--json").json[0]["problems"][0]
    assert LINES.strip() in desk("run", "--json").json["mappings"][0]["error"]
    assert desk.place.writes() == []

    desk.mapping(MAPPING + LINES)
    assert (desk("check").code, desk("run").code) == (0, 0)
    desk.mapping(MAPPING)
    checked = desk("check")
    assert (checked.code, desk("run").code) == (0, 0)
    assert "seats: Integer (noted in the state); in use" in checked.out


@pytest.mark.parametrize("command", [("run",), ("run", "--dry-run"), ("check",)])
def test_names_that_leave_out_nothing(desk, command):
    """They are told with the nearest name, and nothing ends because of them."""
    desk.mapping(MAPPING + LINES + 'ignore_columns: [seets, "COMP*", "*_later"]\n')
    ended = desk(*command)
    assert ended.code == 0
    told = " ".join((ended.out + ended.err).split())
    assert "ignore_columns: 'seets' is no column of the query: did you mean 'seats'?" in told
    assert "'COMP*' leaves out nothing" in told
    assert "_later" not in told
