"""Drains a query through SQLAlchemy and does nothing with the rows: what reading costs at the least."""

import sys
from time import perf_counter

from sqlalchemy import create_engine


def drain(url: str, query: str) -> int:
    """How many rows came, streamed in thousands as the worker reads them."""
    engine = create_engine(url)
    with engine.connect() as connection:
        options = {"no_parameters": True, "stream_results": True, "sqlite_raw_colnames": True}
        result = connection.execution_options(**options).exec_driver_sql(query)
        rows = sum(len(batch) for batch in result.partitions(1000))
    engine.dispose()
    return rows


if __name__ == "__main__":
    started = perf_counter()
    print(drain(*sys.argv[1:]), perf_counter() - started)
