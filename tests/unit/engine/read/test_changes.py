"""Which rows may have changed: those whose hash the state does not know."""

from array import array

from sync.domain.row_hash import KnownRows, RowHash, RowHasher
from sync.domain.seen_rows import SeenRows
from sync.engine.read.changes import ChangeDetector

HASHER = RowHasher(b"salt")
A, B, C = ("a", 1), ("b", 2), ("c", 3)
ODD = (object(),)


class Paper(list[list[RowHash]]):
    """Keeps batches of row hashes."""

    def keep_row_hashes(self, hashes):
        self.append(hashes)


def known(*rows):
    """These rows are known, as records 1, 2, …"""
    pairs = sorted(zip(HASHER.hashes(rows), range(1, len(rows) + 1), strict=True))
    hashes, records = zip(*pairs, strict=True)
    return KnownRows(array("q", hashes), array("I", records), len(rows))


def test_known_rows():
    """A known row needs not be built; its record counts as seen in that row."""
    seen = SeenRows()
    detector = ChangeDetector(HASHER, None, known(A, B))
    hashes, places = detector.look(10, [A, C, B], seen)

    assert HASHER.hashes([A, C, B]) == hashes
    assert places == [1]
    assert [seen.row(1), seen.row(2)] == [11, 13]


def test_a_known_row_again():
    """The second of two equal rows is built: its key comes again."""
    detector = ChangeDetector(HASHER, None, known(A))

    assert detector.look(0, [A, A], SeenRows())[1] == [1]


def test_nothing_known():
    """Where nothing is known every row may have changed."""
    assert ChangeDetector(HASHER, None).look(0, [A, B], SeenRows())[1] == [0, 1]


def test_kept():
    """Rows that made what is remembered are known to the next run, once the reading is over."""
    paper = Paper()
    detector = ChangeDetector(HASHER, paper)
    detector.keep(1, b"print", 17)
    detector.keep(2, b"print2", 18)
    assert paper == []
    detector.finish()
    detector.finish()

    assert paper == [[RowHash(1, b"print", 17), RowHash(2, b"print2", 18)]]


def test_kept_by_the_ten_thousand():
    """No more than that wait to be written down."""
    paper = Paper()
    detector = ChangeDetector(HASHER, paper)
    for record in range(1, 10_002):
        detector.keep(record, b"print", 17)

    assert [len(batch) for batch in paper] == [10_000]
    detector.finish()
    assert [len(batch) for batch in paper] == [10_000, 1]


def test_not_kept():
    """A row of an unknown kind has no hash, and a run that sees only some rows keeps none."""
    paper = Paper()
    detector = ChangeDetector(HASHER, paper)
    (row_hash,) = detector.look(0, [ODD], SeenRows())[0]
    detector.keep(1, b"print", row_hash)
    detector.finish()
    partial = ChangeDetector(HASHER, None)
    partial.keep(1, b"print", 17)
    partial.finish()

    assert (row_hash, paper) == (0, [])
