"""Putting back: what is written, what is back already, and what somebody has changed since."""

from sync.domain.objects import of
from sync.domain.plan import Changes
from sync.domain.put_back import Past, PutBack, is_back, last_first, put_back
from sync.domain.record import AttributeType, Object
from sync.domain.sameness import shape_of


def shape(name):
    """What the fields of a customer are."""
    return shape_of(name, of(Object.CUSTOMER), {"seats": AttributeType.INTEGER})


def test_values_go_back():
    """Where ChartMogul still shows what was written, in whatever spelling; an emptied value is filled again."""
    changes: Changes = {
        "state": ("US-CA", "US-NY"),
        "city": ("Bonn", None),
        "attributes.seats": (None, 5),
    }
    back = put_back(changes, {"state": "New York", "attributes.seats": 5}, shape)
    assert back == PutBack(
        {"state": "US-CA", "city": "Bonn", "attributes.seats": None},
        (),
        {
            "state": ("New York", "US-CA"),
            "city": (None, "Bonn"),
            "attributes.seats": (5, None),
        },
    )


def test_what_is_back_needs_nothing():
    """A field that is as it was is left out; with all of them there is nothing to do."""
    changes: Changes = {"city": ("Bonn", "Ulm"), "country": ("DE", "AT")}
    assert put_back(changes, {"city": "Bonn", "country": "DE"}, shape) == PutBack()
    assert put_back(changes, {"city": "Bonn", "country": "AT"}, shape) == PutBack(
        {"country": "DE"}, (), {"country": ("AT", "DE")}
    )


def test_one_moved_field_keeps_all():
    """Nothing of the record is written, and every field that moved is told."""
    changes: Changes = {"city": ("Bonn", "Ulm"), "country": ("DE", "AT")}
    problems = put_back(changes, {"city": "Ulm", "country": "FR"}, shape)
    assert not isinstance(problems, PutBack)
    assert [(one.code, one.field, one.value) for one in problems] == [("conflict", "country", "FR")]


def test_tags():
    """Tags that were added go, tags that were removed come, tags of others stay; they are never in conflict."""
    changes: Changes = {"tags": (("old", "kept"), ("kept", "new", "gone"))}
    back = put_back(changes, {"tags": ("kept", "new", "vip")}, shape)
    assert isinstance(back, PutBack)
    assert (back.fields, back.removed_tags) == ({"tags": ("old",)}, ("new",))
    assert back.changes == {"tags": (("kept", "new", "vip"), ("kept", "vip", "old"))}
    wanted = back.changes["tags"]
    assert is_back("tags", wanted, ("kept", "vip", "old", "more"), None)
    assert not is_back("tags", wanted, ("kept", "vip", "old", "new"), None)


def test_the_last_change_of_a_record_goes_back_first():
    """Rows that became one record in mid-run: each round has every record once, and the last changes come first."""
    past = [Past(row, f"k{row}", uuid, {}) for row, uuid in ((1, "a"), (2, "b"), (3, "a"))]
    assert [[one.row for one in some] for some in last_first(past)] == [[2, 3], [1]]
    assert last_first([]) == [[]]
