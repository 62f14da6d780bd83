"""What was found, in every form: for people, programs, comments, annotations and test reports."""

import json
import os
import re
from xml.etree import ElementTree

import pytest

from sync.report.comment import MARK, MOST
from tests.support.program import MAPPING

FORMS = ("markdown", "github", "junit")
SECRET = ("Germany", "quince", "Quince", "a@", "Fruit")
BAD: tuple[dict[str, object], ...] = (
    {"country": "Germany"},
    {"id": "cus_2", "company": "Fruit & Sons", "country": None},
    {"id": "cus_3", "email": "no address of quince"},
)


@pytest.fixture
def bad(desk):
    """A mapping with a line for each field, and rows of which two are rejected."""
    desk.mapping(
        MAPPING.replace("  country: country", "  country: {column: country, on_null: clear}")
    )
    desk.rows(*BAD)
    return desk


@pytest.mark.parametrize("form", ["json", *FORMS])
@pytest.mark.parametrize("dry", [True, False])
def test_run_prints_what_report_prints(bad, form, dry):
    """The same bytes, the dry run found by its id and as the latest dry run."""
    told = bad("run", "--format", form, *(["--dry-run"] if dry else []))
    assert (told.code, bool(told.out)) == (1, True)
    name = ["--latest-dry-run"] if dry else []
    assert bad("report", *name, "--format", form).out == told.out
    summary = json.loads(bad("report", *name, "--format", "json").out)
    assert bad("report", summary["run_id"], "--format", form).out == told.out


@pytest.mark.parametrize("form", FORMS)
def test_no_values_unless_asked_for(bad, form):
    """Neither values of rows nor keys with an e-mail, in runs, previews and their reports."""
    for command in (["run"], ["run", "--dry-run"], ["preview"], ["report"]):
        told = bad(*command, "--format", form).out
        assert [value for value in SECRET if value in told] == [], command
        assert "invalid_country" in told.replace("\\", "")
    assert "Germany" in bad("report", "--format", form, "--values").out


def test_markdown(bad):
    """Counts, what is risky first, what each field changes, and why rows were rejected."""
    bad("run")
    bad.rows({"country": "DE"}, {**BAD[1], "country": "AT"}, {"id": "cus_3", "country": None})
    bad("run")
    bad.rows(
        {"country": None}, {**BAD[1], "company": "Other"}, {"id": "cus_4", "country": "Germany"}
    )
    told = bad("run", "--dry-run", "--format", "markdown").out
    assert told.startswith(MARK)
    order = [
        "| mapping |",
        "Riskiest changes",
        "**empties** country of 2 records",
        "What changes",
        "Rejected rows",
    ]
    places = [told.index(part) for part in order]
    assert places == sorted(places)
    assert "The real run would take " in told


def test_markdown_is_short(desk):
    """A comment of at most 60,000 characters, whatever there is, that says where the rest is."""
    columns = ", ".join(f"id as c{n:04d}" for n in range(1_900))
    desk.mapping(
        MAPPING.replace("select *", f"select accounts.*, {columns}").replace("ignore", "attributes")
    )
    desk.rows({})
    told = desk("run", "--dry-run", "--format", "markdown").out
    assert MOST * 0.9 < len(told) <= MOST
    assert "has all of it" in told


def test_github(bad, tmp_path):
    """An annotation for each reason at the line of its field, and the Markdown in the step's summary."""
    summary = tmp_path / "summary.md"
    told = bad("run", "--format", "github", GITHUB_STEP_SUMMARY=str(summary))
    lines = told.out.splitlines()
    file = os.path.join("mappings", "customers.yml")
    assert lines[0].startswith(
        f"::error file={file},line=9,title=1 row rejected%3A invalid_country in country::"
    )
    assert all(re.fullmatch(r"::(error|warning|notice) [^\n]+::[^\n]*", line) for line in lines)
    assert summary.read_text().startswith(MARK)
    assert "Rejected rows" in summary.read_text()


