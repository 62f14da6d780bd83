"""The commands as people and programs call them: output, files, exit codes, and what they never say."""

import json

from tests.support import planted_secrets
from tests.support.program import MAPPING

WATCHED = (planted_secrets.PASSWORD, planted_secrets.API_KEY)
PERSONAL = ("Quince", "a@quince.example", "mail-key@quince.example")


def test_validate(desk):
    """Every file, what it feeds; no secrets needed."""
    ended = desk("validate", CHARTMOGUL_API_KEY=None, WAREHOUSE_URL=None)
    assert ended.code == 0
    assert "customers.yml: ok" in ended.out


def test_validate_casts_what_the_file_holds(desk):
    """A constant, a default or a result of a value map that its field cannot take is told at its place."""
    country = (
        "  country: {column: country, map: {UK: England, XX: '${NOT_SET}'}, default: Germany}\n"
    )
    text = MAPPING.replace("fields:\n", "fields:\n" + country, 1)
    desk.mapping(text.replace("  country: country\n", ""))
    ended = desk("validate", CHARTMOGUL_API_KEY=None, WAREHOUSE_URL=None)
    assert ended.code == 2
    assert "fields.country.map.UK" in ended.err
    assert "write GB" in ended.err
    assert "fields.country.default" in ended.err
    assert "NOT_SET" not in ended.err


def test_check(desk):
    """Account, data source, every attribute with its type, and what is about to be locked."""
    desk.mapping(MAPPING.replace("fields:", "fields:\n  website_url: email"))
    ended = desk("check")
    assert ended.code == 0
    for part in ("Sandbox", desk.place.sandbox.data_source, "seats: Integer", "locks", "merge"):
        assert part in ended.out
    assert desk.place.writes() == []
    found = json.loads(desk("check", "--json").out)
    assert found[0]["attributes"]["seats"]["new"] is True
    desk("run")
    assert json.loads(desk("check", "--json").out)[0]["attributes"]["seats"]["new"] is False


def test_check_waits_no_longer_than_a_run(desk):
    """Of all mappings together: where nobody answers, the first one waits for SYNC_OUTAGE, the others ask once."""
    desk.mapping(MAPPING.replace("version: 1", "version: 1\nname: other"), "other")
    desk.place.sandbox.sandbox.fail(path="/v1/account", status=502)
    ended = desk("check", "--json", SYNC_OUTAGE="1")
    assert ended.code == 3
    told = [one["problems"][0] for one in ended.json]
    assert all(problem.startswith("nothing but failures for") for problem in told)
    assert len(desk.place.sandbox.sandbox.calls(path="/v1/account")) < 8


def test_check_finds_what_is_wrong(desk):
    """The gravest problem decides the exit code; the rest is checked all the same."""
    ended = desk("check", CHARTMOGUL_API_KEY="wrong")
    assert ended.code == 3
    assert "CHARTMOGUL_API_KEY" in ended.out
    assert "6 columns" in ended.out


def test_preview_before_there_is_an_account(desk):
    """What `init` has written is previewed with a warehouse alone: neither key nor data source is needed."""
    ended = desk("preview", CHARTMOGUL_API_KEY=None, CHARTMOGUL_DATA_SOURCE=None)
    assert (ended.code, "cus_1" in ended.out) == (0, True), ended.err
    ended = desk("preview", WAREHOUSE_URL=None)
    assert (ended.code, "WAREHOUSE_URL is not set" in ended.err) == (2, True)


def test_preview(desk):
    """Rows and what becomes of them, without asking ChartMogul."""
    desk.rows({}, {"id": "cus_2", "country": "Germany"}, {"id": "cus_3"})
    ended = desk("preview", "--limit", "2", CHARTMOGUL_API_KEY=None)
    assert ended.code == 0
    assert "company: Quince" in ended.out
    assert "would be rejected" in ended.out
    assert "cus_3" not in ended.out
    assert desk.place.sandbox.sandbox.calls() == []
    lines = [json.loads(line) for line in desk("preview", "--json").out.splitlines()]
    assert [line["row"] for line in lines] == [1, 2, 3]
    assert lines[0]["fields"]["attributes.seats"] == 5
    assert lines[1]["problems"][0]["code"] == "invalid_country"


