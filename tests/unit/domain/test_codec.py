"""Fields and look-ups as text."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from sync.domain.codec import dump, dump_seen, load, load_seen
from sync.domain.numbers import Approximate, ApproximateSingle
from sync.domain.plan import Seen

_EXACT = st.decimals(allow_nan=False, allow_infinity=False)
_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(alphabet=st.characters(exclude_categories=())),
    _EXACT,
    _EXACT.map(Approximate),
    _EXACT.map(ApproximateSingle),
    st.lists(st.text(), max_size=3).map(tuple),
)
_FIELDS = st.dictionaries(st.text(), _VALUES, max_size=8)


@given(_FIELDS)
def test_fields_come_back_as_they_were(fields):
    """Every value has its type, its digits, and half a surrogate pair where there was one."""
    assert _told(fields) == _told(load(dump(fields)))


@given(_FIELDS)
def test_a_record_comes_back_as_it_was(fields):
    """What ChartMogul showed of a record is kept whole, numbers with a fraction digit by digit."""
    seen = Seen("u", fields, (("ds", "a"), ("ds", "b")), "cus", "c", "ds", 1200)
    found = load_seen(dump_seen(seen))

    assert seen == found
    assert _told(seen.fields) == _told(found.fields)


def test_a_number_keeps_its_digits():
    """1.10 is no 1.1: what was sent is told by what it was."""
    assert str(load(dump({"a": Decimal("1.10")}))["a"]) == "1.10"


def _told(fields):
    """Equal only where types and digits are: 1, 1.0 and true are one to Python."""
    return {name: (type(value), str(value)) for name, value in fields.items()}
