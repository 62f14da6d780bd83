"""Rows that an older version read by the drivers' own values, of three warehouses: after the upgrade nothing is sent.

Hashes of rows changed where values come another way now, so such rows are built once more; what they become is held
against what they became before, value by value. Equal records are remembered as they are, and need no request.
"""

from collections import abc
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, NullPool, create_engine

from sync.domain.numbers import single
from sync.domain.record import AttributeType
from sync.warehouse.dialects import late
from sync.warehouse.dialects.clickhouse import ClickHouse
from sync.warehouse.dialects.dialect import Dialect, Kind, Late
from sync.warehouse.dialects.general import General
from sync.warehouse.dialects.trino import Trino
from sync.warehouse.warehouse import Warehouse
from tests.support import exactness
from tests.support.clickhouse import clickhouse
from tests.support.exactness import CASES, REFUSED, REJECTED, Case, arrives
from tests.support.needed import driver
from tests.support.sql_server import Server, sql_server
from tests.support.trino import Coordinator, trino


@dataclass(frozen=True, slots=True)
class ByNumber(General):
    """How SQL Server's columns were: by the driver's five numbers, its values as they came."""

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """Text, bytes and times."""
        told = {1: AttributeType.STRING, 2: "binary", 4: AttributeType.TIMESTAMP}
        return [told.get(column[1]) for column in cursor.description]


@dataclass(frozen=True, slots=True)
class Before(General):
    """How values were read: the driver's own, but for the few that were mended then."""

    now: Dialect
    mended: abc.Mapping[str, late.Load]

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """As now."""
        return self.now.kinds(connection, cursor)

    def late(self, driver: Any, description: abc.Sequence[Any]) -> Late:
        """What was mended, by the beginning of the type's name."""
        return late.by_type(
            self.mended, (str(column[1]).partition("(")[0] for column in description)
        )


def _fixed(value: Any) -> Any:
    return late.unpadded(value.decode() if isinstance(value, bytes) else value)


CLICKHOUSE_MENDED: dict[str, late.Load] = {
    "Float32": single,
    "FixedString": _fixed,
    "IPv4": str,
    "IPv6": str,
}
#: What was sent wrong, so that the first run after the upgrade sends it as it is.
PUT_RIGHT = (exactness.CLICKHOUSE, "a moment")
TRINO_MENDED: dict[str, late.Load] = {"real": single, "char": late.unpadded}


def cases(warehouse: str) -> pytest.MarkDecorator:
    """The values that are sent today; what is rejected or refused is not."""
    sent = [case for case in CASES if warehouse in case.given]
    sent = [case for case in sent if not case.expected(warehouse).startswith((REFUSED, REJECTED))]
    sent = [case for case in sent if (warehouse, case.what) != PUT_RIGHT]
    return pytest.mark.parametrize("case", sent, ids=lambda case: f"{case.at}: {case.what}")


@pytest.fixture(scope="module")
def port() -> abc.Iterator[int]:
    """ClickHouse's engine."""
    with clickhouse() as port:
        yield port


@cases(exactness.CLICKHOUSE)
def test_clickhouse(tmp_path: Path, port: int, case: Case):
    """What ClickHouse's rows become is what they became."""
    assert found(tmp_path, port, case, now=True) == found(tmp_path, port, case, now=False)


def test_put_right(tmp_path: Path, port: int):
    """But for a moment that was taken for a time in the zone of the mapping: it is sent as it is."""
    [case] = [case for case in CASES if (exactness.CLICKHOUSE, case.what) == PUT_RIGHT]
    assert found(tmp_path, port, case, now=False) == '"2026-01-31T07:00:00Z"'
    assert found(tmp_path, port, case, now=True) == '"2026-01-31T08:00:00Z"'


def found(folder: Path, port: int, case: Case, *, now: bool) -> str:
    """What arrives of a value of ClickHouse, now or before."""
    sql = f"select 'k' as id, {case.given[exactness.CLICKHOUSE]} as x"
    url = f"clickhousedb://default@127.0.0.1:{port}/default"
    dialect = Before(ClickHouse(), CLICKHOUSE_MENDED)
    before = Warehouse(create_engine(url, poolclass=NullPool), dialect)
    return arrives(folder, Warehouse.open(url) if now else before, sql, case.at)


@cases(exactness.TRINO)
def test_trino(tmp_path: Path, case: Case):
    """What Trino's rows become is what they became."""
    driver("trino")
    kind, sent = case.sent(exactness.TRINO)
    with trino(Coordinator([("id", "varchar"), ("x", kind)], [[["k", sent]]])) as url:
        before = Warehouse(create_engine(url, poolclass=NullPool), Before(Trino(), TRINO_MENDED))
        then = arrives(tmp_path, before, "select 1", case.at)
        assert arrives(tmp_path, Warehouse.open(url), "select 1", case.at) == then


#: What SQL Server's driver shows otherwise than it is: a single by more digits, a padded text with its padding.
MENDED = ("`0.1` in single precision", "`char(10)`")


@cases(exactness.SQL_SERVER)
def test_sql_server(tmp_path: Path, case: Case):
    """What SQL Server's rows become is what they became, where they became anything: dates and UUIDs were refused."""
    driver("pymssql")
    kind, sent = case.sent(exactness.SQL_SERVER)
    with sql_server(Server([("id", "varchar(10)"), ("x", kind)], [["k", sent]])) as url:
        engine = create_engine(url.replace("mssql", "mssql+pymssql"), poolclass=NullPool)
        then = arrives(tmp_path, Warehouse(engine, ByNumber()), "select 1", case.at)
        now = arrives(tmp_path, Warehouse.open(url), "select 1", case.at)
    mended = then.startswith(REFUSED) or case.what in MENDED
    assert mended or now.partition(" ")[0] == then.partition(" ")[0]
