"""The watch over planted secrets: whatever a test shows or leaves behind is searched for them.

Tests that need an API key or a password take one of these. They are searched for in everything that pytest
captures, in what `capsys` and child processes give to a test, in the arguments of child processes, and in every
file that a test leaves in its `tmp_path`, but for files whose names say that a secret belongs into them.
"""

import base64
import subprocess
from collections import abc
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

#: In every planted secret, and in nothing else. Its length divides by three: so its Base64 is always the same.
MARK = "plantedQ7xV2kZ9"
API_KEY = f"{MARK}-key-4711"
PASSWORD = f"{MARK}-password-4711"

_WATCHED = (MARK, base64.b64encode(MARK.encode()).decode())
_BYTES = tuple(word.encode() for word in _WATCHED)
#: Where a secret belongs: the user's own files, which the worker only reads.
HOLDERS = (".env", "key", "password", "*.yml")
_CHUNK = 1 << 20


def shows(text: str | bytes | None) -> bool:
    """Whether there is a planted secret in it."""
    if isinstance(text, bytes):
        return any(word in text for word in _BYTES)
    return text is not None and any(word in text for word in _WATCHED)


def files(folder: Path) -> abc.Iterator[Path]:
    """The files below a folder in which a secret is, and does not belong."""
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        if not any(fnmatch(path.name, holder) for holder in HOLDERS) and _holds(path):
            yield path


def _holds(path: Path) -> bool:
    kept = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if shows(kept + chunk):
                return True
            kept = chunk[-100:]
    return False


class Watch:
    """A pytest plugin: a test that shows a planted secret fails, whatever else it found."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self._undo = pytest.MonkeyPatch()

    def pytest_configure(self) -> None:
        """Listen to what is handed to tests, and so passes by pytest's own capture."""
        self._listen(subprocess.Popen, "__init__", self._started)
        self._listen(subprocess.Popen, "communicate", self._communicated)
        self._listen(pytest.CaptureFixture, "readouterr", self._read)

    def pytest_unconfigure(self) -> None:
        """Leave everything as it was."""
        self._undo.undo()

    def _listen(self, owner: type, name: str, hear: abc.Callable[..., None]) -> None:
        original = getattr(owner, name)

        def heard(this: Any, *args: Any, **named: Any) -> Any:
            result = original(this, *args, **named)
            hear(result, *args, **named)
            return result

        self._undo.setattr(owner, name, heard)

    def _started(self, _: object, args: Any = (), *__: object, **___: object) -> None:
        words = [args] if isinstance(args, str | bytes) else args
        self._note("the arguments of a process", *map(str, words))

    def _communicated(self, result: tuple[Any, Any], *_: object, **__: object) -> None:
        self._note("the output of a process", *result)

    def _read(self, result: Any, *_: object) -> None:
        self._note("captured output", result.out, result.err)

    def _note(self, where: str, *texts: str | bytes | None) -> None:
        if any(map(shows, texts)):
            self.shown.append(where)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Search what each phase of a test showed, and at its end what it left."""
        report: pytest.TestReport = yield
        self._note("its traceback", str(report.longrepr or ""))
        for heading, text in report.sections:
            self._note(heading, text)
        if report.when == "teardown":
            folder = getattr(item, "funcargs", {}).get("tmp_path")
            if isinstance(folder, Path):
                self.shown += [str(path.relative_to(folder)) for path in files(folder)]
        shown, self.shown = list(dict.fromkeys(self.shown)), []
        if shown:
            places = ", ".join(shown)
            report.outcome = "failed"
            report.longrepr = f"a planted secret shows in: {places}\n\n{report.longrepr or ''}"
        return report
