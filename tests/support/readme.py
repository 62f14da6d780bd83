"""What the README takes from the program, between marks: `python -m tests.support.readme` writes it anew."""

import re
import subprocess
import sys
from collections import abc
from os import environ
from pathlib import Path
from textwrap import fill

from sync.domain import objects
from sync.domain.objects import Descriptor
from sync.domain.record import Object

README = Path(__file__).parents[2] / "README.md"
_WIDTH = 135


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


def help_of_commands() -> str:
    """The help of the program and of every command."""
    parts = [ask(), *(ask(name) for name in commands())]
    return "\n" + "\n".join(f"```text\n{part}\n```\n" for part in parts) + "\n"


def fields_of_objects() -> str:
    """A sentence for every object: its fields, and which of them have to be mapped."""
    said = " ".join(_sentence(objects.of(kind)) for kind in Object)
    return "\n" + fill(said, _WIDTH, break_long_words=False, break_on_hyphens=False) + "\n\n"


def _sentence(descriptor: Descriptor) -> str:
    *names, last = _named(descriptor)
    return f"A {descriptor.noun} has {', '.join(names)} and {last}."


def _named(descriptor: Descriptor) -> abc.Iterator[str]:
    known_by = descriptor.known_by
    for name, field in descriptor.fields.items():
        if known_by and name == known_by[0]:
            yield " or ".join(f"`{one}`" for one in known_by) + " (at least one)"
        elif name == descriptor.own_name:
            yield f"`{name}` (in mode `update`, in place of the other keys)"
        elif name not in known_by:
            yield f"`{name}`" + (" (required)" if field.required else "")


#: Mark to what stands between it and its end.
SECTIONS: dict[str, abc.Callable[[], str]] = {"fields": fields_of_objects, "help": help_of_commands}


def _parts(text: str, mark: str) -> tuple[str, str, str]:
    """The README up to the section, the section, and the rest."""
    before, opening, rest = text.partition(f"<!-- {mark} -->\n")
    section, closing, after = rest.partition(f"<!-- /{mark} -->")
    return before + opening, section, closing + after


def written(mark: str) -> str:
    """What stands between the marks now."""
    return _parts(README.read_text(), mark)[1]


def rewrite() -> None:
    """Write every section as it should be."""
    text = README.read_text()
    for mark, section in SECTIONS.items():
        before, _, after = _parts(text, mark)
        text = before + section() + after
    README.write_text(text)


if __name__ == "__main__":
    rewrite()
