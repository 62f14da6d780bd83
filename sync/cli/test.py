"""`test`: the cases of mapping tests, played against the sandbox in memory; no network, no warehouse, no key."""

import time
from collections import abc
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from sync.cli import cases, failure
from sync.cli.cases import Case, Cases
from sync.cli.environ import tell, variables, warnings
from sync.cli.formats import Format, Output, fail
from sync.errors import EXIT_OK, EXIT_REJECTED, ConfigError, ConfigProblem
from sync.mapping.interpolation import Open
from sync.mapping.loader import load
from sync.mapping.variables import Variables
from sync.report.plain import indented
from sync.report.words import count
from sync.settings import temporary_folder

_TITLE = "chartmogul-sync test"


@dataclass(frozen=True, slots=True)
class Played:
    """A case that was played: what is wrong, a sentence each; none where it passed."""

    mapping: str
    file: str
    case: Case
    wrong: tuple[str, ...]
    seconds: float


def test(paths: abc.Sequence[Path], output: Output) -> int:
    """Play all cases and say which fail; 0, or 1 if one does.

    Raises:
        ConfigError: a mapping or its tests are not sound, or there are no tests at all.
    """
    try:
        groups = _read(paths)
        place = _place(variables())
        played = [one for group in groups for one in _play(group, place)]
    except ConfigError as error:
        fail(output, _TITLE, error, failure.document(error))
        raise
    if output.as_json:
        output.write(indented(_document(played)) + "\n")
    else:
        output.write_lines((_as_junit if output.format is Format.JUNIT else _as_text)(played))
    return EXIT_REJECTED if any(one.wrong for one in played) else EXIT_OK


def _read(paths: abc.Sequence[Path]) -> list[Cases]:
    """The cases of all mappings that have some."""
    found = variables()
    try:
        loaded = load(paths, Open(found), frozenset())
    finally:
        tell(warnings(found, paths), found)
    problems: list[ConfigProblem] = []
    groups: list[Cases] = []
    for one in loaded:
        file = cases.file_of(one)
        try:
            groups += [] if file is None else [cases.read(one, file)]
        except ConfigError as error:
            problems += error.problems
    if not groups and not problems:
        hint = "write NAME.tests.yml beside NAME.yml; the docs on commands have one"
        problems.append(ConfigProblem("none of these mappings has tests", hint))
    if problems:
        raise ConfigError(*problems)
    return groups


def _place(found: Variables) -> Path:
    """Where private temporary files go."""
    return Path(found["SYNC_TMP"]) if found.get("SYNC_TMP") else temporary_folder()


def _play(group: Cases, place: Path) -> abc.Iterator[Played]:
    from sync.cli.rehearsal import play  # a whole run, which broken files do without

    for case in group.cases:
        began = time.monotonic()
        try:
            wrong = tuple(play(group.loaded, case, place))
        except OSError as error:
            message = f"cannot write in {place}: {error.strerror}"
            hint = "let SYNC_TMP name a folder that can be written"
            raise ConfigError(ConfigProblem(message, hint, path="SYNC_TMP")) from None
        name = group.loaded.mapping.name
        yield Played(name, group.file, case, wrong, round(time.monotonic() - began, 3))


def _as_text(played: abc.Sequence[Played]) -> abc.Iterator[str]:
    for one in played:
        yield f"{one.file}:{one.case.line}: {'FAILED' if one.wrong else 'ok'} — {one.case.name}"
        for sentence in one.wrong:
            yield f"    {sentence}"
    failed = sum(bool(one.wrong) for one in played)
    yield f"{count(len(played), 'case')}, {failed} failed"


def _document(played: abc.Sequence[Played]) -> dict[str, object]:
    return {
        "format": 1,
        "passed": sum(not one.wrong for one in played),
        "failed": sum(bool(one.wrong) for one in played),
        "cases": [
            {
                "mapping": one.mapping,
                "file": one.file,
                "line": one.case.line,
                "name": one.case.name,
                "passed": not one.wrong,
                "problems": list(one.wrong),
                "seconds": one.seconds,
            }
            for one in played
        ],
    }


def _as_junit(played: abc.Sequence[Played]) -> abc.Iterator[str]:
    failed = sum(bool(one.wrong) for one in played)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuite name="chartmogul-sync" tests="{len(played)}" failures="{failed}" errors="0">'
    for one in played:
        place = f'file={quoteattr(one.file)} line="{one.case.line}" time="{one.seconds}"'
        head = f"classname={quoteattr(one.mapping)} name={quoteattr(one.case.name)} {place}"
        if one.wrong:
            lines = escape("\n".join(one.wrong))
            yield f"  <testcase {head}>"
            yield f"    <failure message={quoteattr(one.wrong[0])}>{lines}</failure>"
            yield "  </testcase>"
        else:
            yield f"  <testcase {head}/>"
    yield "</testsuite>"
