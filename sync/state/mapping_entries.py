"""The entries of mappings: one for each mapping of a data source, made when there is something to keep of it."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from sync.state import leases
from sync.state.memory import Scope
from sync.state.schema import leases as holding
from sync.state.schema import mappings, synced
from sync.state.upsert import insert

#: How much of a run's id is the moment in which it began; what else it is made of tells no order.
_MOMENT = len("20260101T000000Z")


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


def met_after(scope: Scope, run: str) -> ColumnElement[bool]:
    """Whether what a mapping last did with a record, it did in a run that began after this one and took over from it.

    Who holds the lease under which it began was not overtaken: such a record was met before, by a clock that was ahead.
    """
    mine = exists().where(leases.lease_of(leases.place_of(scope)), holding.c.owner == run)
    return and_(func.substr(synced.c.run, 1, _MOMENT) > run[:_MOMENT], ~mine)


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
