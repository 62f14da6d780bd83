"""The types that attributes have by state, lock file and account, for those that their columns leave open."""

from collections import abc
from dataclasses import dataclass, field, replace

from sync.domain.record import AttributeType
from sync.domain.typed import Origin, Typed


class Unknown(Exception):
    """Neither state nor lock file has a type of these attributes: customers of the account may show it."""

    def __init__(self, keys: abc.Sequence[str]) -> None:
        super().__init__(", ".join(keys))
        self.keys = keys


@dataclass(frozen=True, slots=True)
class KnownTypes:
    """What is known before the first row: the state's word counts most, then the lock file's, then the customers'.

    `shown` is what customers show; None: nobody has looked at them yet.
    """

    in_use: abc.Mapping[str, AttributeType]
    locked: abc.Mapping[str, AttributeType] = field(default_factory=dict)
    shown: abc.Mapping[str, AttributeType] | None = None

    def of(self, keys: abc.Sequence[str]) -> dict[str, Typed]:
        """The types of these attributes, of those that have one.

        Raises:
            Unknown: one has none, and nobody has looked at customers.
        """
        places = (
            (Origin.ACCOUNT, self.shown or {}),
            (Origin.LOCK_FILE, self.locked),
            (Origin.STATE, self.in_use),
        )
        found = {
            key: Typed(types[key], origin)
            for origin, types in places
            for key in keys
            if key in types
        }
        missing = [key for key in keys if key not in found]
        if missing and self.shown is None:
            raise Unknown(missing)
        return found

    def with_shown(self, shown: abc.Mapping[str, AttributeType]) -> "KnownTypes":
        """The same once customers were looked at."""
        return replace(self, shown=shown)
