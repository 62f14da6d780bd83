"""What fingerprints would do for a mapping, and cost it: told by `check`."""

from collections import abc

from sync.engine.read.comparison import problem_of
from sync.engine.read.query import MappingQuery
from sync.transform.build import RecordBuilder

#: Fewer rows are read as fast as they are compared.
_FEW = 100_000
_SALT = bytes(16)


def worth(query: MappingQuery, builder: RecordBuilder, monotonic: abc.Callable[[], float]) -> str:
    """Whether the mapping can use them, and what that costs the warehouse, which is asked once for all rows.

    Raises:
        SourceError: the warehouse refused or broke off.
    """
    asked = query.fingerprints()
    problem = asked if isinstance(asked, str) else problem_of(builder)
    if problem is not None or isinstance(asked, str):
        return f"not used: {problem}; every run reads all rows"
    began = monotonic()
    with query.placing():
        rows = asked.whole(_SALT).count
    seconds = monotonic() - began
    told = f"{rows:,} rows are compared in {seconds:.1f} s, which is what reading takes where nothing changed"
    if rows < _FEW:
        return f"{told}; for fewer than {_FEW:,} rows, source.read: rows is recommended"
    return told
