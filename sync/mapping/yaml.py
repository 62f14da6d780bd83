"""A YAML file with its marks: plain data, and where in the file each part of it stands."""

import re
from collections import abc
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any, Never

import yaml

from sync.errors import ConfigError, ConfigProblem

Path = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
#: Aliases may repeat a part, yet not blow the file up; nesting is far from Python's own limit.
_MOST_NODES = 20_000
_MOST_TEXT = 1024 * 1024
_DEEPEST = 40
#: YAML 1.2 with the numbers of its JSON schema: whatever would be spelled differently when written
#: back (01234, 1_000, 0x1F, +49, 12:30) stays text. The bounds keep int() and Decimal() cheap.
_SCALARS = {
    "null": re.compile(r"(?:~|null|)\Z"),
    "bool": re.compile(r"(?:true|false)\Z"),
    "int": re.compile(r"-?(?:0|[1-9][0-9]{0,399})\Z"),
    "float": re.compile(
        r"-?(?:0|[1-9][0-9]{0,399})"
        r"(?:\.[0-9]{1,400}(?:[eE][-+]?[0-9]{1,3})?|[eE][-+]?[0-9]{1,3})\Z"
    ),
}
#: Wherever a URL stands by mistake, its password is not shown.
_USERINFO = re.compile(r"://[^\s@]*@")


_MERGE = "merge keys (<<) are no part of YAML 1.2; write the keys out"
_TOO_MUCH = "the file holds too much, or its aliases multiply it"
_TOO_DEEP = f"nested too deeply; {_DEEPEST} levels are allowed"


class _Yaml(yaml.SafeLoader):
    """PyYAML's reader with the scalars of YAML 1.2 in place of those of 1.1."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012
    _nodes = 0
    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Stop where there is too much: reading a quarter of a megabyte of brackets takes long."""
        self._nodes += 1
        self._depth += 1
        if self._nodes > _MOST_NODES or self._depth > _DEEPEST + 1:
            problem = _TOO_DEEP if self._depth > _DEEPEST + 1 else _TOO_MUCH
            event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML has no types here
            raise yaml.MarkedYAMLError(None, None, problem, event.start_mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node


for _name, _pattern in _SCALARS.items():
    _Yaml.add_implicit_resolver(_TAG + _name, _pattern, ["", *"~ntf-0123456789"])


@dataclass(frozen=True, slots=True)
class Document:
    """A file's content; `data`: dicts with keys of text, lists, text, int, Decimal, bool, None.

    `problems`: what a mapping cannot mean, such as a key that is written twice; `data` goes without it.
    """

    file: str
    data: Any
    root: yaml.Node = field(repr=False)
    problems: tuple[ConfigProblem, ...] = ()

    def problem(self, path: Path, message: str, hint: str = "") -> ConfigProblem:
        """A problem at `path`, or at the nearest part above it that the file has."""
        node, mark, depth = self._walk(path)
        shown = path[:depth] if isinstance(node, yaml.ScalarNode) else path
        dotted = ".".join(str(step) for step in shown)
        return ConfigProblem(message, hint, self.file, mark.line + 1, mark.column + 1, dotted)

    def node(self, path: Path) -> yaml.Node | None:
        """What stands at `path` in the file; None where there is nothing."""
        node, _, depth = self._walk(path)
        return node if depth == len(path) else None

    def written(self, path: Path) -> str:
        """What stands at `path` as the file spells it, for messages: `'text'`, `5`, `a list`."""
        node, _, _ = self._walk(path)
        match node:
            case yaml.ScalarNode(tag=tag, value=value):
                text = _USERINFO.sub("://…@", value)
                text = text if len(text) <= 60 else text[:60] + "…"
                return repr(text) if tag == _TAG + "str" else text or "nothing"
            case yaml.SequenceNode():
                return "a list"
            case _:
                return "a mapping"

    def _walk(self, path: Path) -> tuple[yaml.Node, yaml.Mark, int]:
        node, mark = self.root, self.root.start_mark
        for depth, step in enumerate(path):
            found = _child(node, step)
            if found is None:
                return node, mark, depth
            mark, node = found
        return node, mark, len(path)


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Mark, yaml.Node] | None:
    match node:
        case yaml.MappingNode(value=pairs):
            return next((_entry(key, value) for key, value in pairs if key.value == step), None)
        case yaml.SequenceNode(value=items) if isinstance(step, int) and step < len(items):
            return items[step].start_mark, items[step]
        case _:
            return None


def _entry(key: yaml.Node, value: yaml.Node) -> tuple[yaml.Mark, yaml.Node]:
    return key.start_mark, value


def parse(text: str, file: str) -> Document:
    """The content of `text`; `file` names it in problems.

    Raises:
        ConfigError: no YAML, or YAML that a mapping has no use for.
    """
    document = parse_as_far_as_possible(text, file)
    if document.problems:
        raise ConfigError(*document.problems)
    return document


