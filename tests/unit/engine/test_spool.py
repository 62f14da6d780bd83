"""The private file between the two phases."""

import os
import stat
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain.plan import Absent, Seen
from sync.domain.record import Record
from sync.engine.spool import Entry, First, Note, Spool
from sync.errors import StateError

FIELDS = {
    "company": "Größe \"1\" \\ \u2028 'x'",
    "country": None,
    "attributes.price": Decimal("12345678901234567890.1234567890"),
    "attributes.seats": 2**53,
    "attributes.on": False,
    "tags": ("a", "b"),
}
SEEN = Seen("cus_u", FIELDS, (("ds_1", "a"), ("ds_2", "b")), "cus_p", "parent", "ds_1")


@pytest.fixture
def spool(tmp_path):
    """An empty spool."""
    spool = Spool(tmp_path / "tmp")
    yield spool
    spool.close()


def entry(row, key=None, uuid=None, customer=None, fields=None):
    record = Record(
        row, key or f"k{row}", {"name": f"n{row}"} if fields is None else fields, customer
    )
    return Entry(record, b"print", uuid)


def rows(batches):
    return [[entry.record.row for entry in batch] for batch in batches]


def test_what_goes_in_comes_out(spool):
    """Records come back with exact numbers and everything else as it was."""
    put = entry(1, "a", "cus_1", "parent", FIELDS)
    spool.add([put])

    assert [[put]] == list(spool.entries())
    assert list(FIELDS) == list(spool.take(["a"])[0].record.fields)


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.text(),
            st.decimals(allow_nan=False, allow_infinity=False),
        ),
    )
)
def test_any_fields(tmp_path_factory, fields):
    """Whatever a record holds."""
    fields.pop("tags", None)
    spool = Spool(tmp_path_factory.mktemp("spool"))
    spool.add([entry(1, fields=fields)])

    ((found,),) = spool.entries()
    assert fields == found.record.fields
    spool.close()


def test_order_of_the_query(spool):
    """Records come by their row number, whatever their keys are, in batches."""
    spool.add([entry(3, "a"), entry(1, "z")])
    spool.add([entry(2, "m"), entry(10, "b")])

    assert rows(spool.entries(3)) == [[1, 2, 3], [10]]


def test_nothing(spool):
    """An empty spool has nothing to hand out."""
    assert list(spool.entries()) == []
    assert spool.take(["a"]) == []
    assert spool.first([]) == {}
    assert spool.count() == (0, 0)


def test_first(spool):
    """The first row of a key is known, whether it waits or not."""
    spool.add([entry(1, "a")])
    spool.note([Note("b", 2, None, True), Note("c", 3, b"p", False)])

    assert spool.first(["a", "b", "c", "d"]) == {
        "a": First(1, b"print", False, True),
        "b": First(2, None, True, False),
        "c": First(3, b"p", False, False),
    }
    assert rows(spool.entries()) == [[1]]


def test_drop(spool):
    """A row that is not to be sent after all is still the first of its key."""
    spool.add([entry(1, "a", "cus_1"), entry(2, "b")])
    spool.drop(["a"])

    assert rows(spool.entries()) == [[2]]
    assert spool.take(["a"]) == []
    assert spool.count() == (1, 0)
    assert First(1, b"print", False, False) == spool.first(["a"])["a"]


def test_count(spool):
    """What waits is counted, and what of it has a uuid."""
    spool.add([entry(1, uuid="cus_1"), entry(2), entry(3)])
    spool.note([Note("x", 4, b"p", False)])

    assert spool.count() == (3, 1)


def test_groups(spool):
    """Contacts without a uuid are looked up customer by customer, the others by uuid."""
    spool.add([entry(1, customer="a"), entry(2, customer="a"), entry(3, customer="b")])
    spool.add([entry(4, customer="c", uuid="con_1"), entry(5, customer="a", uuid="con_2")])

    assert spool.groups(with_uuid=True) == 4
    assert spool.groups(with_uuid=False) == 2


