"""A `.env` file, as shells and compose read it: comments, `export`, quotes; in single quotes nothing is replaced."""

import io
import re
from collections import abc
from dataclasses import dataclass, field
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from sync.errors import ConfigError, ConfigProblem

_REFERENCE = re.compile(r"\$\{(?P<name>[^}:]*)(?::-(?P<default>[^}]*))?\}")
_IN_SINGLE_QUOTES = re.compile(r"\s*(?:export\s+)?[^=]*=\s*'")


@dataclass(frozen=True, slots=True)
class Dotenv:
    """What a file sets, and what is odd about it."""

    values: abc.Mapping[str, str] = field(repr=False)
    odd: tuple[str, ...] = ()


def read(file: Path, environ: abc.Mapping[str, str], *, must_exist: bool = False) -> Dotenv:
    """What a file sets; `${NAME}` is replaced from what stands above it, else from `environ`.

    Raises:
        ConfigError: it cannot be read, or is not there although it must.
    """
    if not must_exist and not (file.is_file() or file.is_fifo()):
        return Dotenv({})
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(ConfigProblem("the file is not UTF-8", "", str(file))) from None
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}"
        raise ConfigError(ConfigProblem(message, "", str(file))) from None
    return _parse(file, text, environ)


def _parse(file: Path, text: str, environ: abc.Mapping[str, str]) -> Dotenv:
    values: dict[str, str] = {}
    odd: list[str] = []
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            line = binding.original.line + _blank_lines(binding)
            odd.append(f"{file}:{line}: this sets no variable, and is left out")
        elif binding.key is not None and binding.value is not None:
            values[binding.key] = _value(binding, {**environ, **values})
    return Dotenv(values, tuple(odd))


def _blank_lines(binding: Binding) -> int:
    text = binding.original.string
    return text[: len(text) - len(text.lstrip())].count("\n")


def _value(binding: Binding, known: abc.Mapping[str, str]) -> str:
    if _IN_SINGLE_QUOTES.match(binding.original.string):
        return binding.value or ""

    def replace(found: re.Match[str]) -> str:
        return known.get(found["name"], found["default"] or "")

    return _REFERENCE.sub(replace, binding.value or "")
