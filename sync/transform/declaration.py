"""Attributes as a mapping declares them: lines of YAML for people to paste."""

import json
import re
from typing import Any

from sync.domain.record import AttributeType

#: Texts that YAML takes as they are; quoted are those that some reader takes for something else.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
#: A reference to the environment, and nothing else.
_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def declaration(key: str, column: str, kind: AttributeType) -> str:
    """The line of an attribute, under `attributes:`."""
    return f"  {name(key)}: {{column: {scalar(column)}, type: {kind.value}}}"


def name(key: str) -> str:
    """An attribute's key as YAML reads it back."""
    return json.dumps(key) if key.isdigit() or key.lower() in _WORDS else key


def option(name: str, value: Any) -> str:
    """The line of an option of the driver, under `source.options:`; its variables stay as they are."""
    if isinstance(value, str) and (_PLAIN.fullmatch(value) or _VARIABLE.fullmatch(value)):
        text = json.dumps(value) if value.lower() in _WORDS else value
    else:
        text = json.dumps(value, ensure_ascii=not (isinstance(value, str) and value.isprintable()))
    return f"    {scalar(name)}: {text}"


def scalar(text: str) -> str:
    """A text as YAML reads it back, and `${…}` in it as no variable."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text.replace("${", "$${"), ensure_ascii=not text.isprintable())
