"""A real browser for pages: Chromium without a window, as Debian has it, steered by its own protocol through pipes."""

import json
import os
import shutil
import signal
import subprocess
from base64 import b64decode
from collections import abc
from contextlib import contextmanager
from dataclasses import dataclass, field
from fcntl import F_DUPFD_CLOEXEC, fcntl
from itertools import count
from pathlib import Path
from typing import IO, Any

import pytest

#: What the keys are to the protocol: their code, and the text that they type.
_KEYS = {
    "Enter": (13, "\r"), "Escape": (27, ""), "Tab": (9, ""), "/": (191, "/"), "ArrowDown": (40, ""),
}  # fmt: skip


@dataclass(slots=True)
class Tab:
    """One page: what it loads, shows, says and asks the network for."""

    to: IO[bytes]
    back: IO[bytes]
    session: str = ""
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    _loaded: bool = False
    _ids: "count[int]" = field(default_factory=count)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What the browser answers to one call of its protocol; AssertionError where it refuses."""
        number = next(self._ids)
        session = {"sessionId": self.session} if self.session else {}
        sent = {"id": number, "method": method, "params": parameters, **session}
        self.to.write(json.dumps(sent).encode() + b"\0")
        self.to.flush()
        while (message := self._next()).get("id") != number:
            pass
        assert "error" not in message, message["error"]
        result: dict[str, Any] = message["result"]
        return result

    def open(self, url: str) -> None:
        """Load a page, and wait until it is there; another place of the same page is there at once."""
        self._loaded = False
        if "loaderId" in self.call("Page.navigate", url=url):
            self.wait()

    def wait(self) -> None:
        """Until a page has loaded."""
        while not self._loaded:
            self._next()
        self._loaded = False

    def show(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        """The size of the window, and whether its user likes it dark."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def run(self, script: str) -> Any:
        """The value of an expression in the page; of a promise, what it comes to."""
        done = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def press(self, key: str) -> None:
        """A key, as the keyboard has it."""
        code, text = _KEYS.get(key, (ord(key[0].upper()), key))
        stroke = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **stroke)
        self.call("Input.dispatchKeyEvent", type="keyUp", **stroke)

    def type(self, text: str) -> None:
        """Text into what has the focus."""
        self.call("Input.insertText", text=text)

    def picture(self, *, whole: bool = False) -> bytes:
        """What is seen as a PNG; the whole page where that is wanted."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return b64decode(shot["data"])

    def _next(self) -> dict[str, Any]:
        """The next message of the browser; what it tells of itself is noted."""
        piece = bytearray()
        while (byte := self.back.read(1)) != b"\0":
            assert byte, "the browser is gone"
            piece += byte
        message: dict[str, Any] = json.loads(piece)
        self._note(str(message.get("method")), message.get("params") or {})
        return message

    def _note(self, method: str, told: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent":
            self.asked.append(told["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.said.append(str(told["exceptionDetails"]))
        elif method == "Log.entryAdded":
            self.said.append(told["entry"]["text"])
        elif method == "Runtime.consoleAPICalled":
            self.said.append(str(told["args"]))


@dataclass(frozen=True, slots=True)
class Browser:
    """Opens pages, each with a profile of its own."""

    program: str
    profile: Path

    def shows(self, page: Path, named: str = "") -> str:
        """What the document is once its script has run; nothing may have been refused or have failed."""
        done = subprocess.run(
            [
                *self._command(),
                "--enable-logging=stderr",
                "--virtual-time-budget=3000",
                "--dump-dom",
                page.as_uri() + named,
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
        return done.stdout

    @contextmanager
    def tab(self) -> abc.Iterator[Tab]:
        """A page that can be used as a person would: looked at, typed into, measured."""
        theirs, to = (_high(end) for end in os.pipe())
        back, ours = (_high(end) for end in os.pipe())
        command = [*self._command(), "--remote-debugging-pipe", "about:blank"]
        process = os.posix_spawn(
            self.program,
            command,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, theirs, 3),
                (os.POSIX_SPAWN_DUP2, ours, 4),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
            setpgroup=0,
        )
        os.close(theirs)
        os.close(ours)
        with open(to, "wb") as sending, open(back, "rb") as receiving:
            try:
                yield _attached(Tab(sending, receiving))
            finally:
                os.killpg(process, signal.SIGKILL)
                os.waitpid(process, 0)

    def _command(self) -> list[str]:
        return [
            self.program,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            f"--user-data-dir={self.profile}",
        ]


def _high(end: int) -> int:
    """The same end of a pipe by a number that the browser's own two do not meet; nobody inherits it."""
    moved = fcntl(end, F_DUPFD_CLOEXEC, 10)
    os.close(end)
    return moved


def _attached(tab: Tab) -> Tab:
    """The tab, told of all that its page does."""
    made = tab.call("Target.createTarget", url="about:blank")
    attached = tab.call("Target.attachToTarget", targetId=made["targetId"], flatten=True)
    tab.session = attached["sessionId"]
    for domain in ("Page", "Network", "Runtime", "Log"):
        tab.call(f"{domain}.enable")
    return tab


def find() -> str | None:
    """Where Chromium is; None where it is not."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    """Without Chromium tests are skipped, but not where CI says that it is there."""
    program = find()
    if program is None:
        reason = "no Chromium: it is not installed (Debian: chromium)"
        if os.environ.get("SYNC_TEST_CHROMIUM") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return Browser(program, tmp_path / "profile")
