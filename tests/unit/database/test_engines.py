import pytest
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from sync.database import engines, urls
from sync.errors import ConfigError
from tests.support.needed import needed


def test_names():
    """Database and driver have SQLAlchemy's names, whether or not the URL names a driver."""
    assert engines.names(urls.parse("sqlite:///a.db")) == ("sqlite", "pysqlite")
    assert engines.names(urls.parse("postgres://h/d")) == ("postgresql", "psycopg")
    assert engines.names(urls.parse("mariadb://h/d")) == ("mariadb", "pymysql")


def test_no_name_of_a_driver(monkeypatch: pytest.MonkeyPatch):
    """A dialect need not name its driver."""
    monkeypatch.delattr(SQLiteDialect_pysqlite, "driver")
    assert engines.names(urls.parse("sqlite://")) == ("sqlite", "")


def test_no_names():
    """A database that no driver knows has none."""
    with pytest.raises(ConfigError, match="no driver knows oracel://"):
        engines.names(urls.parse("oracel://host/db"))


def test_a_silent_postgresql_is_given_up():
    """libpq's own waits are hours long; what the URL says counts."""
    needed("psycopg")
    url = urls.parse("postgresql://u:p@127.0.0.1:1/db?connect_timeout=7")
    assert engines.patience(url.query)["keepalives_idle"] == 30
    assert "connect_timeout" not in engines.patience(url.query)
    _, arguments = engines.connect(url).dialect.create_connect_args(url)
    assert arguments["connect_timeout"] == "7"
