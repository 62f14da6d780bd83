"""What all requests and answers have in common: paths, encoding, exact JSON, pages, and what is no answer."""

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.chartmogul import account, contacts, customers, wire
from sync.chartmogul.wire import Misread, load
from tests.unit.chartmogul.scene import AWKWARD, ENCODED, TYPES, recorded


def test_paths_keep_ids_in_their_place():
    """No id leaves its segment, by slashes, dots or a question mark."""
    assert customers.get(AWKWARD).path == f"/customers/{ENCODED}"
    assert contacts.get("..").path == "/contacts/%2E%2E"
    with pytest.raises(ValueError, match="empty id"):
        customers.get("")


def test_decimals_are_sent_digit_by_digit():
    """No number passes through a float."""
    call = customers.set_attributes(
        "cus_1", {"score": Decimal("0.10000000000000000555111512")}, TYPES
    )

    assert call.content == (
        b'{"custom": [{"type": "Decimal", "key": "score", "value": 0.10000000000000000555111512}]}'
    )


def test_only_creates_must_not_be_repeated():
    """Everything else may be carried out twice."""
    creates = [
        customers.create("ds_1", "c1", {}, {}),
        contacts.create("ds_1", "cus_1", {}),
    ]
    others = [
        account.get(),
        contacts.page(),
        customers.update("cus_1", {"name": "Ada"}, {}),
        contacts.update("con_1", {"title": "Dr"}),
        customers.set_attributes("cus_1", {}, {}),
        customers.remove_attributes("cus_1", ["a"]),
        customers.add_tags("cus_1", ["a"]),
    ]

    assert [call.repeatable for call in creates] == [False, False]
    assert all(call.repeatable for call in others)


def test_names_for_messages_hold_no_filter():
    """A call's name goes to messages and reports: no e-mail, no external id."""
    assert contacts.page("ds_1", email="a@b.co").name == "GET /contacts"


def test_recorded_lists_are_read():
    """Every recorded page of the present shape: entries, pages in all where told, the end."""
    totals, lasts = set(), set()
    for _, request, response in recorded("customers-list"):
        if response["body"].get("has_more") is not None and "page" not in request["query"]:
            if "entries" not in response["body"]:
                continue  # the answers of 2016
            page = customers.read_page(response["body"])
            assert len(page.entries) == len(response["body"]["entries"])
            totals.add(page.total_pages)
            lasts.add(page.last)
    for _, _, response in recorded("contacts-list"):
        page = contacts.read_page(response["body"])
        assert [c.uuid for c in page.entries] == [c["uuid"] for c in response["body"]["entries"]]

    assert None in totals
    assert len(totals) > 1
    assert lasts == {True, False}


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "x",
        {},
        {"uuid": ""},
        {"uuid": 5},
        {"entries": {}},
        {"entries": []},
        {"entries": [5], "has_more": False},
        {"entries": [{}], "has_more": False},
        {"entries": [], "has_more": True, "cursor": None},
        {"entries": [], "has_more": True, "cursor": ""},
    ],
)
def test_other_shapes_are_misread(data):
    """What is not the promised shape is no answer, and never an empty list."""
    for read in (customers.read_page, contacts.read_page, customers.read, contacts.read):
        with pytest.raises(Misread):
            read(data)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b'{"a": ',
        b"\xff\xfe\xfd",
        b"NaN",
        b'{"a": Infinity}',
        b"[" * 100_000,
        b"1e" + b"9" * 30,
    ],
)
def test_what_is_not_json_is_misread(body):
    """HTML, cut-off and poisoned bodies are one kind of error."""
    with pytest.raises(Misread):
        load(body)


def test_numbers_are_exact():
    """No float on the way in."""
    assert load(b'{"a": 0.1, "b": 9007199254740993}') == {
        "a": Decimal("0.1"),
        "b": 9007199254740993,
    }


@pytest.mark.parametrize("far", ["1e999999999", "-2.5e-987654321", "0e5000"])
def test_numbers_beyond_all_doubles_are_text(far):
    """Nobody keeps such a number, and to reckon with it, or to write it out, would end a run."""
    assert load(b'{"seats": %s}' % far.encode()) == {"seats": far}
    assert load(b"[1e308, 5e-324]") == [Decimal("1e308"), Decimal("5e-324")]


def test_an_empty_body_is_none():
    """204 comes without one; some answers begin with a byte order mark."""
    assert load(b" \n") is None
    assert load(b"\xef\xbb\xbf{}") == {}


SCALAR = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
SHOWN = st.dictionaries(
    st.sampled_from(
        [
            "uuid",
            "name",
            "zip",
            "position",
            "external_id",
            "external_ids",
            "data_source_uuids",
            "tags",
            "attributes",
            "custom",
            "lead_created_at",
            "entries",
            "has_more",
            "cursor",
            "total_pages",
        ]
    ),
    st.recursive(
        SCALAR,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["custom", "tags", "a", "uuid"]), inner, max_size=3)
        ),
        max_leaves=6,
    ),
)


@given(SHOWN)
def test_any_object_is_read_or_misread(shown):
    """Whatever ChartMogul shows, no reader breaks in another way."""
    for read in (
        account.read,
        account.read_data_source,
        customers.read,
        contacts.read,
        customers.read_page,
        contacts.read_page,
        customers.read_attributes,
        customers.read_tags,
    ):
        try:
            read(shown)
        except Misread:
            continue


@given(st.binary(max_size=100) | st.text(max_size=50).map(lambda t: json.dumps(t)[:20].encode()))
def test_any_body_is_loaded_or_misread(body):
    """Any bytes at all."""
    with suppress(Misread):
        load(body)


@pytest.mark.parametrize("blank", [None, "", " ", "\u200b\ufeff"])
def test_blank_is_empty(blank):
    """Null, empty, blank and missing are one: nothing is there."""
    assert wire.held({"city": blank, "zip": "1"}) == {"zip": "1"}
