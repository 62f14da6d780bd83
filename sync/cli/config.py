"""What most commands begin with: the environment, its settings and the mappings."""

from collections import abc
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sync.cli.environ import tell, variables, warnings
from sync.errors import ConfigError, ConfigProblem
from sync.mapping.environment import API_KEY, STATE_URL
from sync.mapping.loader import EVERYTHING, LoadedMapping, Need, load
from sync.mapping.survey import Barred, Survey, survey
from sync.mapping.variables import FILE, Variables
from sync.settings import VARIABLES, Settings

if TYPE_CHECKING:
    from sync.service.freshness import Known
    from sync.state.history import Whose
    from sync.state.store import Store


def prepare(
    paths: abc.Sequence[Path], needs: abc.Set[Need] = EVERYTHING
) -> tuple[Settings, list[LoadedMapping]]:
    """The settings and the mappings; what is odd about the environment is told.

    Raises:
        ConfigError: with the problems of both, since whoever mends one has to mend the other.
    """
    found = variables()
    try:
        return settings_and_mappings(found, paths, needs)
    finally:
        tell(warnings(found, paths), found)


def settings_and_mappings(
    found: Variables,
    paths: abc.Sequence[Path],
    needs: abc.Set[Need] = EVERYTHING,
    *,
    disabled: bool = False,
) -> tuple[Settings, list[LoadedMapping]]:
    """What `found` and the files say; ConfigError with the problems of both."""
    problems: list[ConfigProblem] = []
    settings, mappings = Settings(), list[LoadedMapping]()
    try:
        settings = Settings.load(found)
    except ConfigError as error:
        problems += error.problems
    try:
        mappings = load(paths, found, needs, disabled=disabled)
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(*problems)
    return settings, mappings


def settings_alone() -> Settings:
    """The settings, for a command without mappings; what is odd about the environment is told.

    Raises:
        ConfigError: a variable is wrong.
    """
    found = variables()
    tell(warnings(found), found)
    return Settings.load(found)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a run begins with. Where settings are wrong, `settings` are those that are right, and no mapping may run.

    `state_is_known`: whether the state may be entered; a wrong SYNC_STATE_URL names none.
    """

    settings: Settings
    survey: Survey
    state_is_known: bool = True


def prepare_run(paths: abc.Sequence[Path], *, warned: bool = False) -> Prepared:
    """Settings and mappings, as far as they are sound: what is not fails its own mapping, and what depends on it.

    What is odd about the environment is told, unless that was `warned` of before.

    Raises:
        ConfigError: `.env` cannot be read.
    """
    given = variables()
    prepared = survey_run(paths, given)
    if not warned:
        tell(oddities(paths, given, prepared), given)
    return prepared


def oddities(paths: abc.Sequence[Path], given: Variables, prepared: Prepared) -> list[str]:
    """What is odd about the environment of a run."""
    return [*warnings(given, paths), *_idle(prepared.survey)]


def survey_run(paths: abc.Sequence[Path], given: Variables) -> Prepared:
    """The same as `prepare_run`, of variables that are known; nothing is told."""
    found = survey(paths, given)
    try:
        return Prepared(Settings.load(given), found)
    except ConfigError as error:
        right = _right(given)
        named = given.own.get(STATE_URL) or given.own.get(STATE_URL + FILE)
        return Prepared(Settings.load(right), found.barring(error), STATE_URL in right or not named)


def _idle(found: Survey) -> abc.Iterator[str]:
    if found.may_run and not found.sound:
        yield "every mapping is left out (enabled: false): nothing is read"


def _right(given: Variables) -> dict[str, str]:
    """The variables that are right, each by itself."""
    right = {}
    for name in VARIABLES.keys() & given.keys():
        with suppress(ConfigError):
            Settings.load({name: given[name]})
            right[name] = given[name]
    return right


def whose(loaded: LoadedMapping | Barred, known: "Known", given: abc.Mapping[str, str]) -> "Whose":
    """A mapping as its history is known by, as far as files and environment tell: `status` needs no key.

    Where a data source is named by its name, a key that is there tells the account: several may have one of that name.
    """
    from sync.state.history import Whose  # `validate` does without the state

    if isinstance(loaded, Barred):
        query = None if loaded.query is None else known.query_hash(loaded.query)
        return Whose(
            loaded.name, loaded.data_source or None, None, loaded.object, loaded.file, query
        )
    mapping, destination = loaded.mapping, loaded.mapping.destination
    query = known.query_hash(mapping.source.text)
    source, account = destination.uuid or None, None
    if source is None:  # a name that data sources of several accounts may have
        account = _account_of(known.account_of, given, loaded.key_variable)
    return Whose(mapping.name, source, account, destination.object, loaded.file, query)


def account_of(store: "Store", given: abc.Mapping[str, str], variable: str = API_KEY) -> str | None:
    """The account of the key that a variable holds; None where there is none, or the state does not know it."""
    return _account_of(store.account_of_key(), given, variable)


def _account_of(
    known: abc.Callable[[str], str | None], given: abc.Mapping[str, str], variable: str
) -> str | None:
    with suppress(ConfigError):  # of the file of a key, which is no reason to tell nothing
        return known(given.get(variable, ""))
    return None
