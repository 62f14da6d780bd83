"""Fields and descriptors: what follows from what an object says of itself."""

import pytest

from sync.domain.objects.descriptor import Descriptor, Field, Kind, named
from sync.domain.record import Object

STATUS = Field("status", "", Kind.STATUS, values=("New Lead", "Working Lead"))


@pytest.mark.parametrize(
    ("field", "shown", "computed"),
    [
        (STATUS, "Active", True),
        (STATUS, "New Lead", False),
        (STATUS, None, False),
        (Field("name", ""), "Active", False),
        (Field("name", ""), None, False),
    ],
)
def test_computed(field, shown, computed):
    """A value that nobody can set was computed by ChartMogul; where anything can be set nothing is."""
    assert field.is_computed(shown) is computed


def test_names_of_fields():
    """Keys and required fields are those that say so, in their order."""
    one = Descriptor(
        object=Object.CONTACT,
        noun="one",
        plural="ones",
        fields=named(
            Field("parent_id", "", Kind.KEY, required=True, settable=False),
            Field("name", "", required=True),
            Field("id", "", Kind.KEY),
            Field("at", "", Kind.TIME),
        ),
    )

    assert list(one.fields) == ["parent_id", "name", "id", "at"]
    assert one.keys == ("parent_id", "id")
    assert one.required == ("parent_id", "name")
    assert [one.tags, one.locks_types, one.unique_keys] == [False, False, False]


def test_fields_cannot_be_changed():
    """What an object is, it is for the whole program."""
    with pytest.raises(TypeError):
        named(STATUS)["status"] = STATUS  # type: ignore[index]  # that is the claim
