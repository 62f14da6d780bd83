"""Docker for tests: the program, the image of this tree, and waiting for what containers do."""

import os
import subprocess
import sys
import time
from collections import abc
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMAGE = "chartmogul-sync:test"


def docker(
    *arguments: str, check: bool = True, timeout: float = 120
) -> "subprocess.CompletedProcess[str]":
    """Run `docker …` and give what it printed; a failure shows it."""
    return call(["docker", *arguments], check=check, timeout=timeout)


def call(
    command: list[str],
    *,
    check: bool = True,
    timeout: float = 120,
    environment: abc.Mapping[str, str] | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Run a program in the root of this tree."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=timeout,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    if check and done.returncode:
        pytest.fail(f"{' '.join(command)} gave {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def miss(reason: str) -> None:
    """Skip, but not where CI has started an engine: SYNC_TEST_DOCKER=1 says so."""
    if os.environ.get("SYNC_TEST_DOCKER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def image() -> str:
    """The image of this tree, for the Python that runs the tests."""
    try:
        answers = docker("info", check=False, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        answers = False
    if not answers:
        miss("Docker does not answer")
    python = f"PYTHON_VERSION={sys.version_info.major}.{sys.version_info.minor}"
    build = ["build", "--network", "host", "--build-arg", python, "--tag", IMAGE, "."]
    docker(*build, timeout=900)
    return IMAGE


@pytest.fixture(scope="session")
def compose(image: str) -> list[str]:
    """How compose is called here: `docker compose` or docker-compose, which are two programs."""
    for command in (["docker", "compose"], ["docker-compose"]):
        try:
            if call([*command, "version"], check=False).returncode == 0:
                return command
        except OSError:
            continue
    miss("there is no docker compose")
    raise AssertionError


def until(holds: abc.Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not within {seconds:g} seconds")
        time.sleep(0.1)
