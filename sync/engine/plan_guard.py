"""Whether a plan may be applied here: to the same mappings, data sources and accounts, and within the limits."""

from collections import abc

from sync.domain.events import MappingReporter
from sync.domain.plan_format import PlannedMapping
from sync.domain.results import MappingRun
from sync.engine.context import Selection
from sync.engine.limits import limits_for
from sync.engine.plan_file import MappingPlan, PlanFile
from sync.errors import ConfigError, ConfigProblem
from sync.mapping.loader import LoadedMapping
from sync.mapping.model import Limits

#: So many keys without a row are named.
_NAMED = 10
_ANEW = "make the plan anew: run --dry-run --plan FILE"


def guard_mappings(plan: PlanFile, mappings: abc.Sequence[LoadedMapping]) -> None:
    """Raise ConfigError where these are not the mappings, to the letter, that a plan was made for."""
    problems = [problem for one in mappings for problem in _of_file(plan, one)]
    given = {one.mapping.name for one in mappings}
    for name, planned in plan.mappings.items():
        if name not in given:
            message = (
                f"the plan is for the mapping {name} ({planned.file}) as well, which is not given"
            )
            problems.append(ConfigProblem(message, "name the mappings that the plan was made for"))
    if problems:
        raise ConfigError(*problems)


def _of_file(plan: PlanFile, loaded: LoadedMapping) -> abc.Iterator[ConfigProblem]:
    mapping = loaded.mapping
    planned = plan.mappings.get(mapping.name)
    if planned is None:
        message = f"the plan is not for the mapping {mapping.name}"
        yield loaded.problem_at((), message, "name the mappings that the plan was made for")
    elif mapping.destination.uuid not in ("", planned.data_source):
        yield _of_source(planned, mapping.destination.uuid)
    elif loaded.digest.hex() != planned.digest:
        message = "the mapping has changed since the plan was made, or a variable that it names"
        yield loaded.problem_at((), message, _ANEW)


def guard_places(plan: PlanFile, runs: abc.Iterable[MappingRun]) -> None:
    """Raise ConfigError where a data source or an account, known by now, is another than that of a plan."""
    problems = []
    for run in runs:
        planned = plan.mappings[run.mapping]
        if run.data_source != planned.data_source:
            problems.append(_of_source(planned, run.data_source))
        elif run.shown_account != planned.account:
            here = f"the account {planned.account}, and this is {run.shown_account}"
            message = f"the plan of {run.mapping} was made for {here}"
            problems.append(ConfigProblem(message, "use the API key of that account"))
    if problems:
        raise ConfigError(*problems)


def _of_source(planned: PlannedMapping, found: str) -> ConfigProblem:
    message = f"the plan of {planned.name} was made for the data source {planned.data_source}, and this is {found}"
    return ConfigProblem(message, "use that data source, or " + _ANEW)


def judge(plan: MappingPlan | None, limits: Limits, selection: Selection) -> None:
    """Raise RailError where a plan, if one is applied, lists more than a mapping's limits allow."""
    if plan is None:
        return
    planned = plan.about
    whole = planned.whole and selection.whole
    numbers = limits_for(limits, planned.rows, whole=whole, lifted=selection.lifted)
    numbers.judge_writes(plan.creates, plan.updates)


def tell_unmet(plan: MappingPlan | None, telling: MappingReporter, selection: Selection) -> None:
    """Count what a plan lists, and the query no longer has, among what has moved, and say it."""
    keys = plan.unmet() if plan is not None and selection.whole else []
    if not keys:
        return
    telling.run.conflicts += len(keys)
    telling.run.unmet = len(keys)
    lines = "line of the plan has" if len(keys) == 1 else "lines of the plan have"
    # A log is no place for addresses.
    shown = [key for key in sorted(keys) if "@" not in key][:_NAMED]
    more = ", …" if 0 < len(shown) < len(keys) else ""
    named = f" ({', '.join(shown)}{more})" if shown else ""
    telling.warned(
        f"{len(keys):,} {lines} no row any more: the query lacks the keys that they are for{named},"
        " and nothing of them was sent; make a new plan"
    )


def tell_left_out(telling: MappingReporter) -> None:
    """Say which fields the plan that is made leaves out, since the state of their mapping is not at hand."""
    if left_out := telling.run.left_out:
        fields = ", ".join(f"{name} of {rows:,}" for name, rows in sorted(left_out.items()))
        telling.warned(
            "without the state of this mapping nobody knows whose values these are, so the plan leaves them out"
            f" (unless_edited, reject_edited), by field and rows: {fields}"
        )
