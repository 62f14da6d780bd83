"""The README's command section, made from the program's own help: `python -m tests.support.readme` rewrites it."""

import re
import subprocess
import sys
from os import environ
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
_SECTION = re.compile(r"(?<=<!-- help -->\n).*(?=<!-- /help -->)", re.S)


def ask(*arguments: str) -> str:
    """What the program prints with `--help`, 100 columns wide."""
    command = [sys.executable, "-m", "sync", *arguments, "--help"]
    plain = {**environ, "COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=plain, check=True)
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def commands() -> list[str]:
    """The names of all commands, in the order of the help."""
    listed = ask().split("Commands:\n", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^  (\w+)", listed, re.M)


def section() -> str:
    """The text between the marks."""
    parts = [ask(), *(ask(name) for name in commands())]
    return "\n" + "\n".join(f"```text\n{part}\n```\n" for part in parts) + "\n"


def written() -> str:
    """What stands between the marks now."""
    found = _SECTION.search(README.read_text())
    return found[0] if found else ""


if __name__ == "__main__":
    README.write_text(_SECTION.sub(lambda _: section(), README.read_text()))
