"""Secrets and personal data stay where they belong: values in reports, secrets nowhere."""

import json

import pytest

from tests.support import planted_secrets
from tests.support.needed import needed
from tests.support.program import MAPPING

KEY, PASSWORD = planted_secrets.API_KEY, planted_secrets.PASSWORD
#: Each is planted in one field of a row that goes wrong because of it, or in spite of it.
MARK = "zq7marker"
EMAIL = f"{MARK}@mail.example"
WRONG = (
    {"id": f"{EMAIL} ", "company": MARK},
    {"id": EMAIL, "country": MARK},
    {"id": f"double-{EMAIL}", "company": MARK},
    {"id": f"double-{EMAIL}", "company": "Other"},
    {"id": "a", "lead": MARK},
    {"id": "b", "seats": MARK},
    {"id": "c", "email": MARK},
    {"id": "d", "company": MARK, "email": EMAIL},
    {"id": f"fine-{EMAIL}", "company": MARK},
)
REFUSAL = json.dumps({"code": 422, "message": f"{MARK} is taken by {EMAIL}", "param": "company"})


@pytest.fixture
def desk(desk):
    """Rows full of marks, and a key that must not show."""
    desk.place.sandbox.sandbox.key = KEY
    desk.rows(*WRONG)
    return desk


def state(desk) -> str:
    """All bytes of the state."""
    return b"".join(p.read_bytes() for p in desk.place.folder.glob("state.db*")).decode("latin-1")


def reports(desk) -> str:
    """All text of all reports."""
    folder = desk.place.folder / "reports"
    return "".join(path.read_text() for path in folder.glob("*/*") if path.is_file())


@pytest.mark.parametrize("style", ["text", "json"])
def test_values_are_in_reports_alone(desk, style):
    """Not in logs, nor on the terminal, nor in the state: whatever was wrong with them."""
    desk.place.sandbox.sandbox.fail(
        method="POST", path="/v1/customers", times=1, status=422, body=REFUSAL
    )
    said = ""
    for arguments in (("run",), ("run", "--json"), ("runs",), ("status",)):
        ended = desk(*arguments, SYNC_LOG=style)
        said += ended.out + ended.err
    assert desk.place.customers()
    assert MARK not in said
    assert MARK not in state(desk)
    kept = reports(desk)
    assert f'"value":"{MARK}"' in kept.replace('": ', '":')
    assert KEY not in said + state(desk) + kept


@pytest.mark.parametrize(
    ("status", "own", "code"),
    [
        (404, "Data source", 3),
        (404, "Plan", 1),
        (402, "", 3),
        (404, "", 0),
        (403, "", 0),
        (500, "", 0),
    ],
)
def test_words_that_repeat_what_was_sent_stay_out(desk, status, own, code):
    """An answer that ends the run, or a row, is told without its words where they give a value away."""
    sandbox = desk.place.sandbox.sandbox
    desk.rows({"company": MARK, "email": EMAIL})
    page = f"<html><title>POST {MARK} blocked</title>{EMAIL}</html>"
    said = json.dumps({"error": f"{own} {MARK} blocked: {EMAIL}"})
    body, kind = (said, "application/json") if own else (page, "text/html")
    fault = {"status": status, "body": body, "content_type": kind}
    for style in ("text", "json"):
        sandbox.fail(method="POST", path="/v1/customers", times=1, **fault)
        ended = desk("run", SYNC_LOG=style)
        assert ended.code == code
        assert code != 3 or str(status) in ended.err
        assert MARK not in ended.out + ended.err + state(desk)


def test_a_dry_run_logs_no_values(desk):
    """It shows them on stdout, for who asked; the log on stderr goes elsewhere."""
    ended = desk("run", "--dry-run", SYNC_LOG="json")
    assert MARK in ended.out
    assert MARK not in ended.err


@pytest.mark.parametrize("where", [".env", "key file"])
def test_a_key_from_a_file(desk, where):
    """It is used, and shows nowhere."""
    (desk.place.folder / "key").write_text(f"{KEY}\n")
    told: dict[str, str | None] = {"CHARTMOGUL_API_KEY": None, "CHARTMOGUL_API_KEY_FILE": "key"}
    if where == ".env":
        (desk.place.folder / ".env").write_text(f"CHARTMOGUL_API_KEY={KEY}\n")
        told["CHARTMOGUL_API_KEY_FILE"] = None
    ended = desk("run", **told)
    assert ended.code == 1
    assert KEY not in ended.out + ended.err + state(desk) + reports(desk)


def test_passwords_of_databases(desk):
    """Neither the warehouse's nor the state's shows when it does not answer."""
    needed("psycopg")
    url = f"postgresql://reader:{PASSWORD}@127.0.0.1:9/db"
    for command in ("run", "preview"):
        ended = desk(command, WAREHOUSE_URL=url)
        assert ended.code == 3
        assert "127.0.0.1" in ended.out + ended.err
        assert PASSWORD not in ended.out + ended.err + reports(desk)
    ended = desk("run", SYNC_STATE_URL=url)
    assert (ended.code, PASSWORD in ended.err) == (3, False)


@pytest.mark.parametrize(
    "line",
    [
        f"  api_key: {PASSWORD}",
        f"  api_key: ${{KEY:-{PASSWORD}}}",
        f"  api_key: [{PASSWORD}]",
        f"source: {{url: 'postgresql://me:{PASSWORD}@host/db', query: select 1}}",
    ],
)
def test_secrets_in_a_mapping(desk, line):
    """They are refused without being repeated."""
    text = MAPPING.replace("object: customer", f"object: customer\n{line}")
    if line.startswith("source"):
        text = MAPPING.replace("source:\n  query: select * from accounts", line)
    desk.mapping(text)
    for command in ("validate", "run"):
        ended = desk(command)
        assert ended.code == 2
        assert "environment" in ended.err
        assert PASSWORD not in ended.out + ended.err


def test_files_are_private(desk):
    """State and reports hold what not everybody may read."""
    desk("run")
    assert (desk.place.folder / "state.db").stat().st_mode & 0o077 == 0
    latest = (desk.place.folder / "reports" / "latest").resolve()
    assert latest.stat().st_mode & 0o077 == 0
