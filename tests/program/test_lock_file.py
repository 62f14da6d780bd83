"""attributes.lock.yml, as people meet it: written by check, obeyed by runs."""

import pytest

from sync.mapping.lock_file import NAME

MAPPING = """\
version: 1
source: {query: "select id, company, seats from accounts"}
destination: {object: customer}
fields: {external_id: id}
"""
LOCK = "version: 1\ncustomers:\n"


@pytest.fixture
def lock(desk):
    """The lock file."""
    desk.mapping(MAPPING)
    return desk.place.folder / "mappings" / NAME


def test_suggested_types_are_accepted_at_once(desk, lock):
    """The file is sorted, git shows what is new, and the next run goes through."""
    assert desk("run").code == 2
    checked = desk("check", "--write-lock")
    assert (checked.code, lock.read_text().partition("version: 1\n")[2]) == (
        0,
        "customers:\n  company: String\n  seats: Integer\n",
    )
    assert "attributes.lock.yml: company, seats added" in checked.out
    assert desk("run", "--json").rows == {"read": 1, "created": 1}
    assert "seats: Integer (noted in the state); in use" in desk("check").out
    written = lock.stat().st_mtime_ns
    again = desk("check", "--write-lock", "--json").json[0]
    assert (again["lock_added"], lock.stat().st_mtime_ns) == ([], written)


def test_a_type_that_is_there_stays(desk, lock):
    """check adds what is new, and what differs is a problem."""
    lock.write_text(LOCK + "  seats: Decimal\n  gone: Boolean\n")
    assert desk("check", "--write-lock").code == 0  # whole numbers fit a Decimal
    there = "customers:\n  company: String\n  gone: Boolean\n  seats: Decimal\n"
    assert lock.read_text().endswith(there)
    desk.mapping(MAPPING + "attributes: {seats: {column: seats, type: String}}\n")
    checked = desk("check", "--write-lock")
    assert (checked.code, lock.read_text().endswith(there)) == (2, True)
    assert "seats' would be sent as String (declared in the mapping), but" in checked.out
    assert "has it as Decimal" in checked.out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("  company: String\n", "attribute 'seats', Integer (declared in the mapping), is not in mappings/"),
        ("  company: String\n  seats: Decimal\n", "but mappings/attributes.lock.yml:4 has it as Decimal"),
        ("  company: String\n  Seats: Integer\n", "and 'Seats', in mappings/attributes.lock.yml:4, differ only"),
        ("  company: String\n  seats: Int\n", "mappings/attributes.lock.yml:4"),
        ("  seats: Integer\n  seats: Integer\n", "mappings/attributes.lock.yml:4"),
        ("  seats: [\n", "this is not YAML"),
    ],
)  # fmt: skip
def test_what_a_run_refuses(desk, lock, text, told):
    """An attribute that the file lacks or types otherwise, and a file that is none: exit 2, and nothing is sent."""
    desk.mapping(MAPPING + "attributes: {seats: {column: seats, type: Integer}}\n")
    lock.write_text(LOCK + text)
    for command in (("run",), ("run", "--dry-run"), ("check",)):
        ended = desk(*command)
        assert (ended.code, told in " ".join((ended.out + ended.err).split())) == (2, True)
    assert desk.place.writes() == []


def test_two_mappings_that_differ(desk, lock):
    """What two of them would lock in two ways is written for neither."""
    desk.mapping(MAPPING + "attributes: {seats: {column: seats, type: Integer}}\n")
    text = MAPPING.replace("seats from", "cast(seats as real) + 0.5 as seats from")
    desk.mapping(text, "others")
    assert (desk("check", "--write-lock").code, lock.exists()) == (2, False)


def test_a_mapping_of_contacts_alone(desk, lock):
    """ChartMogul has the types of their attributes: no lock file says anything of them."""
    desk.mapping(
        "version: 1\nsource: {query: \"select 'p' as p, id, company from accounts\"}\n"
        "destination: {object: contact}\n"
        "fields: {customer_external_id: id, external_id: p}\n"
    )
    assert (desk("check", "--write-lock").code, lock.exists()) == (0, False)
    lock.write_text("version: 1\ncustomers: {}\n")
    assert desk("check").code == 0


def test_preview_casts_by_it(desk, lock):
    """What is shown is what a run sends: by the file's type, not by what the values suggest."""
    lock.write_text(LOCK + "  company: String\n  seats: String\n")
    ended = desk("preview")
    assert (ended.code, "attributes.seats: 5  [String]" in ended.out) == (0, True)
