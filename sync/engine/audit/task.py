"""One mapping of an audit: read like any other, then held against ChartMogul together with those of its scope."""

from dataclasses import dataclass, field

from sync.domain.audited import Audited
from sync.domain.policy import RowsShown
from sync.domain.record import Object
from sync.engine.audit.scope import ScopeAudit
from sync.engine.audit.side import Side, side_of
from sync.engine.task import MappingTask
from sync.state.memory import Scope


@dataclass(slots=True)
class Audit:
    """The mappings of an audit, and what was found of each."""

    tasks: list["AuditTask"] = field(default_factory=list, init=False)
    _scopes: dict[Scope, ScopeAudit] = field(default_factory=dict, init=False)

    def join(self, task: "AuditTask") -> None:
        """One more mapping."""
        self.tasks.append(task)

    async def carry_out(self, first: "AuditTask") -> None:
        """Audit the scope of a mapping, with all others that have rows of it."""
        scope = first.state.scope
        if scope in self._scopes:
            return
        mine = [task for task in self.tasks if task.scope == scope and task.run.status is None]
        sides = [await task.side() for task in mine]
        whole = all(task.shows_all for task in self.tasks if task.scope == scope)
        children = any(task.about.parent is scope.object for task in self.tasks)
        parents = self._scopes.get(self._parent_scope(scope, first.about.parent))
        audit = ScopeAudit(sides, whole, children, None if parents is None else parents.parents)
        await audit.carry_out()
        self._scopes[scope] = audit

    def _parent_scope(self, scope: Scope, parent: Object | None) -> Scope:
        """The scope of the customers of contacts, if it is audited, too; else the scope itself."""
        wanted = (scope.account, scope.data_source, parent)
        scopes = (task.scope for task in self.tasks if task.scope is not None)
        return next(
            (one for one in scopes if (one.account, one.data_source, one.object) == wanted), scope
        )


@dataclass(slots=True, eq=False)
class AuditTask(MappingTask):
    """A mapping whose rows are compared, and never sent."""

    audit: Audit = field(kw_only=True)
    audited: Audited = field(default_factory=Audited, init=False)

    def __post_init__(self) -> None:
        self.audit.join(self)
        self.run.audited = self.audited

    @property
    def scope(self) -> Scope | None:
        """Where its keys are unique; None until that is known."""
        return self.state.scope if self.run.account is not None else None

    @property
    def shows_all(self) -> bool:
        """Whether its query shows all records, and was read: what is in no row is nobody's then."""
        shows = self.loaded.mapping.source.rows is RowsShown.ALL
        return shows and self._findings is not None

    async def side(self) -> Side:
        """What the records of its scope are held against."""
        assert self._findings is not None
        return await side_of(self._assembly(self._findings), self.audited, self.loaded.digest)

    async def write(self) -> None:
        """Compare; the first mapping of a scope does it for all of them. A long list is not read to its end first where
        somebody asks the audit to end.
        """
        with self._timed(), self._blaming():
            comparing = self.audit.carry_out(self)
            await self.context.stop.cut(comparing, "interrupted before all was compared")