def test_parents_of_one(spool):
    """Customers of whom one contact without a uuid waits; one that needs nothing does not count."""
    spool.add([entry(1, customer="a"), entry(2, customer="a"), entry(3, customer="b"), entry(4)])
    spool.add([entry(5, customer="c", uuid="con_1"), entry(6, "f", customer="d")])
    spool.add([entry(7, customer="b", uuid="con_2")])
    spool.drop(["f"])

    assert spool.parents_of_one() == {"b"}


def test_take(spool):
    """What was taken by key is handed out once, until the second pass."""
    spool.add([entry(1), entry(2), entry(3)])

    assert [taken.record.row for taken in spool.take(["k3", "k1", "other"])] == [1, 3]
    assert spool.take(["k1"]) == []
    assert rows(spool.entries()) == [[2]]
    spool.again()
    assert rows(spool.entries()) == [[1, 2, 3]]


def test_take_while_listing(spool):
    """Taking does not disturb whoever goes through the entries."""
    spool.add(entry(row) for row in range(1, 6))
    batches = spool.entries(2)

    assert [found.record.row for found in next(batches)] == [1, 2]
    spool.take(["k4"])
    assert rows(batches) == [[3, 5]]


def test_seen(spool):
    """What look-ups found is there in the second pass."""
    spool.add([entry(1), entry(2), entry(3)])
    spool.see([("k1", SEEN), ("k2", None)])

    ((one, two, three),) = spool.entries()
    assert (one.looked_up, one.seen) == (True, SEEN)
    assert (two.looked_up, two.seen) == (True, None)
    assert (three.looked_up, three.seen) == (False, None)
    assert {"k2"} == spool.absent(["k1", "k2", "k3", "k4"])


def test_seen_without_tags(spool):
    """A contact has none."""
    spool.add([entry(1)])
    spool.see([("k1", Seen("con_1", {"email": "a@b.c"}))])

    ((found,),) = spool.entries()
    assert Seen("con_1", {"email": "a@b.c"}) == found.seen


def test_no_file_remains(tmp_path):
    """The file has no name any more while it is in use, so that not even a crash leaves it."""
    folder = tmp_path / "a" / "b"
    spool = Spool(folder)
    spool.add([entry(1)])

    assert list(folder.iterdir()) == []
    spool.close()
    assert list(folder.iterdir()) == []


def test_what_a_kill_leaves(tmp_path):
    """An empty file at most, which a later spool removes; files of others are left alone."""
    left, fresh, foreign = (
        tmp_path / f"spool-{name}" for name in ("abcdefgh", "12345678", "of_other")
    )
    for file in (left, fresh, foreign):
        file.touch(0o600)
    foreign.write_text("theirs")
    for file in (left, foreign):
        os.utime(file, (0, 0))
    Spool(tmp_path).close()

    assert {fresh, foreign} == set(tmp_path.iterdir())


def test_it_has_no_name_before_anything_is_in_it(tmp_path, monkeypatch):
    """A kill between the making and the removal of its name leaves nothing to read."""
    sizes: list[int] = []
    unlink = os.unlink

    def watch(path: str) -> None:
        sizes.append(Path(path).stat().st_size)
        unlink(path)

    monkeypatch.setattr(os, "unlink", watch)
    Spool(tmp_path).close()

    assert sizes == [0]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux")
def test_nobody_else_can_read_it(tmp_path):
    """The file has mode 0600, its folder, if it is new, 0700."""
    previous = os.umask(0)
    try:
        spool = Spool(tmp_path / "new")
    finally:
        os.umask(previous)
    spool.add([entry(1)])

    links = {fd: os.readlink(fd) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()}
    open_ones = [fd for fd, name in links.items() if name.startswith(f"{tmp_path}/new/spool-")]
    assert open_ones
    assert {0o600} == {stat.S_IMODE(fd.stat().st_mode) for fd in open_ones}
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    spool.close()


