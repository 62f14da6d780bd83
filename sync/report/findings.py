"""What is wrong, for programs that show it beside the code: annotations of GitHub, JUnit, Markdown."""

import html  # it loads next to nothing; xml.sax loads all of urllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sync.report.words import count, visible

#: Characters of an annotation's text.
_LONGEST = 2_000
#: Markdown obeys these; a line that begins a list or a heading is none of ours, `@` would call people.
_OBEYED = {ord(one): f"\\{one}" for one in "\\`*_{}[]<>#|~"} | {ord("@"): "@\u2060"}


class Level(StrEnum):
    """How bad it is, in GitHub's words."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `file` is empty where it has none, `line` and `column` are 0 where nobody knows them."""

    title: str
    message: str
    level: Level = Level.ERROR
    file: str = ""
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Suite:
    """What was looked at, such as a mapping or a file, and what was found; nothing: it is well."""

    name: str
    findings: Sequence[Finding] = ()
    seconds: float = 0.0


def github(suites: Iterable[Suite]) -> str:
    """A workflow command for each finding, the worst first."""
    found = [one for suite in suites for one in suite.findings]
    ordered = sorted(found, key=lambda one: list(Level).index(one.level))
    return "".join(f"{_annotation(one)}\n" for one in ordered)


def _annotation(one: Finding) -> str:
    places = {"file": one.file, "line": one.line, "col": one.column, "title": one.title}
    told = ",".join(f"{name}={_property(str(part))}" for name, part in places.items() if part)
    return f"::{one.level.value} {told}::{_data(one.message)}"


def _data(text: str) -> str:
    lines = "\n".join(visible(line, _LONGEST) for line in text.split("\n"))
    return lines.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def junit(name: str, suites: Sequence[Suite]) -> str:
    """JUnit's XML: a suite for each, a failed case for each error in it, a passed one where there is none."""
    cases = [list(_cases(suite)) for suite in suites]
    tests, failures = sum(map(len, cases)), sum(map(_failures, suites))
    head = f'<testsuites name={_attribute(name)} tests="{tests}" failures="{failures}">'
    parts = ['<?xml version="1.0" encoding="UTF-8"?>', head]
    for suite, lines in zip(suites, cases, strict=True):
        about = f'tests="{len(lines)}" failures="{_failures(suite)}" time="{suite.seconds:.3f}"'
        parts.append(f"  <testsuite name={_attribute(suite.name)} {about}>")
        parts += lines
        parts.append("  </testsuite>")
    return "\n".join([*parts, "</testsuites>", ""])


def _failures(suite: Suite) -> int:
    return sum(one.level is Level.ERROR for one in suite.findings)


def _cases(suite: Suite) -> Iterator[str]:
    if not suite.findings:
        name = _attribute(suite.name)
        yield f'    <testcase classname={name} name={name} time="{suite.seconds:.3f}"/>'
    for one in suite.findings:
        place = f" file={_attribute(one.file)}" if one.file else ""
        place += f' line="{one.line}"' if one.file and one.line else ""
        case = (
            f"    <testcase classname={_attribute(suite.name)} name={_attribute(one.title)}{place}>"
        )
        text = visible_lines(one.message)
        first = text.split("\n", 1)[0]
        if one.level is Level.ERROR:
            inner = (
                f"<failure message={_attribute(first)}>{html.escape(text, quote=False)}</failure>"
            )
        else:
            inner = f"<system-out>{html.escape(text, quote=False)}</system-out>"
        yield f"{case}{inner}</testcase>"


def _attribute(text: str) -> str:
    return f'"{html.escape(visible(text, _LONGEST))}"'


def visible_lines(text: str) -> str:
    """Lines of text, with what no XML holds and no terminal should obey made visible."""
    return "\n".join(visible(line, _LONGEST) for line in text.split("\n"))


def plain_markdown(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return visible(" ".join(text.split()), _LONGEST).translate(_OBEYED)


def markdown(title: str, suites: Sequence[Suite]) -> str:
    """A list of what is wrong, by suite."""
    lines = [f"### {plain_markdown(title)}", ""]
    for suite in suites:
        found = count(len(suite.findings), "finding") if suite.findings else "ok"
        lines.append(f"- **{plain_markdown(suite.name)}**: {found}")
        for one in suite.findings:
            place = f" ({plain_markdown(one.file)}:{one.line})" if one.file and one.line else ""
            about = f"{one.level.value}: {plain_markdown(one.title)}{place}"
            lines.append(f"  - {about}: {plain_markdown(one.message)}")
    return "\n".join([*lines, ""])
