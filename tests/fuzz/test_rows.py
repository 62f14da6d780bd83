"""Rows of anything that a driver may give: a record that can be sent and remembered, or a rejected row."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.chartmogul import contacts as contacts_wire
from sync.chartmogul import customers as customers_wire
from sync.chartmogul import wire
from sync.domain import codec, objects
from sync.domain.fingerprint import Hasher
from sync.domain.objects import Kind
from sync.domain.plan import Seen
from sync.domain.record import AttributeType, Object, Record, Rejected
from sync.report import lines
from sync.report.plain import dumps, loads
from sync.report.spreadsheet import Sheet
from sync.transform.build import RecordBuilder
from sync.warehouse.column import Column
from tests.fuzz import odd
from tests.fuzz.effort import fuzz
from tests.support import bench

HASHER = Hasher(b"salt")
NOW = datetime(2026, 1, 31, tzinfo=UTC)
POLICIES = ("keep", "clear", "reject")


def attributes() -> dict[str, Any]:
    """One of each type, with each way to treat a null, and one that is cut."""
    declared = {
        f"{kind.lower()}_{policy}": {"column": f"{kind}_{policy}", "type": kind, "on_null": policy}
        for kind in AttributeType
        for policy in POLICIES
    }
    cut = {"column": "cut", "type": "String", "too_long": "truncate", "default": "none"}
    return {**declared, "cut": cut}


def make(mapping: bench.Raw, *extra: str | Column) -> RecordBuilder:
    """A builder for all columns that a mapping names, and for these."""
    specs = [*mapping["fields"].values(), *mapping.get("attributes", {}).values()]
    names = [spec if isinstance(spec, str) else spec["column"] for spec in specs]
    with TemporaryDirectory() as folder:
        return bench.builder(Path(folder), mapping, *names, *extra)


def fields_of(kind: Object) -> dict[str, Any]:
    """Every field of an object but its keys, each from a column of its own name."""
    return {
        name: {"column": name} | ({"timezone": "Europe/Berlin"} if field.kind is Kind.TIME else {})
        for name, field in objects.of(kind).fields.items()
        if field.kind is not Kind.KEY
    }


def customers() -> RecordBuilder:
    fields = fields_of(Object.CUSTOMER)
    typed = [Column(f"of_{kind}", kind) for kind in AttributeType]
    mapping = bench.customer(fields, attributes=attributes(), tags=["warehouse"])
    return make(mapping, "untyped", *typed)


def contacts() -> RecordBuilder:
    fields = fields_of(Object.CONTACT) | {"email": "mail"}
    return make(bench.contact(fields, on_null="clear"), "untyped")


def width(builder: RecordBuilder) -> int:
    return 1 + max(slot.index for slot in (*builder.keys, *builder.slots))


def rows(builder: RecordBuilder) -> st.SearchStrategy[tuple[object, ...]]:
    """Rows that would be sound, or empty, but for a few columns."""
    plain = st.sampled_from([None, "a@b.example", "DE", "2024-01-01", "Lead", 1, True, "x"])
    odd_ones = st.dictionaries(st.integers(0, width(builder) - 1), odd.values, max_size=5)

    def mixed(usual: object, others: dict[int, object]) -> tuple[object, ...]:
        row = {0: "cus_1"} | others
        return tuple(row.get(index, usual) for index in range(width(builder)))

    return st.builds(mixed, plain, odd_ones)


def sent(record: Record) -> list[wire.Call]:
    """The requests that would carry the record."""
    types = dict.fromkeys(wire.attributes_of(record.fields), AttributeType.STRING)
    if record.customer is not None:
        made = contacts_wire.create("ds_1", "cus_1", record.fields)
        return [made, contacts_wire.update("con_1", record.fields)]
    standard, custom = customers_wire.standard_of(record.fields), wire.attributes_of(record.fields)
    return [
        customers_wire.create("ds_1", record.key, record.fields, types),
        customers_wire.update("cus_1", standard, custom),
        customers_wire.set_attributes("cus_1", custom, types),
        customers_wire.page("ds_1", record.key),
    ]


def check_record(record: Record) -> None:
    """It can be sent, put away and taken out again, remembered, and told."""
    record.key.encode()
    assert record.key.strip() == record.key != ""
    for call in sent(record):
        assert call.content is None or wire.load(call.content) is not None
        call.path.encode("ascii")
        list(call.texts())
    again = codec.load(codec.dump(record.fields))
    assert again == record.fields
    seen = Seen("cus_1", record.fields, (("ds_1", record.key),), record.customer)
    assert codec.load_seen(codec.dump_seen(seen)) == seen
    assert len(HASHER.fields(record.fields)) == len(record.fields)
    copy = Record(2, record.key, dict(reversed(again.items())), record.customer)
    assert HASHER.fingerprint(record) == HASHER.fingerprint(copy)


def check_rejected(rejected: Rejected) -> None:
    """Its report is whole: a line of JSON and a row of CSV for each problem."""
    assert rejected.problems
    found = list(lines.errors("r1", "customers", rejected, NOW))
    assert len(found) == len(rejected.problems)
    file = io.StringIO(newline="")
    Sheet(file).write(found)
    file.getvalue().encode()
    assert len(list(csv.DictReader(io.StringIO(file.getvalue(), newline="")))) == len(found)
    for line in found:
        text = dumps(line)
        assert len(text.splitlines()) == 1
        assert json.loads(text.encode()).keys() == loads(text).keys() == line.keys()


BUILDERS = {"customers": customers(), "contacts": contacts()}


@pytest.mark.parametrize("name", BUILDERS)
def test_rows(name):
    """Never anything but a record or a rejected row, whatever stands in whichever column."""
    builder = BUILDERS[name]

    @fuzz
    @given(rows(builder))
    def any_row(row):
        match builder.build(1, row):
            case Record() as record:
                check_record(record)
            case Rejected() as rejected:
                check_rejected(rejected)

    any_row()


@fuzz
@given(st.lists(odd.values, max_size=8))
def test_a_column_without_a_type(found):
    """What its values tell is an agreement, or a disagreement in words."""
    builder = make(bench.customer(), "untyped")
    for number, value in enumerate(found, 1):
        result = builder.build(number, (f"k{number}", value))
        if isinstance(result, Record):
            check_record(result)
        else:
            check_rejected(result)
    types, problems = builder.contract.settle({"UNTYPED": AttributeType.STRING})
    assert len(types) + len(problems) <= 3
    assert all(problem.message for problem in problems)