def test_no_folder(tmp_path):
    """A folder that cannot be made ends the run as an error of the state."""
    (tmp_path / "file").touch()

    with pytest.raises(StateError, match="cannot write the spool file") as caught:
        Spool(tmp_path / "file" / "below")
    assert "SYNC_TMP" in caught.value.hint


def fill(spool):
    """Let the disk be full from here on."""
    (pages,) = spool._db.execute("pragma page_count").fetchone()
    spool._db.execute(f"pragma max_page_count = {pages}")


def trying(row, *fields, follows=True):
    """A row that is unchanged, with values that may be tried again."""
    return replace(entry(row, uuid=f"u{row}"), tries=frozenset(fields), follows=follows)


def test_followers(spool):
    """Rows that follow others wait for nothing but them; all that hold their key are found."""
    spool.add([trying(1, "a", "b"), trying(2, "b"), trying(3, "a", follows=False), entry(4)])

    assert rows(spool.entries()) == [[3, 4]]
    assert rows(spool.followers()) == [[1, 2]]
    assert (spool.count(), spool.groups(with_uuid=True)) == ((2, 1), 1)
    assert spool.first(["k1"])["k1"].spooled
    [[first, _]] = spool.entries()
    assert first == trying(3, "a", follows=False)


def test_others_try_it_first(spool):
    """The first rows of the query take the place of those that were not met."""
    spool.add([trying(1, "ab"), trying(2, "b", "c"), trying(3, "b"), trying(4, "b")])
    spool.try_first("b", 2)
    spool.try_first("ab", -1)

    assert rows(spool.entries()) == [[2, 3]]
    assert rows(spool.followers()) == [[1, 4]]


def test_others_try_it_first_but_for_some(spool):
    """Those of some keys go on following."""
    spool.add([trying(1, "b"), trying(2, "b"), trying(3, "b"), trying(4, "b")])
    spool.try_first("b", 2, but={"k1", "k3"})

    assert rows(spool.entries()) == [[2, 4]]
    assert rows(spool.followers()) == [[1, 3]]


def test_those_that_follow(spool):
    """Once a field's value has stuck its followers wait, alone; what waited before is done, and its key still found."""
    spool.add([trying(1, "a", "b"), trying(2, "b"), trying(3, "c"), entry(4)])

    assert spool.follow({"a", "b"}) == 2
    assert (rows(spool.entries()), rows(spool.followers())) == ([[1, 2]], [[3]])
    assert spool.first(["k4"])["k4"] == First(4, b"print", rejected=False, spooled=False)


def test_deleted_there(spool):
    """What a look-up found to be deleted is absent, and comes back as what it is."""
    spool.add([entry(1), entry(2), entry(3)])
    spool.see([("k1", Absent(deleted=True)), ("k2", Absent()), ("k3", None)])

    assert spool.absent(["k1", "k2", "k3"]) == {"k1", "k2", "k3"}
    assert spool.deleted(["k1", "k2", "k3"]) == {"k1"}
    [found] = spool.entries()
    assert [(one.looked_up, one.seen, one.deleted) for one in found] == [
        (True, None, True),
        (True, None, False),
        (True, None, False),
    ]


LONG = {"notes": "x" * 100_000}


@pytest.mark.parametrize(
    "write",
    [
        lambda spool: spool.add([entry(9, fields=LONG)]),
        lambda spool: spool.note([Note("x" * 100_000, 9, None, True)]),
        lambda spool: spool.see([("k1", Seen("cus_u", LONG))]),
    ],
    ids=["add", "note", "see"],
)
def test_full_disk(spool, write):
    """A full disk ends the run as an error of the state, which says what to do."""
    spool.add([entry(1)])
    fill(spool)

    with pytest.raises(StateError, match="full") as caught:
        write(spool)
    assert "SYNC_TMP" in caught.value.hint


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX limits")
def test_no_room_at_all(tmp_path):
    """A disk without room for an empty spool is told so at once."""
    import resource
    import signal

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, limits[1]))
    try:
        with pytest.raises(StateError, match="cannot use the spool file"):
            Spool(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous)
    assert list(tmp_path.iterdir()) == []
