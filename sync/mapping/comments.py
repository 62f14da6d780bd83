"""Comments of SQL that YAML stretches: folded over several lines, `--` hides all that comes after its own line, too."""

import re

import yaml

from sync.errors import ConfigProblem
from sync.mapping import places
from sync.mapping.yaml import Document

#: Texts and names in which `--` is no comment, then comments.
_PARTS = re.compile(
    r"'[^']*'|\"[^\"]*\"|`[^`]*`|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|/\*.*?\*/|(?P<comment>--[^\n]*)",
    re.S,
)
_MESSAGE = "this -- comment hides the rest of the query: YAML puts the lines that follow it on one line with it"
_HINT = "write the query after `query: |`, which keeps its lines, or the comment as /* … */"


def hidden(document: Document) -> ConfigProblem | None:
    """What is wrong with a query, where a comment hides a part of it."""
    path = ("source", "query")
    node = document.node(path)
    if not isinstance(node, yaml.ScalarNode) or node.style == "|":
        return None
    for part in _PARTS.finditer(node.value):
        comment = (part["comment"] or "").rstrip()
        if not comment:
            continue
        first, (last, _) = (
            places.of(node, part.start()),
            places.of(node, part.start() + len(comment) - 1),
        )
        if first[0] != last:
            return ConfigProblem(_MESSAGE, _HINT, document.file, *first, ".".join(path))
    return None
