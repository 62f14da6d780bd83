"""Since when a mapping is healthy by what its runs rejected, and how much of that is new."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from sync.domain.health import FEW, MostRejected
from sync.state.history import AHEAD, COMPLETE
from sync.state.schema import rejections, run_mappings, runs

#: A mapping by its account (None where its runs did not know it), its data source and its name.
Place = tuple[str | None, str, str]


def since(connection: Connection, most: MostRejected, upto: datetime) -> dict[Place, datetime]:
    """Since when all runs of a mapping that came to their end rejected no more rows than that.

    A mapping whose latest such run rejected more is missing. What ended later than `upto`, by a clock that was ahead,
    says nothing.
    """
    part = run_mappings.c
    ended = select(part.account, part.data_source, part.mapping, runs.c.finished_at)
    ended = ended.add_columns(_is_ill(most).label("ill")).join(runs, runs.c.id == part.run)
    ended = ended.where(part.status.in_([status.value for status in COMPLETE]))
    ended = ended.where(runs.c.finished_at <= upto + AHEAD, runs.c.whole.is_not(False))
    all_runs = ended.subquery().c
    place = (all_runs.account, all_runs.data_source, all_runs.mapping)
    at = all_runs.finished_at
    ill = select(*place, func.max(at).label("ill_at")).where(all_runs.ill).group_by(*place)
    last = ill.subquery().c
    same = and_(*(here.is_not_distinct_from(last[here.key]) for here in place))
    query = select(*place, func.min(at)).select_from(
        all_runs.account.table.outerjoin(last.account.table, same)
    )
    healthy = query.where(or_(last.ill_at.is_(None), at > last.ill_at)).group_by(*place)
    return {(row[0], row[1], row[2]): row[3] for row in connection.execute(healthy)}


def _is_ill(most: MostRejected) -> ColumnElement[bool]:
    """`MostRejected.is_passed`, in SQL."""
    part = run_mappings.c
    many: ColumnElement[bool] = part.rejected > (most.rows or 0)
    if most.rows is None:
        many = and_(part.read >= FEW, part.rejected * 100 > part.read * float(most.percent))
    beyond = part.rejected > func.coalesce(part.tolerated, 0)
    return or_(and_(part.read > 0, part.rejected >= part.read), and_(many, beyond))


def without_record(connection: Connection, run: str, mapping: str, count: int) -> int:
    """How many of `count` rejected rows of a run stand for no record of their own, such as rows without a key."""
    query = select(func.count()).where(rejections.c.run == run, rejections.c.mapping == mapping)
    return max(0, count - int(connection.execute(query).scalar_one()))
