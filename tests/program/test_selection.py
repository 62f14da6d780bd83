"""--select and --exclude on the commands, and mappings that say when they run."""

import json
import signal
import subprocess
import sys
from collections import abc
from contextlib import contextmanager
from os import environ
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.program import MAPPING, Desk


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


# ---- mappings that say when they run


@contextmanager
def scheduled(desk: Desk, *options: str) -> abc.Iterator[abc.Callable[..., dict[str, Any]]]:
    """`schedule` as a process; what is given reads its log up to a line of an event."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sync", "schedule", *options],
        cwd=desk.place.folder,
        env={
            **environ,
            **desk.place.environment,
            "SYNC_LOG": "json",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
        stderr=subprocess.PIPE,
        text=True,
    )

    def until(event: str, **wanted: object) -> dict[str, Any]:
        assert process.stderr is not None
        read = []
        for line in process.stderr:
            read.append(line)
            entry: dict[str, Any] = json.loads(line)
            if entry["event"] == event and wanted.items() <= entry.items():
                return entry
        pytest.fail(f"no {event} in:\n{''.join(read)}")

    with process:
        try:
            yield until
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)


def test_timetables_of_their_own(desk):
    """Those that are due run together, the others when they are; health knows the timetable of each."""
    desk.mapping(MAPPING + "schedule: {every: 1s}\n")
    desk.mapping(keyed("o") + "schedule: {every: 8h}\n", "others")
    desk.mapping(keyed("m") + "schedule: {cron: '0 0 1 1 *', timezone: Europe/Berlin}\n", "more")
    with scheduled(desk, "--jitter", "0s", "--port", "0") as until:
        port = until("listening")["port"]
        first, second = until("run_finished"), until("run_finished")
        shown = httpx.get(f"http://127.0.0.1:{port}/healthz").json()["mappings"]
    runs = json.loads(desk("runs", "--json").out)
    names = {run["run_id"]: [one["mapping"] for one in run["mappings"]] for run in runs}
    assert names[first["run_id"]] == ["customers", "others"]
    assert names[second["run_id"]] == ["customers"]
    ages = {one["mapping"]: one["max_age_seconds"] for one in shown}
    assert (ages["customers"], ages["others"], ages["more"] > 300 * 86400) == (3600, 86400, True)


def test_a_mapping_without_a_timetable(desk):
    """Each is told with its file; where none has one, the command line lacks it."""
    desk.mapping(MAPPING + "schedule: {every: 1s}\n")
    ended = desk("schedule")
    assert (ended.code, ended.err.count("has no schedule")) == (2, 2)
    assert "mappings/others.yml:1" in ended.err
    assert "mappings/more.yml:1" in ended.err
    ended = desk("schedule", "--select", "more")
    assert (ended.code, "give either --every or --cron" in ended.err) == (2, True)
    assert json.loads(desk("runs", "--json").out) == []


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ("{every: 15m, cron: '@daily'}", "give either every or cron"),
        ("{every: 15 minutes}", "'15 minutes' is no interval"),
        ("{cron: '0 0 30 2 *'}", "is no cron expression that is ever due"),
        ("{every: 15m, timezone: UTC}", "goes with cron only"),
        ("{evry: 15m}", "did you mean 'every'?"),
        ("{}", "needs exactly one of: every, cron"),
    ],
)
def test_a_timetable_that_is_none(desk, schedule, told):
    """`validate` says so, with its place."""
    desk.mapping(MAPPING + f"schedule: {schedule}\n")
    ended = desk("validate")
    assert (ended.code, told in ended.err, "customers.yml:" in ended.err) == (2, True, True)


def test_the_command_line_has_its_way(desk):
    """Two timetables cannot both be kept: that of the mapping is passed over, and this is told once."""
    desk.mapping(MAPPING + "schedule: {cron: '@yearly'}\n")
    with scheduled(desk, "--every", "1s", "--jitter", "0s") as until:
        told = until("schedule_passed_over")["message"]
        run = until("run_finished")
        assert until("run_finished") != run
    assert told == "--every is obeyed for every mapping; the schedule of customers is passed over"


def test_a_broken_file_among_them(desk):
    """It fails in each run, while the others go on; mended it keeps its own timetable."""
    desk.mapping(MAPPING + "schedule: {every: 1s}\n")
    desk.mapping(MAPPING.replace("customer\n", "contact\n  data_source: ds_x\n"), "others")
    desk.mapping(keyed("m") + "schedule: {every: 8h}\n", "more")
    with scheduled(desk, "--jitter", "0s") as until:
        assert until("run_finished")["exit_code"] == 2
        assert until("run_finished")["exit_code"] == 2
        desk.mapping(keyed("o") + "schedule: {every: 8h}\n", "others")
        until("run_finished", exit_code=0)
    latest = json.loads(desk("runs", "--json").out)[0]
    assert "more" not in [one["mapping"] for one in latest["mappings"]]
