"""`from sync import run, validate, check`: what the commands do, for a caller from Python."""

import asyncio
import dataclasses
import json
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

import sync
from sync import check, run, validate
from sync.errors import ConfigError, StateError
from sync.sandbox.faults import Fault
from tests.support.program import MAPPING, Desk

ROOT = Path(__file__).parents[2]
NO_METHODS = dict.fromkeys(("GET", "POST", "PATCH", "DELETE"), 0)
OTHER = MAPPING.replace("destination:", "name: other\ndestination:")


@pytest.fixture
def here(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """This process has the desk's variables and works in its folder."""
    for name in [name for name in os.environ if name.startswith(("SYNC_", "CHARTMOGUL_"))]:
        monkeypatch.delenv(name)
    for name, value in desk.place.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(desk.place.folder)
    return desk


def plain(value: object) -> object:
    """A returned value as JSON would have it."""
    assert dataclasses.is_dataclass(value)
    assert not isinstance(value, type)
    return json.loads(json.dumps(dataclasses.asdict(value)))


def script(desk: Desk, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A program of somebody else's."""
    told = {**os.environ, **desk.place.environment, "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=desk.place.folder, env=told, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_a_run_is_its_summary(here):
    """Every value of summary.json is returned, under its name; methods that were not used are 0."""
    here.rows({}, {"id": "cus_2", "country": "Atlantis"})
    done = run()
    summary = json.loads((here.place.folder / "reports/latest/summary.json").read_text())
    for one in summary["mappings"]:
        one["requests"] = {**NO_METHODS, **one["requests"]}
    assert plain(done) == summary
    assert (done.status, done.exit_code) == ("completed_with_errors", 1)
    assert done.mappings[0].rejected_by_code == {"invalid_country": 1}
    with pytest.raises(dataclasses.FrozenInstanceError):
        done.exit_code = 0  # type: ignore[misc]


def test_what_is_returned_goes_to_other_processes(here):
    """A scheduler may run it in a process of its own, and hands on what came of it, or what was raised."""
    here.rows({}, {"id": "cus_2", "country": "Atlantis"})
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as processes:
        done = processes.submit(run).result(60)
        assert (done.exit_code, done.mappings[0].rejected_by_code) == (1, {"invalid_country": 1})
        here.mapping(MAPPING.replace("version: 1", "version: 7"))
        with pytest.raises(ConfigError) as raised:
            processes.submit(run).result(60)
    assert [one.line for one in raised.value.problems] == [1]


def test_a_dry_run_writes_nothing(here):
    """It has its estimate and the MRR, and no request that writes."""
    done = run("mappings", dry_run=True)
    assert here.place.writes() == []
    (mapping,) = done.mappings
    assert (done.dry_run, mapping.rows.created, mapping.requests.POST) == (True, 1, 0)
    assert mapping.estimate is not None
    assert mapping.estimate.requests > 0


def test_options(here):
    """They mean what the command's mean."""
    here.rows({}, {"id": "cus_2"}, {"id": "cus_3"})
    here.mapping(OTHER, "other")
    file = here.place.folder / "mappings" / "customers.yml"
    assert run([file], keys=["cus_2"]).mappings[0].rows.created == 1
    assert run(file, limit=1).mappings[0].rows.created == 1
    assert [one.mapping for one in run(exclude="other", dry_run=True).mappings] == ["customers"]
    assert [one.mapping for one in run(select="other", dry_run=True).mappings] == ["other"]
    lifted = run(file, override=["max_creates"], reports=here.place.folder / "elsewhere", full=True)
    assert lifted.mappings[0].overridden == ("max_creates",)
    assert (here.place.folder / "elsewhere" / lifted.run_id / "summary.json").exists()


def test_a_plan_and_a_canary(here, capfd):
    """A dry run makes a plan and says nothing of it; the run that applies it needs no paths."""
    here.rows({}, {"id": "cus_2"})
    run(dry_run=True, plan="plan.jsonl")
    assert run(plan="plan.jsonl").mappings[0].rows.created == 2
    here.rows({"company": "Quince & Co"}, {"id": "cus_2"})
    done = run(canary=1)
    assert (done.status, done.mappings[0].rows.updated) == ("succeeded", 1)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": 0}, "limit is 0; it takes a number from 1"),
        ({"canary": 1, "dry_run": True}, "canary is for a run that writes"),
        ({"keys": []}, "keys is empty, which could be taken for all"),
        ({"select": []}, "select is empty, which could be taken for all"),
        ({"paths": []}, "paths is empty, which could be taken for all"),
        ({"override": "max_update"}, "there is no rail 'max_update'"),
        ({"select": "customer"}, "there is no mapping 'customer'"),
        ({"env_file": "gone.env"}, "the file cannot be read"),
    ],
)
def test_options_that_do_not_fit(here, options, message):
    """They are one sentence, and nothing is asked of anybody."""
    with pytest.raises(ConfigError, match=message):
        run(**options)
    assert here.place.sandbox.sandbox.calls() == []


def test_what_cannot_begin_is_an_error(here):
    """It is raised, and it is a failed run in the state as the command's is; nothing was sent."""
    here.mapping(MAPPING.replace("external_id: id", "external_idd: id"))
    with pytest.raises(ConfigError) as caught:
        run()
    assert {one.file for one in caught.value.problems} == {"mappings/customers.yml"}
    (listed,) = here("runs", "--json").json
    assert (listed["status"], listed["exit_code"]) == ("failed", 2)
    with pytest.raises(ConfigError):
        validate()
    with pytest.raises(ConfigError):
        check()


def test_a_state_that_cannot_be_opened(here, monkeypatch):
    """It is a StateError, whoever asks."""
    (here.place.folder / "state.db").write_text("this is no database")
    with pytest.raises(StateError):
        run()
    with pytest.raises(StateError):
        check()


def test_what_happens_to_a_run_is_returned(here):
    """One broken mapping among others, and a key that is no good, are in the summary."""
    run()  # a type that nobody has locked yet is left alone beside a broken file
    broken = MAPPING.replace("company: company", "compani: company")
    elsewhere = "object: customer\n  data_source: ds_11111111-2222-3333-4444-555555555555"
    here.mapping(broken.replace("object: customer", elsewhere), "broken")
    done = run()
    assert (done.exit_code, {one.mapping: one.status for one in done.mappings}) == (
        2, {"customers": "succeeded", "broken": "failed"},
    )  # fmt: skip
    here.place.sandbox.sandbox.key = "another"
    done = run("mappings/customers.yml", full=True)
    assert (done.status, done.exit_code) == ("failed", 3)
    assert done.mappings[0].error is not None


def test_what_follows_a_run_follows(here, monkeypatch):
    """Metrics are left as by the command, and the environment is in the summary."""
    monkeypatch.setenv("SYNC_METRICS_FILE", str(here.place.folder / "sync.prom"))
    (here.place.folder / "other.env").write_text("SYNC_ENVIRONMENT=staging\n")
    assert run(env_file="other.env").environment == "staging"
    text = (here.place.folder / "sync.prom").read_text()
    assert 'environment="staging"' in text
    assert "chartmogul_sync_last_success_timestamp_seconds" in text


@pytest.mark.parametrize("style", ["text", "json"])
def test_nothing_is_printed_and_logging_is_the_callers(here, capfd, caplog, monkeypatch, style):
    """Events go to the logger `sync`, without values; no handler is added anywhere, nothing is on any stream."""
    monkeypatch.setenv("SYNC_LOG", style)
    monkeypatch.setenv("SYNC_REPORT", "elsewhere")
    here.rows({}, {"id": "cus_2", "country": "Atlantis"})
    before = list(logging.getLogger().handlers)
    with caplog.at_level(logging.INFO):
        run(dry_run=True)
        run()
        check()
        validate()
    assert logging.getLogger().handlers == before
    assert capfd.readouterr() == ("", "")
    ours = [record for record in caplog.records if record.name == "sync"]
    told = [record.getMessage() for record in ours]
    assert any(text.startswith("run_finished") for text in told)
    assert any(text.startswith("warning") and "SYNC_REPORTS is meant" in text for text in told)
    assert any(text.startswith("row_rejected") and "key=cus_2" in text for text in told)
    assert "Atlantis" not in "".join(told)
    assert {record.levelno for record in ours} == {logging.INFO, logging.WARNING}


def test_from_a_thread(here):
    """A plain thread may run it."""
    found = []
    thread = threading.Thread(target=lambda: found.append(run()))
    thread.start()
    thread.join()
    assert found[0].status == "succeeded"


def test_where_an_event_loop_runs(here):
    """Called from a coroutine it has a thread of its own; in one of the caller's the loop goes on."""

    async def both():
        beside = asyncio.create_task(asyncio.to_thread(run, "mappings"))
        turns = 0
        while not beside.done():
            turns += 1
            await asyncio.sleep(0.01)
        return turns, await beside, run(), check()

    turns, first, second, (checked,) = asyncio.run(both())
    assert turns > 3
    assert (first.mappings[0].rows.created, second.mappings[0].rows.unchanged) == (1, 1)
    assert checked.problems == ()


def test_an_error_where_an_event_loop_runs(here):
    """It comes to the caller as it is."""

    async def broken():
        return run("gone.yml")

    with pytest.raises(ConfigError):
        asyncio.run(broken())


SLOW = "from sync import run\n{}\nrun()\nprint('gone on')"
#: As in a notebook, whose loop leaves SIGINT to Python.
LOOP = (
    "import asyncio\nasync def main(): run()\nasyncio.new_event_loop().run_until_complete(main())"
)


def _as_at_a_terminal() -> None:
    """Who runs tests in the background has told all processes to ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("which", "before", "code"),
    [
        (signal.SIGINT, "", -signal.SIGINT),
        (signal.SIGTERM, "", -signal.SIGTERM),
        (signal.SIGINT, LOOP, -signal.SIGINT),
    ],
)
def test_a_signal(desk, which, before, code):
    """What is under way is recorded and reported first; then the signal does what it always does."""
    desk.rows(*({"id": f"c{n}"} for n in range(400)))
    sandbox = desk.place.sandbox.sandbox
    sandbox.faults.add(Fault("POST", "/v1/customers", delay=0.2))
    told = {**os.environ, **desk.place.environment, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW.format(before)],
        cwd=desk.place.folder, env=told, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=_as_at_a_terminal,
    )  # fmt: skip
    latest = time.monotonic() + 30
    while len(desk.place.writes()) < 3 and time.monotonic() < latest:
        time.sleep(0.02)
    process.send_signal(which)
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (code, "")
    summary = json.loads((desk.place.folder / "reports/latest/summary.json").read_text())
    assert summary["status"] == "interrupted"
    assert summary["mappings"][0]["rows"]["created"] == len(desk.place.customers())
    assert 0 < len(desk.place.customers()) < 400


def test_handlers_of_the_caller_stay(here):
    """A program that handles a signal itself goes on doing so."""
    code = (
        "import signal\nfrom sync import run\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "own = lambda *_: None\nsignal.signal(signal.SIGTERM, own)\nrun()\n"
        "print(signal.getsignal(signal.SIGTERM) is own, signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    )
    assert script(here, code).stdout == "True True\n"


def test_validate_and_check_are_what_the_commands_print(here):
    """Value for value, with `from` as `from_`."""
    assert plain(validate(strict=True, env=True)) == here("validate", "--format", "json").json
    (printed,) = here("check", "--all-rows", "--format", "json").json
    for one in printed["attributes"].values():
        one["from_"] = one.pop("from")
    (found,) = check("mappings", all_rows=True)
    assert plain(found) == printed
    assert found.attributes["seats"].type == "Integer"


def test_check_writes_what_it_is_asked_to(here):
    """And what is wrong with a mapping is a problem of it, not an error."""
    (found,) = check(write_lock=True)
    assert found.lock_added == ("seats",)
    here.place.sandbox.sandbox.key = "another"
    (found,) = check()
    assert len(found.problems) == 1


def test_nothing_is_loaded_before_it_is_asked_for(desk):
    """Neither `import sync` nor the command line loads a function; nothing else is public."""
    loaded = "[m for m in sys.modules if m.startswith(('sync.api', 'sync.cli'))]"
    assert script(desk, f"import sys, sync; print({loaded})").stdout == "[]\n"
    code = (
        "import sys\nfrom sync.cli.main import main\nsys.argv = ['sync', '--help']\ntry:\n    main()\n"
        "except SystemExit:\n    pass\nprint([m for m in sys.modules if m.startswith('sync')])"
    )
    known = "['sync', 'sync.cli', 'sync.errors', 'sync.cli.main', 'sync.cli.lasting']"
    assert sorted(eval(script(desk, code).stdout.splitlines()[-1])) == sorted(eval(known))
    assert sync.__all__ == ["check", "run", "validate"]
    with pytest.raises(AttributeError, match="module 'sync' has no attribute 'audit'"):
        sync.audit  # type: ignore[attr-defined]  # noqa: B018
