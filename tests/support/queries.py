"""What tests of the warehouse do with a query."""

from sync.warehouse.warehouse import Warehouse


def read(source: Warehouse, sql: str, size: int = 1000) -> list[list[tuple[object, ...]]]:
    """Every row of a query, in batches of this size."""
    with source.query(sql) as result:
        return list(result.batches(size))