def parse_as_far_as_possible(text: str, file: str, what: str = "mapping") -> Document:
    """The content of `text`, with what a mapping, or `what` the file is, cannot mean among the document's `problems`.

    Raises:
        ConfigError: no YAML, or far too much of it.
    """
    root = _compose(text, file, what)
    if not isinstance(root, yaml.MappingNode):
        _fail(file, root.start_mark, f"a {what} file holds keys and values, from version: 1 on")
    reading = _Reading(file)
    data = reading.read(root, 0)
    if not isinstance(data, dict):  # its tag says that it is something else
        raise ConfigError(*reading.problems)
    return Document(file, data, root, tuple(reading.problems))


def merges(document: Document) -> bool:
    """Whether a merge key (<<) would bring some of the document's keys."""
    return any(problem.message == _MERGE for problem in document.problems)


def _compose(text: str, file: str, what: str) -> yaml.Node:
    try:
        nodes = list(islice(yaml.compose_all(text, _Yaml), 2))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if error.problem in (_TOO_MUCH, _TOO_DEEP):
            _fail(file, mark, error.problem)
        problem = error.problem or error.context or ""
        hint = "indent with spaces: YAML allows no tabs there" if "'\\t'" in problem else ""
        _fail(file, mark, f"this is not YAML: {problem}", hint)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, error.position - before.rfind("\n")
        message = f"this is not YAML: the character U+{ord(text[error.position]):04X}"
        raise ConfigError(ConfigProblem(message, "", file, line, column)) from None
    except RecursionError:
        _fail(file, None, _TOO_DEEP)
    except (ValueError, OverflowError):  # escapes and version numbers that PyYAML trusts blindly
        _fail(file, None, "this is not YAML: an escape or a number is out of range")
    if len(nodes) > 1:
        _fail(file, nodes[1].start_mark, f"one file holds one {what}; take the second document out")
    if not nodes:
        _fail(
            file,
            None,
            "the file is empty",
            "`chartmogul-sync demo` shows a whole example; the README has a first mapping",
        )
    return nodes[0]


def _fail(file: str, mark: yaml.Mark | None, message: str, hint: str = "") -> Never:
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    raise ConfigError(ConfigProblem(message, hint, file, line, column)) from None


@dataclass(slots=True)
class _Reading:
    """Nodes become plain data; what a mapping cannot mean becomes a problem."""

    file: str
    problems: list[ConfigProblem] = field(default_factory=list)
    nodes: int = 0
    text: int = 0

    def read(self, node: yaml.Node, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > _MOST_NODES or self.text > _MOST_TEXT:
            _fail(self.file, node.start_mark, _TOO_MUCH)
        if depth > _DEEPEST:
            _fail(self.file, node.start_mark, _TOO_DEEP)
        match node:
            case yaml.MappingNode(tag=tag) if tag == _TAG + "map":
                return self._mapping(node, depth)
            case yaml.SequenceNode(tag=tag) if tag == _TAG + "seq":
                return [self.read(item, depth + 1) for item in node.value]
            case yaml.ScalarNode():
                return self._scalar(node)
        return self._refuse(node, f"the tag {_short(node.tag)} is not allowed; take it out")

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._refuse(key, "a key is one word, not a list or a mapping")
            elif key.value == "<<" and key.style is None:
                self._refuse(key, _MERGE)
            elif key.value in lines:
                first = lines[key.value]
                self._refuse(key, f"key {key.value!r} is written twice; first in line {first}")
            else:
                lines[key.value] = key.start_mark.line + 1
                data[key.value] = self.read(value, depth + 1)
        return data

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text, kind = node.value, node.tag.removeprefix(_TAG)
        self.text += len(text)
        if any("\ud800" <= char <= "\udfff" for char in text):
            return self._refuse(node, "the escape of half a character; write the character itself")
        if kind == "str":
            return text
        if kind not in _SCALARS:
            return self._refuse(node, f"the tag {_short(node.tag)} is not allowed; take it out")
        if not _SCALARS[kind].match(text):
            return self._refuse(node, f"this does not fit its tag {_short(node.tag)}")
        return _VALUES[kind](text)

    def _refuse(self, node: yaml.Node, message: str) -> None:
        mark = node.start_mark
        self.problems.append(ConfigProblem(message, "", self.file, mark.line + 1, mark.column + 1))


_VALUES: dict[str, abc.Callable[[str], Any]] = {
    "null": lambda text: None,
    "bool": lambda text: text == "true",
    "int": int,
    "float": Decimal,
}


def _short(tag: str) -> str:
    return ascii(tag.replace(_TAG, "!!")[:60])[1:-1]
