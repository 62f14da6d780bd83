"""Whether a mapping looks as if it had been renamed: it knows no records, and one of its file or query does."""

from sqlalchemy import Connection, or_, select

from sync.state.history import Whose
from sync.state.memory import Scope
from sync.state.schema import records, run_mappings, synced


def may_be(connection: Connection, scope: Scope, whose: Whose) -> bool:
    """Whether another name has ever run with this file, or this query, in a scope: seldom, and quickly told."""
    part = run_mappings.c
    here = (part.object == scope.object.value) & (part.data_source == scope.data_source)
    same = or_(part.file == whose.file, part.query == whose.query)
    found = select(part.run).where(here, part.mapping != whose.mapping, same).limit(1)
    return connection.execute(found).first() is not None


def knows(connection: Connection, scope: Scope, mapping: str) -> bool:
    """Whether a mapping of this name has met records of a scope."""
    met = select(synced.c.record).join(records, records.c.id == synced.c.record)
    mine = met.where(synced.c.mapping == mapping, records.c.scope == scope.id)
    return connection.execute(mine.limit(1)).first() is not None
