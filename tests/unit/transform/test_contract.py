"""The types of attributes: declared, told by the column, or found in its values."""

from decimal import Decimal

import pytest

from sync.domain.record import AttributeType
from sync.domain.typed import Origin, Typed
from sync.transform.casts import Miscast
from sync.transform.contract import Contract, Disagreement, conflict

STRING, INTEGER, DECIMAL = AttributeType.STRING, AttributeType.INTEGER, AttributeType.DECIMAL
BOOLEAN = AttributeType.BOOLEAN


def settled(values, in_use=None):
    """The types and the messages of a contract that observed these values in column `x`."""
    contract = Contract()
    cast = contract.observe("x", "x")
    for value in values:
        cast(value)
    types, problems = contract.settle(in_use or {})
    return types, [problem.message for problem in problems]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], INTEGER),
        ([1, 2.5], DECIMAL),
        ([2.5, 1], DECIMAL),
        ([Decimal(1)], DECIMAL),
        ([True, False], BOOLEAN),
        (["a", "1"], STRING),
    ],
)
def test_type_of_values(values, expected):
    """A column's type comes from all its values, in whatever order."""
    assert ({"x": Typed(expected, Origin.VALUES)}, []) == settled(values)


def test_nothing_but_null():
    """A column without a value locks nothing, and stands against nothing."""
    assert settled([], {"x": STRING, "X": INTEGER}) == ({}, [])


def test_values_disagree():
    """Values of several types are for no attribute: the mapping has to say."""
    contract = Contract()
    cast = contract.observe("x", "x")
    cast(1)
    cast("one")

    assert contract.settle({}) == (
        {},
        [
            Disagreement(
                "x",
                "the values of attribute 'x' disagree about its type: Integer, String",
                "declare it, for example attributes: {x: {column: x, type: String}}",
            )
        ],
    )


def test_rejected_values_count():
    """All values tell of the type, also those that are too large to be sent."""
    contract = Contract()
    cast = contract.observe("x", "x")
    with pytest.raises(Miscast):
        cast(2**60)
    cast("one")

    types, problems = contract.settle({})
    assert (types, len(problems)) == ({}, 1)


def test_whole_numbers_fit_a_decimal_attribute():
    """Integers are no conflict where the account has decimals: they are sent as they are."""
    assert ({"x": Typed(DECIMAL, Origin.VALUES)}, []) == settled([1, 2], {"x": DECIMAL})


@pytest.mark.parametrize(
    ("values", "in_use"), [([1.5], INTEGER), (["a"], INTEGER), ([1], STRING), ([1], BOOLEAN)]
)
def test_another_type_in_the_account(values, in_use):
    """Any other difference from the account's type is refused, and both types are named."""
    types, problems = settled(values, {"x": in_use})

    assert len(problems) == 1
    assert f"is {in_use} in this account" in problems[0]
    assert f"as {types['x'].type} (the column's values)" in problems[0]


def test_known_types():
    """Declared types and those of columns are held against the account as well."""
    contract = Contract({"a": Typed(STRING, Origin.DECLARED), "b": Typed(INTEGER, Origin.COLUMN)})

    types, problems = contract.settle({"a": STRING, "b": DECIMAL})

    assert contract.known == types
    assert [conflict("b", types["b"], DECIMAL)] == problems
    assert list(contract.names()) == ["a", "b"]


def test_differ_only_in_case():
    """An attribute that the account spells in another way is refused."""
    _, problems = settled([1], {"X": INTEGER})

    assert problems == ["attribute 'x' and 'X', which this account has, differ only in case"]


def test_keys_of_both_kinds():
    """Known and observed attributes are listed."""
    contract = Contract({"a": Typed(STRING, Origin.DECLARED)})
    contract.observe("b", "b")

    assert list(contract.names()) == ["a", "b"]


def test_values_are_cast_by_their_own_type():
    """What is sent of an untyped column is its value, whatever the type is in the end."""
    cast = Contract().observe("x", "x")

    assert [1, Decimal("1.5"), "one", True] == [cast(1), cast(1.50), cast("one"), cast(True)]


