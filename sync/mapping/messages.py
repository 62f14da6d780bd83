"""Pydantic's errors in the words of a mapping's author: one mistake, one problem, at its place."""

from collections import abc
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sync.domain.record import AttributeType, Object
from sync.errors import ConfigProblem
from sync.mapping.model import (
    AttributeSpec,
    Destination,
    FieldSpec,
    Limits,
    Mapping,
    Part,
    Schedule,
    Source,
    TagColumn,
)
from sync.mapping.rules import nearest
from sync.mapping.yaml import Document, Path

_PARTS: dict[str, type[Part]] = {
    "source": Source,
    "destination": Destination,
    "limits": Limits,
    "schedule": Schedule,
}
#: More than this many allowed keys would bury the message.
_FEW = 8


def explain(
    error: ValidationError, document: Document, passed_over: abc.Container[Path] = ()
) -> list[ConfigProblem]:
    """Every error as a problem that says where, what, and what is allowed; but for those at paths passed over.

    Values are shown as the file spells them, so nothing that the environment holds is ever shown.
    """
    return [
        document.problem(detail["loc"], *_explain(detail, document))
        for detail in error.errors(include_url=False)
        if detail["loc"] not in passed_over
    ]


def _explain(error: ErrorDetails, document: Document) -> tuple[str, str]:
    path, context = error["loc"], error.get("ctx", {})
    match error["type"]:
        case "flaw":
            return context["message"], context["hint"]
        case "wrong":
            return f"{document.written(path)} {context['message']}", context["hint"]
        case "missing":
            return f"key '{path[-1]}' is missing", _needed(path)
        case "extra_forbidden":
            return _unknown(path)
        case "enum":
            return f"{document.written(path)} {_choices(path)}", ""
        case "string_type":
            return f"{document.written(path)} is not text; put it in quotes", ""
        case "dict_type" | "model_type":
            return f"{path[-1]} holds keys and values of its own; put them under it", ""
        case _:  # pragma: no cover - no model raises anything else today
            return error["msg"], ""


def _needed(path: Path) -> str:
    if path[-1] == "type":
        return f"one of: {', '.join(AttributeType)}"
    return part_at(path[:-1]).model_fields[str(path[-1])].description or ""


def part_at(path: Path) -> type[Part]:
    """The model of the keys that stand at `path`."""
    match path:
        case ():
            return Mapping
        case ("fields", _):
            return FieldSpec
        case ("attributes", _):
            return AttributeSpec
        case ("tags", _):
            return TagColumn
        case _:
            return _PARTS[str(path[0])]


def _unknown(path: Path) -> tuple[str, str]:
    name, known = str(path[-1]), list(part_at(path[:-1]).model_fields)
    home = _home(name, path)
    if home:
        return f"unknown key {name!r}", f"it belongs {home}"
    near = nearest(name, known)
    if near:
        return f"unknown key {name!r}; did you mean '{near}'?", ""
    allowed = f"; allowed here: {', '.join(known)}" if len(known) <= _FEW else ""
    return f"unknown key {name!r}{allowed}", ""


def _home(name: str, path: Path) -> str | None:
    """Where else this very key is known."""
    for home, part in _PARTS.items():
        if name in part.model_fields:
            return f"under {home}"
    if path[0] == "fields" and name in AttributeSpec.model_fields:
        return "to attributes; ChartMogul knows the types of its own fields"
    return "at the top level" if len(path) == 2 and name in Mapping.model_fields else None


def _choices(path: Path) -> str:
    match path:
        case ("destination", "object"):
            return f"is not something ChartMogul takes; use one of: {_listed(Object)}"
        case ("attributes", _, "type"):
            return f"is not a type of ChartMogul; use one of: {', '.join(AttributeType)}"
    annotation: Any = part_at(path[:-1]).model_fields[str(path[-1])].annotation
    options = getattr(annotation, "__args__", (annotation,))[0]
    return f"is not allowed here; use one of: {_listed(options)}"


def _listed(options: abc.Iterable[str]) -> str:
    return ", ".join(sorted(options))
