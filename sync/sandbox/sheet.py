"""A long list cut into sheets, as the page shows them."""

from collections import abc
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

T = TypeVar("T")
SIZE = 50
"""Customers, contacts or requests on one sheet."""


@dataclass(frozen=True, slots=True)
class Sheet(Generic[T]):
    """Some items of a list, which sheet of how many it is, and how long the list is."""

    items: abc.Sequence[T]
    number: int
    last: int
    total: int


def cut(items: abc.Sequence[T], asked: str | None) -> Sheet[T]:
    """The sheet that is asked for by its number; the nearest one where there is none such."""
    last = max(1, -(-len(items) // SIZE))
    number = min(max(1, _number(asked)), last)
    return Sheet(items[(number - 1) * SIZE : number * SIZE], number, last, len(items))


def _number(text: str | None) -> int:
    """A number of a sheet; what is none, or beyond all lists, is the first."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 1


def link(query: abc.Mapping[str, str], place: str, **other: object) -> str:
    """The address of the page as it is asked for now, with other values, at this place."""
    values = {**query, **{name: str(value) for name, value in other.items()}}
    return f"/?{urlencode({name: value for name, value in values.items() if value})}#{place}"
