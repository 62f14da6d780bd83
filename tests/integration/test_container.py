"""The image and the compose file, as they are really run."""

import json
import re
import socket
import sys
import time
import uuid
from collections import abc
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync import __version__
from sync.demo import warehouse
from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from tests.support import seed
from tests.support.containers import ROOT, call, compose, docker, image, until
from tests.support.planted_secrets import API_KEY

__all__ = ["compose", "image"]
#: What the image adds to python:…-slim, in bytes.
_MOST = 100_000_000


@pytest.fixture
def sandbox() -> abc.Iterator[RunningSandbox]:
    with RunningSandbox(Sandbox(key=API_KEY)) as running:
        yield running


@pytest.fixture
def volumes(image: str) -> abc.Iterator[dict[str, str]]:
    """Fresh volumes for state and reports."""
    names = {
        folder: f"sync-test-{folder}-{uuid.uuid4().hex[:8]}" for folder in ("state", "reports")
    }
    yield names
    docker("volume", "rm", "--force", *names.values(), check=False)


@pytest.fixture
def options(sandbox: RunningSandbox, volumes: dict[str, str], tmp_path: Path) -> list[str]:
    """How a careful operator runs it: nothing but the volumes can be written, and nothing is privileged."""
    folder = tmp_path / "warehouse"
    warehouse.build(folder / "warehouse.db")
    key = tmp_path / "key"
    key.write_text(sandbox.key)
    for path in (*tmp_path.parents[:2], tmp_path, folder):
        path.chmod(0o755)
    key.chmod(0o644)
    (folder / "warehouse.db").chmod(0o644)
    mounts = [
        f"{volumes['state']}:/state",
        f"{volumes['reports']}:/reports",
        f"{ROOT / 'mappings'}:/mappings:ro",
        f"{folder}:/warehouse:ro",
        f"{key}:/run/secrets/key:ro",
    ]
    variables = {
        "CHARTMOGUL_API_KEY_FILE": "/run/secrets/key",
        "CHARTMOGUL_API_URL": sandbox.url,
        "CHARTMOGUL_DATA_SOURCE": sandbox.data_source,
        "WAREHOUSE_URL": "sqlite:////warehouse/warehouse.db",
    }
    return [
        *("--network", "host", "--read-only", "--cap-drop", "ALL"),
        *("--security-opt", "no-new-privileges"),
        *(part for mount in mounts for part in ("--volume", mount)),
        *(part for name, value in variables.items() for part in ("--env", f"{name}={value}")),
    ]


@pytest.fixture
def container(image: str, options: list[str]) -> abc.Iterator[abc.Callable[..., str]]:
    """Starts containers that are gone at the end; gives their names."""
    names: list[str] = []

    def start(*command: str) -> str:
        names.append(f"sync-test-{uuid.uuid4().hex[:8]}")
        docker("run", "--detach", "--name", names[-1], *options, image, *command)
        return names[-1]

    yield start
    if names:
        docker("rm", "--force", "--volumes", *names, check=False)


def stop(name: str) -> tuple[int, float, str]:
    """`docker stop`, which kills after ten seconds: the exit code, how long it took, the log."""
    began = time.monotonic()
    docker("stop", name)
    seconds = time.monotonic() - began
    code = docker("inspect", "--format", "{{.State.ExitCode}}", name).stdout
    log = docker("logs", name)
    return int(code), seconds, log.stdout + log.stderr


def writes(sandbox: RunningSandbox) -> int:
    return len([call for call in sandbox.sandbox.calls() if call.method != "GET"])


def test_image(image: str):
    """Small, not root, and one command that runs by itself."""
    [found] = json.loads(docker("image", "inspect", image).stdout)
    base = f"python:{_python(image)}-slim"
    [below] = json.loads(docker("image", "inspect", base).stdout)
    config = found["Config"]
    assert config["User"] == "10001:10001"
    assert (config["Entrypoint"], config["Cmd"]) == (["chartmogul-sync"], ["run"])
    assert found["Size"] - below["Size"] < _MOST
    labels = {name.rpartition(".")[2]: text for name, text in config["Labels"].items()}
    assert (labels["version"], labels["name"]) == (__version__, base)
    assert not [name for name in config["Env"] if re.search("key|token|password", name, re.I)]