@pytest.mark.parametrize(
    ("met", "expected"),
    [
        ([b"a", b"b"], ["column 'doc' holds binary data, which cannot be sent"]),
        ([{"a": 1}], ["column 'doc' holds a JSON object, which cannot be sent"]),
        ([b"a", "text"], []),
        (["text", b"a"], []),
        ([], []),
    ],
)
def test_a_column_of_nothing_sendable(met, expected):
    """A column of binary data or JSON stops the mapping; a stray value in another column does not."""
    contract = Contract()
    for value in met:
        contract.meet("doc", value)

    assert expected == [problem.message for problem in contract.settle({})[1]]


def test_an_unsendable_value_rejects_its_row():
    """Whether the column can be sent at all shows only in the end."""
    contract = Contract()
    cast = contract.observe("x", "doc")

    with pytest.raises(Miscast) as caught:
        cast(b"secret")

    assert (
        caught.value.code,
        caught.value.message,
    ) == ("attribute_type", "column 'doc' holds binary data here, which cannot be sent")
    assert contract.settle({}) == ({}, [])


def observed(kind, values, *, tiny=False):
    """What each value is cast to where the state has this type (None: rejected), and how the contract is settled."""
    contract = Contract()
    cast = contract.observe("x", "x", Typed(kind, Origin.STATE), tiny=tiny)
    casted: list[object] = []
    for value in values:
        try:
            casted.append(cast(value))
        except Miscast:
            casted.append(None)
    return casted, *contract.settle({"x": kind})


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (DECIMAL, [1, 2.5], [1, Decimal("2.5")]),
        (INTEGER, ["12", 3, Decimal("4.0")], [12, 3, 4]),
        (BOOLEAN, [0, 1], [False, True]),
        (STRING, [5, "a", True], ["5", "a", "true"]),
        (AttributeType.TIMESTAMP, ["2026-01-01"], ["2026-01-01T00:00:00Z"]),
        (INTEGER, [1, 2**60], [1, None]),
        (STRING, ["a", "x" * 256], ["a", None]),
        (INTEGER, [1, float("nan")], [1, None]),
    ],
)
def test_a_type_from_elsewhere(kind, values, expected):
    """What values suggest gives way to it while they fit; a value that could not be sent either way is its row's."""
    assert (expected, {"x": Typed(kind, Origin.STATE)}, []) == observed(kind, values)


@pytest.mark.parametrize(
    ("kind", "values", "suggested"),
    [(INTEGER, [1, 2.5], DECIMAL), (BOOLEAN, [1, 2], INTEGER), (INTEGER, ["a", "1"], STRING)],
)
def test_a_value_that_does_not_fit_it(kind, values, suggested):
    """Then the values' own type stands against it."""
    _, types, problems = observed(kind, values)
    assert types == {"x": Typed(suggested, Origin.VALUES)}
    assert problems == [conflict("x", types["x"], kind)]


def test_no_value_at_all():
    """A type from elsewhere makes no attribute of nothing but null."""
    assert observed(INTEGER, []) == ([], {}, [])


@pytest.mark.parametrize(
    ("values", "expected"), [([0, 1], BOOLEAN), ([1, 2], INTEGER), ([2, 3], INTEGER)]
)
def test_small_numbers(values, expected):
    """0 and 1 alone suggest a Boolean."""
    contract = Contract()
    cast = contract.observe("x", "x", tiny=True)
    for value in values:
        cast(value)
    assert contract.settle({}) == ({"x": Typed(expected, Origin.TINYINT)}, [])


def test_the_edition():
    """It tells contracts apart whose types elsewhere differ, by which values are cast."""
    editions = []
    for kind in (None, INTEGER, DECIMAL):
        contract = Contract()
        contract.observe("x", "x", None if kind is None else Typed(kind, Origin.STATE))
        editions.append(contract.edition())
    assert editions == ["", "x:Integer", "x:Decimal"]
