"""A mapping that reads a model of dbt: what its manifest says of it, and what dbt last did."""

from datetime import datetime
from pathlib import Path

from sync.domain.timetable import read_duration
from sync.errors import ConfigError, ConfigProblem, RailError
from sync.mapping.dbt_models import DbtModel, Outcome, ephemeral, read_models, read_outcomes
from sync.mapping.model import Mapping
from sync.mapping.rules import nearest
from sync.mapping.source import Source
from sync.mapping.yaml import Document

_RAIL = "dbt"
_LIFT = "or lift it once with --override dbt"
#: How a test ends that is no reason to stop: what only warns was meant to.
_PASSED = ("pass", "warn")


def resolve(mapping: Mapping, file: Path, document: Document, *, needed: bool) -> Mapping:
    """The mapping with a query that reads its model; as it is where it reads none.

    A manifest that is not there is no problem unless it is `needed`: `validate` goes without dbt's files.

    Raises:
        ConfigError: the manifest is none, or of another version, or has no such model.
    """
    name = mapping.source.dbt_model
    if name is None:
        return mapping
    manifest = _manifest(mapping.source, file)
    if not needed and not manifest.exists():
        return mapping
    try:
        model = read_models(manifest).get(name) or _missing(manifest, name)
    except ConfigError as error:
        (problem,) = error.problems
        raise ConfigError(
            document.problem(("source", "dbt_model"), problem.message, problem.hint)
        ) from None
    source = mapping.source.model_copy(update={"query": f"select * from {model.relation}"})
    return mapping.model_copy(update={"source": source})


def _manifest(source: Source, file: Path) -> Path:
    return file.parent / (source.dbt_manifest or "")


def _missing(manifest: Path, name: str) -> DbtModel:
    if ephemeral(manifest, name):
        message = f"{name!r} is a model of which dbt makes no table"
        raise ConfigError(ConfigProblem(message, "materialize it as a table or view"))
    near = nearest(name, read_models(manifest))
    hint = f"did you mean {near}?" if near else ""
    raise ConfigError(ConfigProblem(f"{manifest} has no model {name!r}", hint))


def judge(source: Source, file: Path, now: datetime) -> None:
    """Hold what a mapping asks of its model against what dbt last did.

    Raises:
        RailError: the model is too old, a test of it did not pass, or nobody can tell.
        ConfigError: the files of dbt cannot be read.
    """
    if source.dbt_model is None or not (source.dbt_fresh_within or source.dbt_tests):
        return
    manifest = _manifest(source, file)
    model = read_models(manifest).get(source.dbt_model) or _missing(manifest, source.dbt_model)
    results = manifest.with_name("run_results.json")
    try:
        outcomes = read_outcomes(results)
    except FileNotFoundError:
        raise _stop(f"there is no {results}, so nobody knows how {model.name} was built") from None
    if source.dbt_fresh_within is not None:
        _judge_age(model, outcomes.get(model.id), source.dbt_fresh_within, now)
    if source.dbt_tests is not None:
        _judge_tests(model, outcomes)


def _judge_age(model: DbtModel, outcome: Outcome | None, within: str, now: datetime) -> None:
    if outcome is None or outcome.at is None:
        raise _stop(
            f"the last call of dbt did not build {model.name}, so nobody knows how old it is"
        )
    if outcome.status != "success":
        raise _stop(f"dbt ended {model.name} with {outcome.status!r}")
    age = now - outcome.at
    if age > read_duration(within):
        hours = f"{age.total_seconds() / 3600:.1f} hours"
        at = f"{outcome.at:%Y-%m-%d %H:%M} UTC"
        raise _stop(
            f"dbt built {model.name} {hours} ago, and dbt_fresh_within allows {within} (built at {at})"
        )


def _judge_tests(model: DbtModel, outcomes: dict[str, Outcome]) -> None:
    ended = {test: outcomes[test].status if test in outcomes else "not run" for test in model.tests}
    bad = {test: status for test, status in ended.items() if status not in _PASSED}
    if bad:
        first, status = next(iter(bad.items()))
        name = first.split(".")[2] if first.count(".") > 1 else first
        others = f", and {len(bad) - 1} others" if len(bad) > 1 else ""
        raise _stop(f"of the tests of {model.name} {name} is {status!r} in dbt{others}")


def _stop(message: str) -> RailError:
    return RailError(f"{message}; nothing was read", f"run dbt build, {_LIFT}", _RAIL)
