import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import make_url

from sync.errors import SourceError
from sync.warehouse.dialects.sqlite import SQLite
from sync.warehouse.warehouse import Warehouse
from tests.support.queries import read


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_read_only(source: Warehouse, path: Path):
    """A query that writes fails with the database's words, and leaves the file as it was."""
    before = files(path.parent)
    for sql in (
        "insert into accounts values (4, 'Dent', null) returning id",
        "delete from accounts",
        "create table t (x)",
        "pragma user_version = 7",
    ):
        with pytest.raises(SourceError, match="readonly") as caught:
            read(source, sql)
        assert caught.value.hint == "a source query is a SELECT"
    assert before == files(path.parent)


def test_wal_file(path: Path):
    """A warehouse in WAL mode is read with what is still in its journal, and no file is left behind."""
    writer = sqlite3.connect(path)
    writer.execute("pragma journal_mode = wal")
    writer.execute("insert into accounts values (4, 'Dent', null)")
    writer.commit()
    source = Warehouse.open(f"sqlite:///{path}")
    assert read(source, "select count(*) from accounts") == [[(4,)]]
    with pytest.raises(SourceError, match="readonly"):
        read(source, "delete from accounts")
    writer.close()
    before = files(path.parent)
    assert read(Warehouse.open(f"sqlite:///{path}"), "select count(*) from accounts") == [[(4,)]]
    assert before == files(path.parent)


def test_read_only_folder(path: Path, monkeypatch: pytest.MonkeyPatch):
    """A file in WAL mode is read where nothing can be put beside it."""
    with sqlite3.connect(path) as connection:
        connection.execute("pragma journal_mode = wal")
    connection.close()
    monkeypatch.setattr("os.access", lambda *_: False)  # as for a mount that is read-only
    with Warehouse.open(f"sqlite:///{path}").query("select count(*) from accounts") as result:
        assert list(result.batches()) == [[(3,)]]
        assert [child.name for child in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:a.db?uri=true"])
def test_no_file_of_its_own(url: str):
    """Memory stays memory, and a URI of the user's own stays what it is."""
    assert SQLite().reading(make_url(url)) == make_url(url)


def test_missing_file(tmp_path: Path):
    """A file that is not there is an error, not a new empty warehouse."""
    source = Warehouse.open(f"sqlite:///{tmp_path}/missing.db")
    with pytest.raises(SourceError, match="unable to open database file") as caught:
        read(source, "select 1")
    assert "missing.db" in caught.value.message
    assert "the file has to exist" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_unreadable_text(source: Warehouse):
    """Text that is not UTF-8 comes as bytes, to be rejected with its row, and the rows after it come."""
    sql = "select cast(x'4aff' as text) as x union all select 'fine'"
    assert read(source, sql) == [[(b"J\xff",), ("fine",)]]


def test_text_of_row_hashes(source: Warehouse):
    """Users' states hold hashes of rows that this text is part of: it stays what it is."""
    with source.query("select id, name as \"a.b\", x'00' as raw from accounts") as result:
        assert result.manner == "sqlite3"
        assert repr(result.columns) == (
            "(Column(name='id', type=None, unsendable=None),"
            " Column(name='a.b', type=None, unsendable=None),"
            " Column(name='raw', type=None, unsendable=None))"
        )
