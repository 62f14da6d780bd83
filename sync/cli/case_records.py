"""The records of a case: as ChartMogul takes them, and held against what it shows."""

import json
from dataclasses import dataclass
from typing import Any, cast

from sync.cli.case_rows import type_of
from sync.cli.cases import Row
from sync.domain import objects
from sync.domain.instant import canonical, parse
from sync.domain.objects import Descriptor, Kind
from sync.domain.record import ATTRIBUTE, AttributeType, Fields, Value
from sync.domain.sameness import same
from sync.mapping.loader import LoadedMapping
from sync.report.plain import plain


@dataclass(frozen=True, slots=True)
class Records:
    """Reads the records of a mapping's cases."""

    loaded: LoadedMapping

    @property
    def about(self) -> Descriptor:
        """What the mapping's rows become."""
        return objects.of(self.loaded.mapping.destination.object)

    def attribute_type(self, key: str, value: Value) -> AttributeType:
        """The type of an attribute: the mapping's, else what a value shows."""
        spec = self.loaded.mapping.attributes.get(key)
        return (spec and spec.type) or type_of([value]) or AttributeType.STRING

    def contact(self, record: Row) -> Fields:
        """A contact's values, its own id among them."""
        fields = dict(self.fields(record))
        if record.get("external_id") is not None:
            fields["external_id"] = str(record["external_id"])
        return fields

    def fields(self, record: Row) -> Fields:
        """A record's values as ChartMogul takes them."""
        found = {
            name: self._value(name, value)
            for name, value in record.items()
            if name in self.about.fields
        }
        for key, value in record.get("attributes", {}).items():
            found[ATTRIBUTE + key] = self._value(ATTRIBUTE + key, value)
        if "tags" in record:
            found["tags"] = tuple(map(str, record["tags"]))
        return found

    def _value(self, name: str, value: Any) -> Value:
        shape = self.about.fields.get(name)
        spec = self.loaded.mapping.attributes.get(name.removeprefix(ATTRIBUTE))
        is_time = (shape is not None and shape.kind is Kind.TIME) or (
            shape is None and spec is not None and spec.type is AttributeType.TIMESTAMP
        )
        if is_time and isinstance(value, str) and (instant := parse(value)):
            return canonical(instant)
        if shape is not None and shape.kind is not Kind.WHOLE and value is not None:
            return str(value)
        return cast(Value, value)

    def is_same(self, name: str, wanted: Value, shown: Value) -> bool:
        """Whether a value is shown as a case expects it, in whatever spelling."""
        if name == "tags":
            return set(cast(tuple[str, ...], wanted)) == set(cast(tuple[str, ...], shown or ()))
        if wanted is None or wanted == "":
            return shown in (None, "", ())
        if shown is None or isinstance(wanted, str) != isinstance(shown, str):
            return False  # a text and a number would lock other types
        key = name.removeprefix(ATTRIBUTE)
        shape = self.about.fields.get(name) or self.attribute_type(key, wanted)
        return same(wanted, shown, shape)


def shown_value(value: Value) -> str:
    """A value for people."""
    return "empty" if value in (None, "", ()) else json.dumps(plain(value), ensure_ascii=False)