def test_run_and_its_reports(desk):
    """JSON alone on stdout, the same in summary.json; `latest` points to it."""
    ended = desk("run", "--json")
    latest = desk.place.folder / "reports" / "latest"
    assert ended.json == json.loads((latest / "summary.json").read_text())
    assert ended.json["exit_code"] == ended.code == 0
    assert sorted(path.name for path in latest.iterdir()) == [
        "changes.jsonl",
        "errors.csv",
        "errors.jsonl",
        "left.jsonl",
        "report.html",
        "summary.json",
    ]
    assert desk("run", "--reports", "elsewhere").code == 0
    assert (desk.place.folder / "elsewhere" / "latest" / "summary.json").exists()


def test_a_dry_run_shows_every_change(desk):
    """On stdout, field by field, with the cost; in any style of logs."""
    for style in ("text", "json"):
        ended = desk("run", "--dry-run", SYNC_LOG=style)
        assert "+ create cus_1" in ended.out
        assert "company Quince" in ended.out
        assert "requests" in ended.out
    assert desk.place.writes() == []


def test_runs_and_report(desk):
    """Past runs, and one of them in full."""
    first = desk("run", "--json").json["run_id"]
    desk("run")
    listed = desk("runs")
    assert listed.code == 0
    assert listed.out.index(first) > listed.out.index("1 unchanged")
    assert len(json.loads(desk("runs", "--json").out)) == 2
    shown = desk("report", first[:-2])
    assert "created cus_1" in shown.out
    assert json.loads(desk("report", first, "--json").out)
    assert desk("report", "nothing-like-it").code == 2


def test_report_opens_the_page(desk):
    """In the user's browser, and its place is printed; a run without a page gets one."""
    desk("run")
    desk("run")
    folder = desk.place.folder / "reports" / "latest"
    assert not (folder / "report.html").exists()
    browser = desk.place.folder / "browser"
    browser.write_text('#!/bin/sh\necho "$1" > opened\n')
    browser.chmod(0o700)
    ended = desk("report", "--open", BROWSER=f"{browser} %s")
    assert ended.code == 0
    page = folder.resolve() / "report.html"
    assert ended.out.strip().endswith(f"{page.parent.name}/report.html")
    assert (desk.place.folder / "opened").read_text().strip() == page.as_uri()


def test_schema(desk):
    """The mapping format as JSON Schema."""
    assert json.loads(desk("schema").out)["properties"]["destination"]


def test_wrong_arguments(desk):
    """Exit 2 and the nearest option."""
    ended = desk("run", "--dryrun")
    assert ended.code == 2
    assert "--dry-run" in ended.err


def test_logs_are_json_lines(desk):
    """One JSON object for each event, with the run's id."""
    ended = desk("run", SYNC_LOG="json")
    events = [json.loads(line) for line in ended.err.splitlines()]
    assert {"run_started", "mapping_finished", "run_finished"} <= {e["event"] for e in events}
    assert len({event["run_id"] for event in events}) == 1


def test_secrets_and_personal_data_stay_out(desk):
    """Neither logs, terminal nor state hold a value of a field, a secret, or a key with an e-mail."""
    desk.rows({}, {"id": "mail-key@quince.example"}, {"id": "cus_3", "country": "Quinceland"})
    sandbox = desk.place.sandbox.sandbox
    refusal = '{"code":422,"message":"Quince is taken by a@quince.example","param":"company"}'
    sandbox.fail(method="POST", path="/v1/customers", times=1, status=422, body=refusal)
    outputs = []
    for style in ("text", "json"):
        for arguments in (("run",), ("run", "--full"), ("runs",), ("check",)):
            ended = desk(*arguments, SYNC_LOG=style)
            outputs.append(ended.out + ended.err)
    wrong = f"postgresql://reader:{WATCHED[0]}@127.0.0.1:9/db"
    outputs.append(desk("run", WAREHOUSE_URL=wrong).err)
    state = b"".join(path.read_bytes() for path in desk.place.folder.glob("state.db*"))
    outputs.append(state.decode("latin-1"))
    said = "\n".join(outputs)
    assert [word for word in WATCHED + PERSONAL if word in said] == []
    kept = "".join(
        p.read_text() for p in (desk.place.folder / "reports").glob("*/*") if p.is_file()
    )
    assert [word for word in WATCHED if word in kept] == []


def test_the_demo_sends_nothing_the_second_time(desk):
    """End to end, with bad rows accounted for; the same when it is called again."""
    for _ in range(2):
        ended = desk("demo")
        assert ended.code == 0
        assert "The second run sent 0 writes." in ended.out
    assert (desk.place.folder / "demo" / "reports" / "latest" / "errors.csv").exists()
