"""Own values: which values of a record a mapping itself has brought to ChartMogul, told by their hashes."""

from collections import abc
from dataclasses import dataclass, replace
from decimal import Decimal

from sync.domain.fingerprint import Hasher
from sync.domain.record import Fields, Value
from sync.domain.spelling import Shape, as_double, normal, spellings
from sync.domain.tags import OwnTags

#: Before the name of a field: somebody else's value, which was overwritten. No field's name begins so.
_FOREIGN = "foreign "
_NO_TAGS = OwnTags()


@dataclass(frozen=True, slots=True)
class Own:
    """What the state keeps of a mapping's own values of one record, 8 bytes a field.

    `sent`: the values of the row that ChartMogul holds. `shown`: what it shows in their place, and what was overwritten
    by the last write. `asked`: what writes asked for whose answers are not known. `tags` are another matter: marks.
    """

    sent: frozenset[bytes] = frozenset()
    shown: frozenset[bytes] = frozenset()
    asked: frozenset[bytes] = frozenset()
    tags: OwnTags = _NO_TAGS

    def __bool__(self) -> bool:
        return bool(self.sent or self.shown or self.asked)

    def __contains__(self, one: bytes) -> bool:
        return one in self.sent or one in self.shown or one in self.asked

    def with_asked(self, asked: abc.Set[bytes]) -> "Own":
        """These, and what is being asked for."""
        return replace(self, asked=self.asked | asked) if asked else self


@dataclass(frozen=True, slots=True)
class Owner:
    """Tells whose a value is; `shape` says what the values of a field are."""

    hasher: Hasher
    shape: abc.Callable[[str], Shape]

    def mark(self, name: str, value: Value) -> bytes:
        """The hash of a value, however it is spelt."""
        return self.hasher.field(name, normal(value, self.shape(name)))

    def written(self, name: str, value: Value) -> frozenset[bytes]:
        """The hashes under which ChartMogul may show a value that was written: numbers perhaps as a double."""
        marks = {self.mark(name, value)}
        if isinstance(value, Decimal):
            marks.add(self.hasher.field(name, as_double(value)))
        return frozenset(marks)

    def marks(self, name: str, value: Value) -> frozenset[bytes]:
        """All hashes under which a value may have been noted: as it is shown, too."""
        return self._lasting(name, value) | {self.hasher.field(name, value)}

    def _lasting(self, name: str, value: Value) -> frozenset[bytes]:
        """The hashes by which a value is known in whatever spelling it is shown next."""
        return frozenset(
            self.hasher.field(name, spelt) for spelt in spellings(value, self.shape(name))
        )

    def owns(self, own: Own, name: str, value: Value) -> bool:
        """Whether a value that ChartMogul shows is the mapping's own."""
        return bool(own) and any(one in own for one in self.marks(name, value))

    def foreign(self, name: str, value: Value) -> bytes:
        """The hash of somebody else's value that is overwritten: should it be found again, it is rewritten."""
        return self.hasher.field(_FOREIGN + name, normal(value, self.shape(name)))

    def shown(self, fields: Fields, sent: abc.Set[bytes]) -> frozenset[bytes]:
        """What is to be noted of own values that ChartMogul shows: those that what was sent does not tell."""
        return frozenset(
            self.mark(name, value)
            for name, value in fields.items()
            if self._lasting(name, value).isdisjoint(sent)
        )
