"""Which values of a row may be personal."""

from decimal import Decimal

import pytest

from sync.domain.personal import is_personal


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("external_id", "7", True),
        ("email", "a", True),
        ("company", "Bo", True),
        ("last_name", "Li", True),
        ("attributes.owner_email", "x", True),
        ("attributes.phone", "12", True),
        ("attributes.anything", "a@b", True),
        ("attributes.note", "12345678", True),
        ("attributes.note", "1234567", False),
        ("attributes.plan", "professional annual", False),
        ("attributes.plan_name", "enterprise", False),
        ("status", "Working Lead", False),
        ("country", "DE", False),
        ("attributes.on", True, False),
        ("attributes.seats", 4711, True),
        ("attributes.size", Decimal("1.5"), True),
        ("tags", ("warehouse",), False),
        ("city", None, False),
    ],
)
def test_is_personal(field, value, expected):
    """Keys, e-mails, names, phones, free text of eight characters and numbers; no plan and no status."""
    assert is_personal(field, value) is expected
