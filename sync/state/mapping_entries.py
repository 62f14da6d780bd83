"""The entries of mappings: one for each mapping of a data source, made when there is something to keep of it."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, select

from sync.state.memory import Scope
from sync.state.schema import mappings
from sync.state.upsert import insert


@dataclass(frozen=True, slots=True)
class MappingPlace:
    """A mapping in a scope."""

    scope: Scope
    mapping: str

    @property
    def here(self) -> ColumnElement[bool]:
        """Its entry among the mappings."""
        return and_(
            mappings.c.account == self.scope.account,
            mappings.c.data_source == self.scope.data_source,
            mappings.c.mapping == self.mapping,
        )


def number_of(connection: Connection, place: MappingPlace) -> int:
    """The number of a mapping's entry, made where there is none."""
    query = select(mappings.c.id).where(place.here)
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        row = {
            "account": place.scope.account,
            "data_source": place.scope.data_source,
            "mapping": place.mapping,
        }
        connection.execute(insert(connection, mappings).on_conflict_do_nothing(), row)
        found = connection.execute(query).scalar_one()
    return int(found)
