"""`validate`: mapping files alone, without a network; the environment only where that is asked for."""

from collections import abc
from pathlib import Path
from typing import Any

from sync.cli import failure, formats
from sync.cli.config import settings_and_mappings
from sync.cli.environ import tell, variables, warnings
from sync.cli.formats import Output, fail
from sync.cli.say import say
from sync.domain import objects
from sync.errors import ConfigError, ConfigProblem
from sync.mapping.interpolation import Open
from sync.mapping.loader import LoadedMapping, load
from sync.mapping.variables import Variables
from sync.report.findings import Suite
from sync.report.words import visible

_TITLE = "chartmogul-sync validate"


def validate(
    paths: abc.Sequence[Path],
    output: Output | None = None,
    *,
    strict: bool = False,
    env: bool = False,
) -> int:
    """Check every file and say what each feeds; 0, or ConfigError with all problems of all files.

    Variables that are not set are problems with `env` only; warnings are with `strict`.
    """
    output = output or Output()
    found = variables()
    try:
        loaded, told = judge(found, paths, strict=strict, env=env)
    except ConfigError as error:
        fail(output, _TITLE, error, failure.document(error))
        raise
    tell(told, found)
    if not output.given:
        say(_text(loaded))
        return 0
    suites = [Suite(one.file) for one in loaded]
    output.write(formats.told(output, _TITLE, suites, document(loaded, told), _text(loaded) + "\n"))
    return 0


def judge(
    found: Variables, paths: abc.Sequence[Path], *, strict: bool = False, env: bool = False
) -> tuple[list[LoadedMapping], list[str]]:
    """The mappings of the files, and what is odd about them; ConfigError as `validate`."""
    loaded, odd = _load(found, paths, env=env), warnings(found, paths)
    _judge_values(loaded)
    if strict and odd:
        raise ConfigError(*(ConfigProblem(message) for message in odd))
    return loaded, odd


def _text(loaded: abc.Sequence[LoadedMapping]) -> str:
    return "\n".join(map(_line, loaded))


def document(loaded: abc.Sequence[LoadedMapping], warned: abc.Sequence[str]) -> dict[str, Any]:
    """What is printed of mappings that are well, as plain values."""
    return {
        "format": 1,
        "exit_code": 0,
        "mappings": [_described(one) for one in loaded],
        "warnings": list(warned),
        "problems": [],
    }


def _described(loaded: LoadedMapping) -> dict[str, Any]:
    mapping = loaded.mapping
    return {
        "mapping": mapping.name,
        "file": loaded.file,
        "object": mapping.destination.object.value,
        "mode": mapping.mode.value,
        "fields": sorted(mapping.fields),
        "attributes": sorted(mapping.attributes),
        "enabled": mapping.enabled,
    }


def _load(found: Variables, paths: abc.Sequence[Path], *, env: bool) -> list[LoadedMapping]:
    if env:
        return settings_and_mappings(found, paths, disabled=True)[1]
    return load(paths, Open(found), frozenset(), disabled=True)


def _judge_values(loaded: abc.Sequence[LoadedMapping]) -> None:
    """Raise ConfigError where constants, defaults or value maps do not fit what they are for."""
    from sync.transform.bind import misfits

    if problems := [problem for one in loaded for problem in misfits(one)]:
        raise ConfigError(*problems)


def _line(loaded: LoadedMapping) -> str:
    mapping = loaded.mapping
    plural = objects.of(mapping.destination.object).plural
    fields, attributes = len(mapping.fields), len(mapping.attributes)
    left_out = "" if mapping.enabled else ", left out (enabled: false)"
    return (
        f"{visible(loaded.file)}: ok — {visible(mapping.name)} → {plural}, {mapping.mode.value}, {fields} fields,"
        f" {attributes} declared attributes{left_out}"
    )
