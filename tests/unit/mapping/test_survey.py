"""Which mappings a survey finds, beside what is left out and what is no mapping."""

from pathlib import Path

import pytest

from sync.mapping.interpolation import Open
from sync.mapping.survey import survey

MAPPING = """\
version: 1
source:
  table: accounts
destination:
  object: customer
  data_source: {source}
fields:
  external_id: id
extra_columns: ignore
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one sound mapping."""
    (tmp_path / "customers.yml").write_text(MAPPING.format(source="ds_1"))
    return tmp_path


def test_what_is_left_out_holds_nothing_back(folder: Path):
    """A mapping that is not enabled is in no survey, even where it is not sound."""
    left_out = MAPPING.format(source="ds_1").replace("object: customer", "object: custmer")
    (folder / "later.yml").write_text(f"{left_out}enabled: false\n")

    found = survey([folder], {}, frozenset())

    assert [one.mapping.name for one in found.sound] == ["customers"]
    assert (found.barred, found.problems) == ([], ())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("attributes.lock.yml", "version: 1\ncustomers: {}\n"),
        ("customers.tests.yml", "- name: a case\n"),
    ],
)
def test_what_stands_beside_mappings(folder: Path, name: str, text: str):
    """Lock files and tests are none, in a folder or named."""
    (folder / name).write_text(text)

    for paths in ([folder], [folder / "customers.yml", folder / name]):
        found = survey(paths, {}, frozenset())
        assert [one.mapping.name for one in found.sound] == ["customers"]
        assert found.problems == ()


def test_what_is_not_set_may_stay_open(folder: Path):
    """Who only looks at the state needs no variable; the mapping is sound, without what stands there."""
    (folder / "customers.yml").write_text(MAPPING.format(source="${SOURCE}"))

    assert [one.name for one in survey([folder], {}, frozenset()).barred] == ["customers"]
    assert survey([folder], Open({}), frozenset()).problems == ()
    assert len(survey([folder], Open({}), frozenset()).sound) == 1
