"""What `pip install` gives: the wheel holds all of the program, and nothing of this tree is needed beside it."""

import subprocess
import sys
import sysconfig
import tomllib
import venv
from collections import abc
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from tests.support.containers import ROOT, call

pytest.importorskip("hatchling", reason="requirements/build.txt is not installed")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    call([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", str(folder)])
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> abc.Callable[..., str]:
    """The installed command, in an environment with nothing of ours but the wheel; it gives what it prints."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv" / "bin" / "python"
    options = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    call([sys.executable, "-m", "pip", "--python", str(python), "install", *options, str(wheel)])
    # Its dependencies are those of the environment that tests. The .pth files there, such as ours, do not count.
    [packages] = (folder / "venv").glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [folder / "venv" / "bin" / "chartmogul-sync", *arguments],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_files(wheel: Path):
    """Every file of the package is in it, the mappings of the demo as well, and no other."""
    mappings = {f"sync/demo/{name}" for name in files("mappings")}
    held = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert {"sync/py.typed", "sync/sandbox/page.html", "sync/sandbox/page.css"} <= held
    assert held == files("sync") | mappings


def files(folder: str) -> set[str]:
    """The paths of what lies in a folder of this tree, but what Python makes there."""
    found = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()}
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


def test_metadata(wheel: Path):
    """It asks for what pyproject.toml asks for: users get no locked versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [name] = [name for name in ZipFile(wheel).namelist() if name.endswith("/METADATA")]
    metadata = Parser().parsestr(ZipFile(wheel).read(name).decode())
    needed = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]

    assert {need for need in needed if need.marker is None} == set(
        map(Requirement, project["dependencies"])
    )
    assert set(metadata.get_all("Provides-Extra", [])) == set(project["optional-dependencies"])


def test_version(wheel: Path, program: abc.Callable[..., str]):
    """The command is there and tells the wheel's version."""
    assert program("--version").split()[-1] == wheel.name.split("-")[1]


def test_demo(program: abc.Callable[..., str]):
    """The demo runs from any folder, with the mappings that came along."""
    said = program("demo")

    assert "site-packages/sync/demo/mappings" in said
    assert "The second run sent 0 writes." in said
