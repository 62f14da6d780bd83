"""A canonical value for every field of an object, by its kind: what tests of all fields are made of."""

from typing import assert_never

from sync.domain.objects import Descriptor, Field, Kind
from sync.domain.record import Value


def sample(field: Field) -> Value:
    """A value that ChartMogul takes for a field."""
    match field.kind:
        case Kind.KEY:
            return f"{field.name}-1"
        case Kind.TEXT:
            return f"a {field.name}"
        case Kind.EMAIL:
            return f"{field.name}@mail.example"
        case Kind.COUNTRY:
            return "DE"
        case Kind.STATUS:
            return field.values[-1]
        case Kind.TIME:
            return "2026-01-31T09:00:00Z"
        case Kind.WHOLE:
            return 3
        case _:
            assert_never(field.kind)


def samples(descriptor: Descriptor) -> dict[str, Value]:
    """A value for every field that can be set."""
    fields = descriptor.fields.values()
    return {field.name: sample(field) for field in fields if field.settable}
