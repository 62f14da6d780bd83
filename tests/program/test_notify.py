"""`run` tells SYNC_NOTIFY and SYNC_HEARTBEAT how mappings are: by real requests to a server of this machine."""

import json
import sqlite3

import pytest

from tests.support.needed import needed
from tests.unit.publish.test_outlets import SECRET, server


@pytest.fixture
def hooks(desk):
    """A server that both are told at, the mapping's two rows, and the environment's name."""
    needed("apprise")
    desk.rows({}, {"id": "cus_2"})
    with server() as (place, asked):
        desk.place.more |= {
            "SYNC_NOTIFY": f"json://user:{SECRET}@{place}/hook",
            "SYNC_HEARTBEAT": f"http://{place}/beat/{SECRET}",
            "SYNC_ENVIRONMENT": "production",
        }
        yield asked


def told(asked):
    """What was asked for since the last call: titles of messages, `beat` for the heartbeat."""
    found = [json.loads(body)["title"] if body else path.split("/")[1] for _, path, body in asked]
    asked.clear()
    return found


def test_from_process_to_process(desk, hooks):
    """A refused key, its end, rejected rows, their end: each is told once, and good runs give their heartbeat."""
    assert desk("run").code == 0
    assert told(hooks) == ["beat"]
    wrong = {"CHARTMOGUL_API_KEY": "wrong"}
    desk.rows({"country": "AT"}, {"id": "cus_2"})
    assert [desk("run", **wrong).code for _ in range(2)] == [3, 3]
    assert told(hooks) == ["[production] customers: failed"]
    assert desk("run").code == 0
    assert told(hooks) == ["[production] customers: recovered", "beat"]
    desk.rows({}, {"id": "cus_2", "country": "Atlantis", "email": "nobody"})
    assert desk("run", "--dry-run").code == 1
    assert told(hooks) == []
    assert desk("run").code == 1
    (message, _) = (json.loads(body or b"{}") for _, _, body in hooks)
    assert (
        "Reasons: invalid_country in country (1), invalid_email in email (1)" in message["message"]
    )
    assert "cus_2" not in message["message"]
    assert told(hooks) == ["[production] customers: 1 row newly rejected", "beat"]
    assert desk("run").code == 1
    assert told(hooks) == ["beat"]
    desk.rows({}, {"id": "cus_2"})
    assert desk("run", "--key", "cus_2").code == 0
    assert told(hooks) == []
    assert desk("run").code == 0
    assert told(hooks) == ["[production] customers: recovered", "beat"]
    with sqlite3.connect(desk.place.folder / "state.db") as state:
        assert SECRET not in "".join(state.iterdump())


def test_nobody_is_reached(desk, hooks):
    """Each is one warning without a secret, and the run is what it was."""
    desk.place.more |= {
        "SYNC_NOTIFY": f"nonsense://{SECRET} json://{SECRET}@127.0.0.1:1",
        "SYNC_HEARTBEAT": f"http://127.0.0.1:1/{SECRET}",
    }
    good, bad = desk("run"), desk("run", CHARTMOGUL_API_KEY="wrong", SYNC_LOG="json")
    assert (good.code, bad.code) == (0, 3)
    unknown = (
        "SYNC_NOTIFY: URL 1 (nonsense://…) is none that Apprise knows: github.com/caronc/apprise"
    )
    unsent = (
        "SYNC_NOTIFY: URL 2 (json://…) was not told failed of customers:"
        " the service could not be reached, or refused the message"
    )
    silent = "SYNC_HEARTBEAT was not told of a good run: it could not be reached (URLError)"
    warnings = [f"Warning: {text}" for text in (unknown, silent)]
    assert [line for line in good.err.splitlines() if "SYNC_" in line] == warnings
    lines = [json.loads(line) for line in bad.err.splitlines()]
    assert [line["message"] for line in lines if line["event"] == "warning"] == [unknown, unsent]
    assert SECRET not in good.err + good.out + bad.err + bad.out


def test_what_is_told_can_be_chosen(desk, hooks):
    """SYNC_NOTIFY_ON names the events; a wrong name fails the run as any wrong setting does, which is told."""
    ended = desk("run", SYNC_NOTIFY_ON="failed everything")
    assert ended.code == 2
    assert "SYNC_NOTIFY_ON is 'failed everything'; it takes some of: failed, rejected" in ended.err
    assert told(hooks) == ["[production] customers: failed"]
    assert desk("run", CHARTMOGUL_API_KEY="wrong", SYNC_NOTIFY_ON="rejected").code == 3
    assert told(hooks) == []


def test_a_broken_file(desk, hooks):
    """What fails before the first row is told as well, with the command that shows what is wrong."""
    desk.mapping("version: 2")
    assert [desk("run").code for _ in range(2)] == [2, 2]
    ((_, _, body),) = hooks
    assert json.loads(body)["message"].splitlines()[2:-1] == [
        "What: The run did not come to its end: its mapping, or a setting, does not fit",
        f"Since: {json.loads(body)['message'].split('Since: ')[1][:16]} UTC; last success: never",
        "Next: chartmogul-sync check mappings/customers.yml",
    ]