def test_another_user_of_the_group(image: str, sandbox: RunningSandbox, options: list[str]):
    """A platform that chooses another user for each run: state and reports go on where the group may write."""
    first = docker("run", "--rm", "--user", "1000110000:0", *options, image, check=False)
    sent = writes(sandbox)
    again = docker("run", "--rm", "--user", "1000220000:0", *options, image, check=False)
    assert (first.returncode, again.returncode) == (1, 1), again.stderr
    assert (sent > 0, sent) == (True, writes(sandbox))
    shown = docker("run", "--rm", "--user", "1000330000:0", *options, image, "runs", "--json")
    assert [run["exit_code"] for run in json.loads(shown.stdout)] == [1, 1]


def test_a_pinned_base(image: str):
    """The base is an argument, so that a digest can pin it."""
    base = "chartmogul-sync-base:test"
    docker("tag", f"python:{_python(image)}-slim", base)
    build = [
        "build",
        "--network",
        "host",
        "--build-arg",
        f"BASE={base}",
        "--tag",
        f"{image}-pinned",
    ]
    docker(*build, ".", timeout=900)
    [found] = json.loads(docker("image", "inspect", f"{image}-pinned").stdout)
    assert found["Config"]["Labels"]["org.opencontainers.image.base.name"] == base


def _python(image: str) -> str:
    run = ("run", "--rm", "--entrypoint", "python3", image, "--version")
    return ".".join(docker(*run).stdout.split()[1].split(".")[:2])


def test_a_whole_sync(image: str, sandbox: RunningSandbox, options: list[str]):
    """With a read-only root file system: state and reports outlast the container, and the next one writes nothing."""
    first = docker("run", "--rm", *options, image, "run", "--json", check=False)
    assert first.returncode == 1, first.stderr
    parts = json.loads(first.stdout)["mappings"]
    created = {part["object"]: part["rows"]["created"] for part in parts}
    world = sandbox.sandbox.world
    assert created == {"customer": len(world.customers), "contact": len(world.contacts)}
    assert created["customer"] == warehouse.ACCOUNTS
    before = writes(sandbox)
    again = docker("run", "--rm", *options, image, check=False)  # `run` is what it does by itself
    assert again.returncode == 1, again.stderr
    assert before == writes(sandbox)
    listed = json.loads(docker("run", "--rm", *options, image, "runs", "--json").stdout)
    assert [run["exit_code"] for run in listed] == [1, 1]
    shown = docker("run", "--rm", *options, image, "report").stdout
    assert "invalid_country" in shown
    assert sandbox.key not in first.stderr + again.stderr + shown
    tested = docker("run", "--rm", *options, image, "test", check=False)
    assert (tested.returncode, "Traceback" in tested.stderr) == (2, False)
    assert "let SYNC_TMP name one" in tested.stderr
    docker("run", "--rm", "--env", "SYNC_TMP=/state", *options, image, "test")


def test_without_volumes(image: str):
    """A root that cannot be written is said plainly."""
    variables = {
        "CHARTMOGUL_API_KEY": "key",
        "CHARTMOGUL_DATA_SOURCE": "ds_00000000-0000-4000-8000-000000000001",
        "WAREHOUSE_URL": "sqlite:////nowhere.db",
    }
    given = [part for name, value in variables.items() for part in ("--env", f"{name}={value}")]
    mappings = f"{ROOT / 'mappings'}:/mappings:ro"
    done = docker("run", "--rm", "--read-only", *given, "-v", mappings, image, check=False)
    assert done.returncode == 3
    assert (
        "SYNC_STATE_URL has to name a file in a folder that can be entered and written"
        in done.stderr
    )


def test_any_user(image: str, sandbox: RunningSandbox, options: list[str]):
    """Platforms that choose the user give it group 0; it has no home and no name."""
    chosen = ("--user", "123456:0", image, "run", "--limit", "5", "mappings/customers.yml")
    done = docker("run", "--rm", *options, *chosen, check=False)
    assert done.returncode == 0, done.stderr
    assert len(sandbox.sandbox.world.customers) == 5