def test_junit(bad):
    """A suite for each mapping, a failure for each reason."""
    told = ElementTree.fromstring(bad("run", "--format", "junit").out)
    assert (told.tag, told.get("tests"), told.get("failures")) == ("testsuites", "2", "2")
    [suite] = told
    assert suite.get("name") == "customers"
    assert all(case.find("failure") is not None for case in suite)


@pytest.mark.parametrize("command", ["validate", "check"])
def test_files_that_do_not_fit(desk, command):
    """Each problem at its line, and exit 2, in every form."""
    desk.mapping(MAPPING.replace("country: country", "cuontry: country"))
    told = {form: desk(command, "--format", form) for form in ("json", *FORMS)}
    assert {ended.code for ended in told.values()} == {2}
    assert "::error file=mappings/customers.yml,line=9,col=3" in told["github"].out
    [suite] = ElementTree.fromstring(told["junit"].out)
    assert suite[0].find("failure") is not None
    assert "cuontry" in told["markdown"].out
    assert told["json"].json["problems"][0]["line"] == 9


@pytest.mark.parametrize("command", ["validate", "check", "preview"])
def test_all_well(desk, command):
    """A file that is well is a case that passed, and no annotation."""
    desk.mapping()
    desk.rows({})
    assert desk(command, "--format", "github").out == ""
    told = ElementTree.fromstring(desk(command, "--format", "junit").out)
    assert (told.get("tests"), told.get("failures")) == ("1", "0")
    assert "ok" in desk(command, "--format", "markdown").out
    assert desk(command, "--format", "text").out == desk(command).out
    assert desk("validate", "--format", "json").json["mappings"][0]["mapping"] == "customers"


def test_output(bad):
    """The same text, in a file; what was there before is replaced whole."""
    bad("run")
    folder = bad.place.folder
    (folder / "told.md").write_text("before")
    assert bad("report", "--format", "markdown", "--output", "told.md").out == ""
    assert (folder / "told.md").read_text() == bad("report", "--format", "markdown").out
    bad("report", "--output", "told.txt")
    assert "Rejected rows" in (folder / "told.txt").read_text()
    bad("report", "--json", "--output", "all.json")
    assert json.loads((folder / "all.json").read_text())["errors"]
    bad("validate", "--format", "json", "--output", "valid.json")
    assert json.loads((folder / "valid.json").read_text())["exit_code"] == 0


def test_a_file_that_cannot_be_written(bad):
    """Exit 2 with one sentence, before anything is sent."""
    for file in ("nowhere/told.md", "mappings"):
        ended = bad("run", "--format", "markdown", "--output", file)
        assert (ended.code, ended.out) == (2, "")
        assert f"cannot write {file}" in ended.err
        assert "Traceback" not in ended.err
    assert bad.place.writes() == []


def test_a_run_that_is_not_there(bad):
    """Exit 2 with one sentence, and the file stays as it was."""
    kept = bad.place.folder / "told.md"
    kept.write_text("before")
    for arguments in (["nobody"], [], ["--latest-dry-run"], [""]):
        ended = bad("report", *arguments, "--format", "markdown", "--output", "told.md")
        assert (ended.code, ended.out, len(ended.err.splitlines()) <= 2) == (2, "", True)
    bad("run")
    (bad.place.folder / "reports" / "latest" / "changes.jsonl").unlink()
    ended = bad("report", "--format", "markdown", "--output", "told.md")
    assert (ended.code, "is not complete" in ended.err) == (2, True)
    assert kept.read_text() == "before"


