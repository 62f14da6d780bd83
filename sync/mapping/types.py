"""The small values of a mapping (texts, numbers, shares, zones), each with its JSON Schema."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, PlainSerializer, PlainValidator, SecretStr, WithJsonSchema
from pydantic_core import PydanticCustomError

from sync.domain.flaw import flaw, wrong
from sync.domain.record import Scalar
from sync.domain.spelling import bare
from sync.mapping.variables import docker_hint

#: For editors, which read the file before `${NAME}` is replaced.
REFERENCE_SCHEMA: dict[str, Any] = {"type": "string", "pattern": r"\$\{[A-Za-z_]"}


@dataclass(frozen=True, slots=True)
class Share:
    """A number of rows, or a percentage of all rows of the query; exactly one is given."""

    rows: int | None = None
    percent: Decimal | None = None

    @property
    def absolute(self) -> bool:
        """Whether this is a number of rows, whatever the query returns."""
        return self.rows is not None

    def limit(self, rows: int) -> int:
        """The most rows this allows out of `rows`; a fraction is rounded down."""
        if self.rows is not None:
            return self.rows
        return int(rows * (self.percent or Decimal(0)) / 100)

    def __str__(self) -> str:
        return str(self.rows) if self.rows is not None else f"{self.percent}%"


def text_of(value: Any) -> str:
    """A value that has to be text and not blank; a flaw where it is none."""
    if isinstance(value, PydanticCustomError):
        raise value
    if not isinstance(value, str):
        raise wrong("is not text; put it in quotes")
    if not value.strip():
        raise flaw("is empty; give a value")
    return value


def _scalar(value: Any) -> Scalar:
    if isinstance(value, str):
        return text_of(value)
    if isinstance(value, bool | int) or (isinstance(value, Decimal) and value.is_finite()):
        return value
    raise flaw("must be one value: text, a number, true or false")


def _value_map(value: Any) -> dict[str, Any]:
    """Texts of a column, and what stands for each; in place of what no value can be is a flaw."""
    if not isinstance(value, dict):
        raise wrong("is not a map of values; write it as {UK: GB}")
    if not value:
        raise flaw("maps nothing; write it as {UK: GB}")
    return {text: _met(text) or item for text, item in value.items()}


def _met(text: str) -> PydanticCustomError | None:
    """The flaw of a text that no value is looked up by."""
    if not bare(text):
        return flaw("blank text is null, which is never looked up; use default for it")
    if text != bare(text):
        message = f"no value has white space at its ends when it is looked up; write {bare(text)!r}"
        return flaw(message)
    return None


def _mapped(value: Any) -> Scalar:
    """What stands for a text: one value, or blank text, which is null."""
    if isinstance(value, PydanticCustomError):
        raise value
    if value is None:
        raise flaw('has no value; write "" where it stands for null')
    return "" if isinstance(value, str) and not bare(value) else _scalar(value)


def _zone(value: Any) -> str:
    try:
        return ZoneInfo(text_of(value)).key
    except (KeyError, ValueError, OSError):
        raise wrong("is not a time zone; use a name such as Europe/Berlin or UTC") from None


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise wrong("is not a list; write it as [one, two]")
    texts = tuple(text_of(item) for item in value)
    if len(set(texts)) < len(texts):
        raise flaw("names the same thing twice; take one out")
    return texts


def _whole(value: Any) -> int | None:
    match value:
        case bool():
            return None
        case int():
            return value if value >= 0 else None
        case str() if re.fullmatch(r"[0-9]{1,18}", value.strip(), re.ASCII):
            return int(value)
        case _:
            return None


def _count(value: Any) -> int:
    number = _whole(value)
    if number is None:
        raise wrong("is not a whole number; write it as 1000")
    return number


def _ceiling(value: Any) -> int | None:
    """A whole number from 1 on; `none` is no limit."""
    if value == "none":
        return None
    number = _whole(value)
    if not number:
        raise wrong("is not a whole number from 1 on, nor none; write it as 100 or none")
    return number


def _share(value: Any) -> Share:
    if isinstance(value, Share):
        return value
    number = _whole(value)
    if number is not None:
        return Share(rows=number)
    text = value.strip() if isinstance(value, str) else ""
    percent = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%", text, re.ASCII)
    if percent is None or Decimal(percent[1]) > 100:
        raise wrong("is not a number of rows or a percentage; write it as 50 or 5%")
    return Share(percent=Decimal(percent[1]))


def _flag(value: Any) -> bool:
    match value:
        case bool():
            return value
        case "true":
            return True
        case "false":
            return False
        case _:
            raise wrong("is not a Boolean; use one of: false, true")


def _version(value: Any) -> int:
    if type(value) is int and value == 1:
        return value
    raise wrong("is not a version of this format; write version: 1")


#: What stands before the name of a data source, where a mapping does not say its uuid.
NAMED = "name:"


def uuid_of(data_source: str) -> str:
    """The uuid of a data source; empty where the mapping says its name."""
    return "" if data_source.startswith(NAMED) else data_source


def _data_source(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(rf"ds_[A-Za-z0-9_-]+|{NAMED}.*\S.*", value):
        return value
    raise wrong(
        "is not the uuid of a data source; it begins with ds_",
        docker_hint(str(value))
        or "ChartMogul shows it where the data source is set up, the sandbox when it starts",
    )


def _api_key(value: Any) -> SecretStr:
    if isinstance(value, SecretStr):
        return value
    if not isinstance(value, str) or not value:
        raise flaw("the API key is empty")
    if not re.fullmatch(r"[!-~]+", value):
        message = "the API key holds a blank, a line break or a character outside ASCII"
        raise flaw(message, docker_hint(value))
    if value[0] in "'\"":
        raise flaw("the API key begins with a quote", docker_hint(value))
    return SecretStr(value)


def _seconds(value: Any) -> int:
    found = (
        re.fullmatch(r"([1-9][0-9]{0,6}) ?([smh])", value.strip())
        if isinstance(value, str)
        else None
    )
    if found is None:
        raise wrong("is not a time; write it as 90s, 10m or 2h")
    return int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]


def _options(value: Any) -> dict[str, Any]:
    """What a driver is handed: names and values of its own, those of the environment secret."""
    if not isinstance(value, dict):
        raise wrong("is not a map of options; write it as {name: value}")
    return {text_of(name): _option(item) for name, item in value.items()}


def _option(value: Any) -> Any:
    match value:
        case PydanticCustomError():
            raise value
        case dict():
            return _options(value)
        case list():
            return [_option(item) for item in value]
        case Decimal():
            return float(value)
        case None:
            raise flaw("an option has no value; give one, or take it out")
    return value


TEXT = {"type": "string", "minLength": 1}
_COUNT = {"type": "integer", "minimum": 0}
_PERCENT = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?%$"}
_ROWS = {"anyOf": [_COUNT, _PERCENT, REFERENCE_SCHEMA]}
_FLAG = {"anyOf": [{"type": "boolean"}, REFERENCE_SCHEMA]}
_SCALAR = {"type": ["string", "number", "boolean"]}
VALUE_MAP_SCHEMA: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": r"^\S(.*\S)?$"},
    "additionalProperties": _SCALAR,
}
_SECRET = {"type": "string", "pattern": r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$"}
_TEXTS = {"type": "array", "items": TEXT, "uniqueItems": True}

Version = Annotated[int, PlainValidator(_version), WithJsonSchema({"const": 1})]
Text = Annotated[str, PlainValidator(text_of), WithJsonSchema(TEXT)]
Texts = Annotated[tuple[str, ...], PlainValidator(_texts), WithJsonSchema(_TEXTS)]
Constant = Annotated[Scalar, PlainValidator(_scalar), WithJsonSchema(_SCALAR)]
Mapped = Annotated[Scalar, PlainValidator(_mapped), WithJsonSchema(_SCALAR)]
#: The texts of a column → what is cast in their place.
ValueMap = Annotated[
    dict[str, Mapped], BeforeValidator(_value_map), WithJsonSchema(VALUE_MAP_SCHEMA)
]
Zone = Annotated[str, PlainValidator(_zone), WithJsonSchema(TEXT)]
Count = Annotated[
    int, PlainValidator(_count), WithJsonSchema({"anyOf": [_COUNT, REFERENCE_SCHEMA]})
]
Ceiling = Annotated[
    int | None,
    PlainValidator(_ceiling),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1}, {"const": "none"}, REFERENCE_SCHEMA]}
    ),
]
Rows = Annotated[Share, PlainValidator(_share), PlainSerializer(str), WithJsonSchema(_ROWS)]
Seconds = Annotated[
    int,
    PlainValidator(_seconds),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": "^[1-9][0-9]{0,6} ?[smh]$"}, REFERENCE_SCHEMA]}
    ),
]
Options = Annotated[
    dict[str, Any], PlainValidator(_options), WithJsonSchema({"type": "object", "minProperties": 1})
]
Flag = Annotated[bool, PlainValidator(_flag), WithJsonSchema(_FLAG)]
DataSource = Annotated[str, PlainValidator(_data_source), WithJsonSchema(TEXT)]
ApiKey = Annotated[SecretStr, PlainValidator(_api_key), WithJsonSchema(_SECRET)]
