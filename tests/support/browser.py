"""A real browser for pages: Chromium without a window, as Debian has it."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Browser:
    """Opens pages, each with a profile of its own."""

    program: str
    profile: Path

    def shows(self, page: Path, named: str = "") -> str:
        """What the document is once its script has run; nothing may have been refused or have failed."""
        done = subprocess.run(
            [
                self.program,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                f"--user-data-dir={self.profile}",
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


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    """Without Chromium tests are skipped, but not where CI says that it is there."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        reason = "no Chromium: it is not installed (Debian: chromium)"
        if os.environ.get("SYNC_TEST_CHROMIUM") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return Browser(program, tmp_path / "profile")