def test_by_reason_and_field(bad):
    """All reasons with their values; all fields with what is wrong and what changed."""
    bad("run")
    by_reason = bad("report", "--by", "reason").out
    assert "customers: 1 row, invalid_country in country" in by_reason
    assert "  1 × Germany" in by_reason
    by_field = bad("report", "--by", "field", "--rows", "0").out
    assert "customers: country\n" in by_field
    assert "row 1" not in by_field
    [first, _] = json.loads(bad("report", "--by", "reason", "--format", "json").out)["groups"]
    assert first["values"] == [{"value": "Germany", "rows": 1}]
    assert first["rows"][0]["name"] == "Quince"
    assert bad("report", "--by", "reason", "--format", "junit").code == 2


def test_rows_of_a_dry_run(bad):
    """--rows says how many rows of each mapping are shown, the riskiest first."""
    bad.rows(*({"id": f"cus_{n}"} for n in range(30)))
    few, more = (bad("run", "--dry-run", "--rows", str(n)).out for n in (2, 25))
    assert [text.count("+ create") for text in (few, more)] == [2, 25]
    assert "… and 28 more in" in few
    told = bad("report", "--latest-dry-run", "--rows", "3").out
    assert told.count("+ create") == told.count("attributes.seats 5") == 3, "a pipe has them whole"


def test_a_run_before_its_first_row(desk):
    """It has left no report, and is told in every form."""
    desk.mapping()
    desk.rows({})
    for form in ("json", *FORMS):
        ended = desk("run", "--format", form, CHARTMOGUL_API_KEY=None)
        assert ended.code == 2
        assert "CHARTMOGUL_API_KEY" in ended.out.replace("\\", "")


def test_what_does_not_go_together(desk):
    """Exit 2, with what to write."""
    desk.mapping()
    assert desk("run", "--json", "--format", "junit").code == 2
    assert desk("report", "x", "--latest-dry-run").code == 2
    assert desk("report", "--json", "--by", "reason").code == 2
    assert desk("run", "--format", "xml").code == 2


@pytest.mark.parametrize("command", ["status", "runs", "explain customers cus_1", "test"])
def test_text_and_json(desk, command):
    """What is for people, or for programs as it is: on stdout or in a file, and no other form."""
    case = "- name: a row\n  rows: [{id: cus_1, company: Quince, country: DE, seats: 5}]\n"
    (desk.place.folder / "mappings" / "customers.tests.yml").write_text(case)
    assert desk("run").code == 0
    words, file = command.split(), desk.place.folder / "told"
    plain, text = desk(*words), desk(*words, "--format", "text", "--output", "told")
    assert (plain.code, text.code, text.out) == (0, 0, "")
    told = file.read_text()
    assert re.sub(r"\d+", "0", told) == re.sub(r"\d+", "0", plain.out)
    short, long = desk(*words, "--json"), desk(*words, "--format", "json")
    assert [one.code for one in (short, long)] == [0, 0]
    assert type(short.json) is type(long.json)
    assert desk(*words, "--json", "--output", "told").out == ""
    assert type(json.loads(file.read_text())) is type(long.json)
    assert desk(*words, "--json", "--format", "text").code == 2
    ended = desk(*words, "--format", "github")
    assert (ended.code, "is not one of" in ended.err) == (2, True)
    ended = desk(*words, "--output", "mappings")
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (2, "", 2)


def test_cases_in_a_file(desk):
    """The test report of a pipeline, also where a case fails, and where a file is broken."""
    tests = desk.place.folder / "mappings" / "customers.tests.yml"
    tests.write_text("- name: a row\n  rows: [{id: cus_1}]\n  rejected: {cus_1: invalid_country}\n")
    told = desk("test", "--format", "junit", "--output", "tests.xml")
    assert (told.code, told.out) == (1, "")
    read = ElementTree.fromstring((desk.place.folder / "tests.xml").read_text())
    assert (read.get("tests"), read.get("failures")) == ("1", "1")
    tests.write_text("- nome: a row\n")
    told = desk("test", "--format", "junit")
    assert (told.code, "nome" in told.out, "nome" in told.err) == (2, True, True)
    assert ElementTree.fromstring(told.out).get("failures") not in (None, "0")
