"""What pages of docs/ take from the program, between marks: `python -m tests.support.pages` writes it anew."""

import re
import subprocess
import sys
from collections import abc
from os import environ
from pathlib import Path
from typing import Any

from sync.domain import objects
from sync.domain.objects import Descriptor
from sync.domain.record import Object
from sync.mapping.json_schema import json_schema
from tests.support import cells, exactness, troubles, walks

DOCS = Path(__file__).parents[2] / "docs"
Schema = dict[str, Any]


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
    """The help of the program and of every command, each under its name."""
    parts = [f"\n```text\n{ask()}\n```\n"]
    parts += [f"\n## {name}\n\n```text\n{ask(name)}\n```\n" for name in commands()]
    return "".join(parts) + "\n"


def keys_of_mappings() -> str:
    """A table for each part of a mapping: its keys, what they take, and what they mean."""
    schema = json_schema()
    return "\n" + "\n".join(_table(schema, title, part) for title, part in _parts_of(schema)) + "\n"


def _parts_of(schema: Schema) -> abc.Iterator[tuple[str, Schema]]:
    """The parts with keys of their own, in the order of a file; the long form once for all kinds of fields."""
    parts = schema["$defs"]
    yield "A mapping", schema
    yield "`source`", parts["Source"]
    yield "`destination`", parts["Destination"]
    yield "A field, in its long form", parts["TimeField"]["anyOf"][1]
    yield "An attribute", parts["AttributeSpec"]
    yield "Tags by row, an item of `tags`", parts["TagColumn"]
    yield "`limits`", parts["Limits"]
    for name, part in parts.items():
        if name not in _SHOWN and "properties" in part:
            yield f"`{name.lower()}`", part


#: What has a place above, or is told by the lists of fields.
_SHOWN = {
    *("Source", "Destination", "TimeField", "AttributeSpec", "TagColumn", "Limits"),
    *("Field", "Key", "Status"),
}


def _table(schema: Schema, title: str, part: Schema) -> str:
    head = f"### {title}\n\n| key | takes | unless written | meaning |\n| --- | --- | --- | --- |\n"
    needed = part.get("required", ())
    rows = (_row(schema, key, what, key in needed) for key, what in part["properties"].items())
    return head + "".join(rows)


def _row(schema: Schema, key: str, what: Schema, needed: bool) -> str:
    part = schema["$defs"].get(what.get("$ref", "").rpartition("/")[2], {})
    default = "required" if needed else _default(what)
    meaning = what.get("description") or part.get("description", "")
    cells = (f"`{key}`", _takes(part or what), default, meaning)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _default(what: Schema) -> str:
    if "default" not in what:
        return ""
    value = what["default"]
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _takes(part: Schema) -> str:
    """What a key may hold, in words: `upsert`, `insert` or `update`; a number or `5%`."""
    options = [_one(option) for option in part.get("anyOf", [part])]
    *most, last = dict.fromkeys(option for option in options if option)
    return f"{', '.join(most)} or {last}" if most else last


def _one(option: Schema) -> str:
    if "enum" in option or "const" in option:
        *most, last = (f"`{value}`" for value in option.get("enum", [option.get("const")]))
        return f"{', '.join(most)} or {last}" if most else last
    pattern = option.get("pattern", "")
    for sign, words in _PATTERNS.items():
        if sign in pattern:
            return words
    kind = option.get("type")
    if kind == "array" and "anyOf" in option["items"]:
        return "a list of texts and maps"
    return _KINDS["value" if isinstance(kind, list) else kind or "object"]


#: A sign of a pattern to what it takes; every value may be a `${NAME}`, which the page says once.
_PATTERNS = {
    r"\$\{[A-Za-z_][A-Za-z0-9_]*\}$": "`${NAME}`",
    r"\$\{[A-Za-z_]": "",
    "%$": "`5%`",
    "[smh]$": "a time such as `90s`, `10m` or `2h`",
}
_KINDS = {
    "string": "a text",
    "integer": "a number",
    "boolean": "`true` or `false`",
    "array": "a list of texts",
    "object": "a map",
    "value": "a text, a number or a Boolean",
}


def fields_of_objects() -> str:
    """A table for each object: its fields, which of them have to be mapped, and what each is."""
    return "\n" + "\n".join(_fields(objects.of(kind)) for kind in Object) + "\n"


def _fields(descriptor: Descriptor) -> str:
    head = (
        f"### A {descriptor.noun}'s fields\n\n| field | mapped | meaning |\n| --- | --- | --- |\n"
    )
    return head + "".join(
        f"| `{name}` | {_mapped(descriptor, name)} | {field.description} |\n"
        for name, field in descriptor.fields.items()
    )


def _mapped(descriptor: Descriptor, name: str) -> str:
    if name in descriptor.known_by:
        return " or ".join(f"`{one}`" for one in descriptor.known_by) + ": at least one"
    return "required" if descriptor.fields[name].required else ""


#: Page and mark to what stands between the mark and its end.
SECTIONS: dict[tuple[str, str], abc.Callable[[], str]] = {
    ("mapping.md", "keys"): keys_of_mappings,
    ("mapping.md", "fields"): fields_of_objects,
    ("commands.md", "help"): help_of_commands,
    ("warehouses.md", "reading"): cells.reading,
    ("warehouses.md", "reaching"): cells.reaching,
    ("warehouses.md", "values"): exactness.table,
    ("warehouses.md", "words"): troubles.table,
    ("warehouses.md", "walks"): walks.shown,
}


def _split(text: str, mark: str) -> tuple[str, str, str]:
    """A page up to the section, the section, and the rest."""
    before, opening, rest = text.partition(f"<!-- {mark} -->\n")
    section, closing, after = rest.partition(f"<!-- /{mark} -->")
    return before + opening, section, closing + after


def written(page: str, mark: str) -> str:
    """What stands between the marks now."""
    return _split((DOCS / page).read_text(encoding="utf-8"), mark)[1]


def rewrite() -> None:
    """Write every section as it should be."""
    for (page, mark), section in SECTIONS.items():
        file = DOCS / page
        before, _, after = _split(file.read_text(encoding="utf-8"), mark)
        file.write_text(before + section() + after, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
