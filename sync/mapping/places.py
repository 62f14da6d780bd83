"""Where in a file a character of a query stands: YAML changes the white space of a text, and nothing else of it."""

import yaml

Place = tuple[int, int]


def of(node: yaml.ScalarNode, position: int) -> Place:
    """Line and column, from 1, of the character at this position of a text; of its beginning, where nobody can tell."""
    text, start, end = _source(node)
    if _letters(text[start:end].strip("\"'")) != _letters(node.value):
        return node.start_mark.line + 1, node.start_mark.column + 1
    return inside(text, start + _offset(text[start:end], node, position))


def inside(text: str, position: int) -> Place:
    """Line and column, from 1, of the character at this position of a file."""
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def _source(node: yaml.ScalarNode) -> tuple[str, int, int]:
    """The file's text, and from where to where this node stands in it; without the line that begins a block."""
    text, start = node.start_mark.buffer or "", node.start_mark.index
    if node.style in ("|", ">"):
        start = text.find("\n", start) + 1
    return text, start, node.end_mark.index


def _letters(text: str) -> str:
    return "".join(text.split())


def _offset(source: str, node: yaml.ScalarNode, position: int) -> int:
    """How far into the source the character stands that has as many letters before it."""
    before = len(_letters(node.value[:position])) + (node.style in ("'", '"'))
    for offset, letter in enumerate(source):
        if letter.isspace():
            continue
        if not before:
            return offset
        before -= 1
    return len(source)
