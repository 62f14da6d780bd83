"""`test`: cases beside a mapping, played against a ChartMogul in memory."""

import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.support.program import MAPPING

CASES = """\
# the first case begins in line 2
- name: it arrives
  before: [{external_id: cus_1, company: Old, attributes: {seats: 3}}]
  rows: [{id: cus_1, company: Quince, country: de, seats: 5, lead: 2024-05-01}]
  after: [{external_id: cus_1, company: Quince, country: DE, lead_created_at: 2024-05-01, attributes: {seats: 5}}]
- name: it does not
  rows:
    - {id: cus_1, company: Quince, country: Atlantis}
    - {id: cus_2, seats: many}
    - {id: cus_3, company: Medlar}
  after: [{external_id: cus_3, company: Quince}, {external_id: cus_4}]
  rejected: {cus_1: invalid_email, 3: invalid_key}
"""
WRONG = [
    "row 1 (cus_1): rejected with invalid_country, not with invalid_email",
    "row 2 (cus_2) was rejected: attribute_type",
    "3 was not rejected, and invalid_key is expected",
    'cus_3: company is "Medlar", and "Quince" is expected',
    "cus_4 is not there after the run",
]
NOTHING = {"WAREHOUSE_URL": None, "CHARTMOGUL_API_KEY": None, "CHARTMOGUL_API_URL": None}


@pytest.fixture
def cases(desk):
    """Writes the tests of the desk's mapping."""
    return (desk.place.folder / "mappings" / "customers.tests.yml").write_text


def test_a_case_that_fails(desk, cases):
    """Each thing that is otherwise is a sentence; exit 1, and nothing is asked for: no network, no key, no state."""
    cases(CASES)
    ended = desk("test", **NOTHING)
    lines = [line.strip() for line in ended.out.splitlines()]
    assert ended.code == 1
    assert lines[:2] == [
        "mappings/customers.tests.yml:2: ok — it arrives",
        "mappings/customers.tests.yml:6: FAILED — it does not",
    ]
    assert [line.startswith(wrong) for line, wrong in zip(lines[2:7], WRONG, strict=True)] == [
        True
    ] * 5
    assert lines[7] == "2 cases, 1 failed"
    assert not (desk.place.folder / "state.db").exists()
    assert desk.place.sandbox.sandbox.calls() == []


def test_a_text_is_no_number(desk, cases):
    """ChartMogul would lock another type, for good."""
    desk.mapping(MAPPING.replace("extra_columns: ignore", "extra_columns: attributes"))
    cases(
        "- name: x\n  rows: [{id: cus_1, level: '5'}]\n"
        "  after: [{external_id: cus_1, attributes: {level: 5}}]\n"
    )
    ended = desk("test", **NOTHING)
    assert (ended.code, ended.err) == (1, "")
    assert 'level is "5", and 5 is expected' in ended.out


def test_formats(desk, cases):
    """JSON and JUnit say the same."""
    cases(CASES)
    told = desk("test", "--json", **NOTHING).json
    assert (told["passed"], told["failed"]) == (1, 1)
    assert [one["passed"] for one in told["cases"]] == [True, False]
    assert len(told["cases"][1]["problems"]) == 5
    suite = ET.fromstring(desk("test", "--format", "junit", **NOTHING).out)
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [len(case) for case in suite] == [0, 1]


def test_cases_that_pass(desk, cases):
    """Exit 0; --select chooses among mappings, and one without tests is passed over."""
    cases(CASES.partition("- name: it does not")[0])
    desk.mapping(MAPPING, "others")
    assert desk("test", **NOTHING).code == 0
    assert desk("test", "--select", "customers", **NOTHING).code == 0
    ended = desk("test", "mappings/others.yml", **NOTHING)
    assert (ended.code, "none of these mappings has tests" in ended.err) == (2, True)


def test_the_examples_pass(desk):
    """Those beside the mappings that users copy."""
    shutil.rmtree(desk.place.folder / "mappings")
    shutil.copytree(Path(__file__).parents[2] / "mappings", desk.place.folder / "mappings")
    ended = desk("test", CHARTMOGUL_DATA_SOURCE=None, **NOTHING)
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "5 cases, 0 failed")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "- name: x\n  rows: []\n  aftr: []\n",
            "customers.tests.yml:3:3",
        ),
        ("- name: x\n  aftr: []\n  rows: []\n", "did you mean after?"),
        (
            "- name: x\n  rows: []\n  after: [{external_id: a, compny: b}]\n",
            "did you mean company?",
        ),
        (
            "- name: x\n  rows: []\n  after: [{company: b}]\n",
            "a customer is known by its external_id",
        ),
        ("- name: x\n", "a case needs rows"),
        ("- rows: []\n", "a case needs a name"),
        ("name: x\n", "customers.tests.yml"),
        ("", "no list of cases"),
        ("- name: x\n  rows: {id: a}\n", "a case needs rows"),
        ("- name: x\n  rows: []\n  rejected: [a]\n", "is no map of keys"),
    ],
)
def test_bad_input(desk, cases, text, told):
    """Exit 2, with file and line."""
    cases(text)
    ended = desk("test", **NOTHING)
    assert (ended.code, ended.out) == (2, "")
    assert told in " ".join(ended.err.split())


@pytest.mark.parametrize("style", ["text", "json"])
def test_nowhere_to_write(desk, cases, style):
    """A folder that cannot be is exit 2 and a sentence, in every format; SYNC_TMP is what names another."""
    desk.mapping()
    cases("- name: any\n  rows: []\n")
    ended = desk("test", "--format", style, SYNC_TMP="/proc/nowhere")
    assert ended.code == 2
    assert "cannot write in /proc/nowhere: No such file or directory" in ended.err
    assert "let SYNC_TMP name a folder" in ended.err
    assert style == "text" or ended.json["exit_code"] == 2
