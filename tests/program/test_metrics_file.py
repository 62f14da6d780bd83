"""`run` leaves its metrics in SYNC_METRICS_FILE, under the name of its environment."""

import json

from prometheus_client.parser import text_string_to_metric_families

from sync.state.store import Store


def series(file):
    """Name and labels but the environment → value; every series has the environment."""
    samples = [s for f in text_string_to_metric_families(file.read_text()) for s in f.samples]
    assert {"staging"} == {sample.labels.pop("environment", None) for sample in samples}
    return {(s.name.removeprefix("chartmogul_sync_"), *s.labels.values()): s.value for s in samples}


def test_it_grows_from_run_to_run(desk):
    """Rows and runs add up over processes, the last success is the state's; a dry run adds nothing."""
    file = desk.place.folder / "sync.prom"
    desk.place.more |= {"SYNC_METRICS_FILE": str(file), "SYNC_ENVIRONMENT": "staging"}
    desk.rows({}, {"id": "cus_2", "country": "Atlantis"})
    assert desk("run", "--dry-run", "--limit", "1").code == 0
    assert not file.exists()
    first = desk("run", "--json")
    assert (first.code, first.json["environment"]) == (1, "staging")
    assert desk("run").code == 1
    found = series(file)
    assert tuple(
        found["rows_total", "customers", outcome]
        for outcome in ("created", "unchanged", "rejected")
    ) == (1, 1, 2)
    assert found["runs_total", "completed_with_errors"] == 2
    store = Store.open_read_only(f"sqlite:///{desk.place.folder / 'state.db'}")
    try:
        last = store.runs(1)[0]
    finally:
        store.close()
    assert last.environment == "staging"
    assert last.finished_at is not None
    assert found["last_success_timestamp_seconds", "customers"] == last.finished_at.timestamp()
    gauges = (
        found[name, "customers"] for name in ("rejected_rows", "newly_rejected_rows", "healthy")
    )
    assert tuple(gauges) == (1, 0, 1)


def test_it_cannot_be_written(desk):
    """That is a warning, and the run is what it was."""
    desk.place.more["SYNC_METRICS_FILE"] = str(desk.place.folder / "gone" / "sync.prom")
    desk.rows({})
    ended = desk("run")
    assert ended.code == 0
    assert "Warning: SYNC_METRICS_FILE cannot be written: No such file or directory" in ended.err


def test_every_line_of_the_log_names_the_environment(desk):
    """Logs of several environments in one place can be told apart."""
    desk.place.more |= {"SYNC_LOG": "json", "SYNC_ENVIRONMENT": "staging"}
    desk.rows({})
    ended = desk("run")
    assert ended.code == 0
    lines = [json.loads(line) for line in ended.err.splitlines()]
    assert lines
    assert {"staging"} == {line["environment"] for line in lines}
