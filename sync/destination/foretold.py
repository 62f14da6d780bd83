"""In a dry run: what mappings that come first would leave of records that are told by more than their keys."""

from collections import abc
from dataclasses import dataclass, field, replace

from sync.domain.plan import Seen, ToCome
from sync.domain.record import Fields


@dataclass(slots=True)
class ForetoldRecords:
    """The records that would be there by now, and what of others would have changed; of one object and data source.

    `shared`: other mappings ask as well. Then it is also kept whose record each key stands for, as a state would.
    """

    shared: bool = False
    _made: dict[str, ToCome] = field(default_factory=dict, init=False)
    _changed: dict[str, Fields] = field(default_factory=dict, init=False)
    _uuids: dict[str, str] = field(default_factory=dict, init=False)

    def made(self) -> abc.Collection[ToCome]:
        """Those that would be created, as they would be by now."""
        return list(self._made.values())

    def create(self, fields: Fields, customer_uuid: str, data_source: str) -> ToCome:
        """A record would be created; what stands for it until it has a uuid."""
        name = f"to come: {len(self._made) + 1}"
        found = self._made[name] = ToCome(
            name, fields, customer_uuid=customer_uuid, data_source=data_source
        )
        return found

    def change(self, uuid: str, fields: Fields) -> None:
        """Of a record these fields would have these values, or none."""
        if (made := self._made.get(uuid)) is not None:
            self._made[uuid] = replace(made, fields=_with(made.fields, fields))
        else:
            self._changed[uuid] = {**self._changed.get(uuid, {}), **fields}

    def know(self, key: str, uuid: str) -> None:
        """A row of this key has this record, or would have it."""
        if self.shared:
            self._uuids[key] = uuid

    def uuid(self, key: str) -> str | None:
        """What the state would know by now of a key; None where nobody has met it."""
        return self._uuids.get(key)

    def of(self, seen: Seen) -> Seen:
        """A record that ChartMogul shows, as it would be by now."""
        changed = self._changed.get(seen.uuid)
        return seen if changed is None else replace(seen, fields=_with(seen.fields, changed))


def _with(fields: Fields, changed: Fields) -> Fields:
    return {name: value for name, value in {**fields, **changed}.items() if value is not None}