def test_stopped_in_mid_run(
    image: str, sandbox: RunningSandbox, options: list[str], container: abc.Callable[..., str]
):
    """143, everything that was sent is recorded, and the next run does the rest."""
    sandbox.sandbox.fail(method="POST", delay=0.3)
    customers = ("run", "mappings/customers.yml")
    name = container(*customers)
    until(lambda: len(sandbox.sandbox.calls("POST")) >= 40, 60, "forty creates")
    code, seconds, log = stop(name)
    made = len(sandbox.sandbox.world.customers)
    assert code == 143, log
    assert seconds < 10
    assert 40 <= made < warehouse.ACCOUNTS
    [run] = json.loads(docker("run", "--rm", *options, image, "runs", "--json").stdout)
    assert (run["status"], run["mappings"][0]["rows"]["created"]) == ("interrupted", made)
    sandbox.sandbox.faults.clear()
    assert docker("run", "--rm", *options, image, *customers, check=False).returncode == 1
    assert len(sandbox.sandbox.world.customers) == warehouse.ACCOUNTS


def test_stopped_while_idle(container: abc.Callable[..., str]):
    """A schedule between two runs ends at once, with 0."""
    name = container("schedule", "--cron", "0 0 1 1 *")
    until(lambda: "next_run" in docker("logs", name).stderr, 30, "the schedule")
    code, seconds, log = stop(name)
    assert code == 0, log
    assert seconds < 5


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_the_seed_is_the_demo():
    """`python -m tests.support.seed` writes it anew."""
    assert seed.FILE.read_text() == seed.script()


#: What differs from one account to the next.
_PASSING = {"uuid", "id", "created", "customer_uuid", "position"}


def contents(state: dict[str, Any]) -> dict[str, Any]:
    """What an account holds, by names that any account would have."""
    names = {customer["uuid"]: customer["main"][1] for customer in state["customers"]}

    def plain(record: dict[str, Any]) -> str:
        kept = {name: value for name, value in record.items() if name not in _PASSING}
        owner = names.get(record.get("customer_uuid", ""))
        return json.dumps({**kept, "customer": owner}, sort_keys=True)

    lists = {kind: sorted(map(plain, state[kind])) for kind in ("customers", "contacts")}
    return {**lists, "types": state["types"]}


def test_compose(compose: list[str], image: str, tmp_path: Path):
    """`docker compose up` ends where the demo ends, and the next scheduled run writes nothing."""
    ports = {"SANDBOX_PORT": str(free_port()), "WORKER_PORT": str(free_port())}
    environment = {**ports, "SYNC_IMAGE": image, "EVERY": "5s"}
    project = [*compose, "--project-name", f"sync-test-{uuid.uuid4().hex[:8]}"]
    sandbox = f"http://127.0.0.1:{ports['SANDBOX_PORT']}"
    worker = f"http://127.0.0.1:{ports['WORKER_PORT']}"
    call([sys.executable, "-m", "sync", "demo", "--folder", str(tmp_path / "demo")])
    demo = json.loads((tmp_path / "demo" / "sandbox.json").read_text())
    try:
        call([*project, "up", "--no-build", "--detach"], environment=environment, timeout=300)
        until(lambda: runs(worker) >= 1, 180, "the first run")
        before, done = sent(sandbox), runs(worker)
        until(lambda: runs(worker) > done, 60, "the next run")
        assert before == sent(sandbox)
        assert contents(demo) == contents(httpx.get(f"{sandbox}/sandbox/state").json())
        health = httpx.get(f"{worker}/healthz")
        assert (health.status_code, health.json()["healthy"]) == (200, True)
        logs = call([*project, "logs", "worker"], environment=environment).stdout
        assert "run_finished" in logs
        assert "sandbox-key" not in logs
    finally:
        call([*project, "down", "--volumes", "--timeout", "15"], environment=environment)


def sent(sandbox: str) -> int:
    """How many writes a sandbox has met."""
    found = httpx.get(f"{sandbox}/sandbox/requests", params={"summary": 1}).json()
    return int(found["total"]) - int(found.get("GET", 0))


def runs(worker: str) -> int:
    """How many runs a worker has behind it; 0 while it does not answer."""
    try:
        text = httpx.get(f"{worker}/metrics").text
    except httpx.HTTPError:
        return 0
    counts = re.findall(r"^chartmogul_sync_runs_total\{.*\} (\S+)$", text, re.M)
    return int(sum(map(float, counts)))


def test_compose_file(compose: list[str], image: str):
    """It is sound for whichever compose is here."""
    assert "worker" in call([*compose, "config"]).stdout
