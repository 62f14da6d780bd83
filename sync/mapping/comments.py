"""Comments of SQL that YAML stretches: folded over several lines, `--` hides all that comes after its own line, too."""

import re

import yaml

from sync.errors import ConfigProblem
from sync.mapping.yaml import Document

#: Texts and names in which `--` is no comment, then comments.
_PARTS = re.compile(
    r"'[^']*'|\"[^\"]*\"|`[^`]*`|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|/\*.*?\*/|(?P<comment>--[^\n]*)",
    re.S,
)
_MESSAGE = "this -- comment hides the rest of the query: YAML puts the lines that follow it on one line with it"
_HINT = "write the query after `query: |`, which keeps its lines, or the comment as /* … */"


def hidden(document: Document, text: str) -> ConfigProblem | None:
    """What is wrong with the query of a file with this text, where a comment hides a part of it."""
    path = ("source", "query")
    node = document.node(path)
    if not isinstance(node, yaml.ScalarNode) or node.style == "|":
        return None
    start, end = node.start_mark.index, node.end_mark.index
    for number, rest in _comments(node.value):
        place = _nth(text, number, start, end)
        line = text[place:end].partition("\n")[0]
        if len(rest.strip()) > len(line.strip()):
            row, column = text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
            return ConfigProblem(_MESSAGE, _HINT, document.file, row, column, ".".join(path))
    return None


def _comments(sql: str) -> list[tuple[int, str]]:
    """Each comment, with how many `--` stand before it."""
    return [
        (sql.count("--", 0, part.start()), part["comment"])
        for part in _PARTS.finditer(sql)
        if part["comment"]
    ]


def _nth(text: str, number: int, start: int, end: int) -> int:
    """Where the `--` with so many before it stands between two places; YAML changes white space alone."""
    place = text.find("--", start, end)
    for _ in range(number):
        place = text.find("--", place + 2, end)
    return place
