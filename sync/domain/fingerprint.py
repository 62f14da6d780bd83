"""Hashes that stand for values in the state: keyed, so that the state gives no value away."""

from collections import abc
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b
from typing import assert_never

from sync.domain.numbers import plain
from sync.domain.record import Fields, Record, Value

#: The edition of the rules by which rows are cast and checked. It grows when one row may make another record than
#: before, or when a row that ChartMogul refused may be sent otherwise; a release alone does not change it.
RULES = 2
FINGERPRINT_SIZE = 16
HASH_SIZE = 8


def encode(value: Value) -> bytes:
    """A value as bytes that differ exactly when what would be sent differs: 5 and Decimal(5) are one."""
    match value:
        case str():  # most are, and each case takes its time
            return b"s" + value.encode("utf-8", "surrogatepass")
        case None:
            return b"-"
        case bool():
            return b"b1" if value else b"b0"
        case int():
            return b"n%d" % value
        case Decimal():
            return b"n" + plain(value).encode()
        case tuple():
            return b"t" + b"\0".join(sorted(map(encode, value)))
        case _:
            assert_never(value)


@dataclass(frozen=True, slots=True, repr=False)
class Hasher:
    """Hashes with one salt, the state's own."""

    salt: bytes
    # What has taken in the key already: a copy of it takes a third of the time that a new one does.
    _long: blake2b = field(init=False, compare=False)
    _short: blake2b = field(init=False, compare=False)

    def __post_init__(self) -> None:
        for name, size in (("_long", FINGERPRINT_SIZE), ("_short", HASH_SIZE)):
            object.__setattr__(self, name, blake2b(key=self.salt, digest_size=size))

    def fingerprint(self, record: Record) -> bytes:
        """16 bytes for all that a record would send; the order of its fields does not count.

        The customer of a contact is part of it: a contact that moves has changed.
        """
        digest, parts = self._long.copy(), []
        for name, value in sorted([*record.fields.items(), ("", record.customer)]):
            content = encode(value)
            parts.append(b"%s\0%d\0%s" % (name.encode(), len(content), content))
        digest.update(b"".join(parts))
        return digest.digest()

    def field(self, name: str, value: Value) -> bytes:
        """8 bytes for one field and its value."""
        digest = self._short.copy()
        digest.update(name.encode() + b"\0" + encode(value))
        return digest.digest()

    def fields(self, fields: Fields) -> frozenset[bytes]:
        """The hashes of all fields."""
        return frozenset(self.field(name, value) for name, value in fields.items())

    def mark(self, *parts: bytes) -> bytes:
        """16 bytes for several things that must all stay the same, as for rows held back."""
        digest = self._long.copy()
        for part in parts:
            digest.update(b"%d\0%s" % (len(part), part))
        return digest.digest()


def split(hashes: bytes) -> frozenset[bytes]:
    """Concatenated hashes, as the state keeps them, one by one."""
    return frozenset(hashes[i : i + HASH_SIZE] for i in range(0, len(hashes), HASH_SIZE))


def join(hashes: abc.Iterable[bytes]) -> bytes:
    """Hashes as the state keeps them."""
    return b"".join(sorted(hashes))
