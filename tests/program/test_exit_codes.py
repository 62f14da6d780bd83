"""Every exit code of the contract's table, command by command."""

import pytest

from tests.support.program import MAPPING

PLAIN = MAPPING[: MAPPING.index("attributes:")] + "extra_columns: ignore\n"
DOWN = {"WAREHOUSE_URL": "sqlite:////nowhere/at/all.db"}
#: Situation → environment.
SITUATIONS: dict[str, dict[str, str | None]] = {
    "well": {},
    "unknown option": {},
    "setting": {"SYNC_CONNECTIONS": "99"},
    "broken file": {},
    "missing file": {},
    "unset key": {"CHARTMOGUL_API_KEY": None},
    "bad key": {"CHARTMOGUL_API_KEY": "revoked"},
    "column": {},
    "query": {},
    "warehouse": {**DOWN},
    "state": {"SYNC_STATE_URL": "sqlite:///junk.db"},
    "rejected": {},
    "rail": {},
}
FILES = {
    "broken file": PLAIN.replace("company: company", "companny: company"),
    "column": PLAIN.replace("company: company", "company: nowhere"),
    "query": PLAIN.replace("from accounts", "from nowhere"),
    "rail": PLAIN + "limits: {max_rejected: 0}\n",
}
TABLE = {
    "validate": {"well": 0, "unknown option": 2, "broken file": 2, "missing file": 2, "unset key": 0},
    "check": {
        "well": 0, "unknown option": 2, "setting": 2, "broken file": 2, "unset key": 2, "bad key": 3, "column": 2,
        "query": 3, "warehouse": 3, "state": 3,
    },
    "preview": {"well": 0, "broken file": 2, "unset key": 0, "column": 2, "query": 3, "warehouse": 3, "rejected": 0},
    "run": {
        "well": 0, "unknown option": 2, "setting": 2, "broken file": 2, "missing file": 2, "unset key": 2, "bad key": 3,
        "column": 2, "query": 3, "warehouse": 3, "state": 3, "rejected": 1, "rail": 4,
    },
    "run --dry-run": {
        "well": 0, "setting": 2, "broken file": 2, "bad key": 3, "column": 2, "warehouse": 3, "rejected": 1, "rail": 4,
    },
    "run --dry-run --detailed-exit-code": {"well": 6, "bad key": 3, "rejected": 1},
    "runs": {"well": 0, "setting": 2, "state": 3, "broken file": 0},
    "report": {"well": 2, "setting": 2},  # there is none yet
    "status": {"well": 0, "unknown option": 2, "setting": 2, "broken file": 2, "state": 3},
    "status --max-age 1h": {"well": 1},  # it never succeeded
    "schedule": {"well": 2},  # neither --every nor --cron
    "schedule --every 1h": {"setting": 2, "broken file": 2, "missing file": 2, "unset key": 2},
    "unlock": {"well": 3, "setting": 2},
    "forget": {"well": 2},  # which mapping?
}  # fmt: skip
CASES = [(c, s, code) for c, row in TABLE.items() for s, code in row.items()]


@pytest.mark.parametrize(("command", "situation", "code"), CASES)
def test_the_table(desk, command, situation, code):
    """One code for one situation, whoever shows it; no traceback."""
    rows = [{"id": "cus_1"}, {"id": "cus_2", "country": "Nowhere"}]
    desk.rows(*rows[: 2 if situation in ("rejected", "rail") else 1])
    (desk.place.folder / "junk.db").write_text(
        "this is no database, however long one looks at it" * 99
    )
    desk.mapping(FILES.get(situation, PLAIN))
    arguments = command.split()
    if situation == "unknown option":
        arguments.append("--nothing")
    if situation == "missing file":
        arguments.append("nowhere.yml")
    ended = desk(*arguments, **SITUATIONS[situation])
    assert ended.code == code, ended.err
    assert code < 2 or ended.err or "problem" in ended.out


def test_of_several_the_gravest(desk):
    """2 before 3 before 4 before 1."""
    desk.rows({"id": "cus_1"}, {"id": "cus_2", "country": "Nowhere"})
    desk.mapping(PLAIN, "customers")
    codes = [desk("run").code]
    for name in ("rail", "query", "column"):
        desk.mapping(FILES[name], name)
        codes.append(desk("run").code)
    assert codes == [1, 4, 3, 2]


def test_a_dry_run_tells_whether_there_is_anything_to_send(desk):
    """6 where it would be 0 and the run would write, in the summary too; only for a dry run that asks for it."""
    desk.rows({"id": "cus_1"})
    desk.mapping(PLAIN)
    asked = ("run", "--dry-run", "--detailed-exit-code")
    told = desk(*asked, "--json")
    assert (told.code, told.json["exit_code"]) == (6, 6)
    assert desk("run", "--dry-run").code == 0
    assert desk("run", "--detailed-exit-code").code == 2
    assert desk.place.writes() == []
    desk("run")
    assert desk(*asked).code == 0
    desk.rows({"id": "cus_1", "company": "Other"}, {"id": "cus_2", "country": "Nowhere"})
    assert desk(*asked).code == 1


def test_check_says_that_it_waits(desk):
    """On stderr, for whom and for how long; stdout is what it always is."""
    slow = (
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 40000000)"
        " select max(i) as id, 'Quince' as company from n"
    )
    desk.mapping(
        f'version: 1\nsource: {{query: "{slow}"}}\ndestination: {{object: customer}}\n'
        "fields: {external_id: id, company: company}\nextra_columns: ignore\n"
    )
    ended = desk("check", "--json")
    assert ended.code == 0
    assert "mappings/customers.yml: waiting for the warehouse" in ended.err
    assert ended.json[0]["problems"] == []
