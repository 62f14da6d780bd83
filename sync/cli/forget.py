"""`forget`: lets the state forget what a mapping, and nobody else, has noted there."""

import difflib
import secrets
from collections import abc
from pathlib import Path

from sync.cli.config import account_of
from sync.cli.environ import tell, variables, warnings
from sync.cli.say import say
from sync.errors import EXIT_OK, ConfigError, ConfigProblem
from sync.mapping.environment import API_KEY
from sync.mapping.loader import load
from sync.report.words import count, visible
from sync.settings import Settings
from sync.state.forgetting import Forgotten
from sync.state.memory import Scope
from sync.state.store import Store


def forget(mapping: str, *, attribute: str | None, undo: str | None) -> int:
    """Let the state forget a mapping, one attribute's type, or the marks of one undone run; 0.

    `mapping` is a file, or a name: the mapping may be gone. It is forgotten in the account of the key that is there;
    without a key, or with one that the state has never met, in all.

    Raises:
        ConfigError: the state knows nothing of it in that account, or a file is not sound.
        LockedError: its records are being written.
        StateError: there is no state, or it cannot be used.
    """
    found = variables()
    tell(warnings(found), found)
    settings = Settings.load(found)
    name, data_source, variable = _meant(mapping, found)
    store = Store.open(settings.state_url, create=False)
    try:
        places = [s for s in store.places(name) if data_source in (None, s.data_source)]
        if not places:
            raise _unknown(name, store.mappings())
        account = account_of(store, found, variable)
        scopes = [scope for scope in places if account in (None, scope.account)]
        if not scopes:
            raise _elsewhere(name, places, variable)
        owner = f"forget-{secrets.token_hex(3)}"
        store.leases.take(scopes, owner)
        try:
            _carry_out(store, name, scopes, attribute, undo)
        finally:
            store.leases.release(owner)
        for other in sorted({scope.account for scope in places} - {s.account for s in scopes}):
            say(f"{visible(name)} stays known in {visible(other)}: that account's key forgets it.")
    finally:
        store.close()
    return EXIT_OK


def _meant(mapping: str, variables: abc.Mapping[str, str]) -> tuple[str, str | None, str]:
    """The name, the data source where a file tells one, and the variable that holds the key."""
    path = Path(mapping)
    if not path.is_file():
        return mapping, None, API_KEY
    [loaded] = load([path], variables, frozenset(), disabled=True)
    return loaded.mapping.name, loaded.mapping.destination.uuid or None, loaded.key_variable


def _unknown(name: str, known: abc.Sequence[str]) -> ConfigError:
    if name in known:
        return ConfigError(
            ConfigProblem(
                f"mapping {name!r} never got as far as to know its account: the state holds nothing of it but runs that"
                " failed",
                "there is nothing to forget; `runs` tells why they failed",
            )
        )
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"it knows: {', '.join(known) or 'none'}"
    return ConfigError(ConfigProblem(f"the state knows no mapping {name!r}", hint))


def _elsewhere(name: str, places: abc.Sequence[Scope], variable: str) -> ConfigError:
    accounts = " and ".join(sorted({visible(scope.account) for scope in places}))
    message = f"the state knows mapping {name!r} in {accounts}, and the key in {variable} is one of another account"
    hint = "put a key of that account there, name the mapping's file, or take the key away to forget it everywhere"
    return ConfigError(ConfigProblem(message, hint))


def _carry_out(
    store: Store, name: str, scopes: abc.Sequence[Scope], attribute: str | None, undo: str | None
) -> None:
    if attribute is not None:
        _forget_type(store, scopes, attribute)
    if undo is not None:
        _forget_undo(store, name, scopes, undo)
    if attribute is None and undo is None:
        for forgotten in store.forget_mapping(name, scopes):
            say(_told(name, forgotten))


def _forget_type(store: Store, scopes: abc.Sequence[Scope], key: str) -> None:
    places = {(scope.account, scope.object): scope for scope in scopes}.values()
    found = [scope for scope in places if store.forget_type(scope, key)]
    if not found:
        known = sorted(key for s in places for key in store.types(s.account, s.object))
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"it knows: {', '.join(known) or 'none'}"
        raise ConfigError(ConfigProblem(f"the state knows no type of attribute {key!r}", hint))
    for scope in found:
        say(
            f"Forgot the type of {visible(key)} of the {scope.object}s in {scope.account}. ChartMogul keeps its own:"
            " where the attribute exists there, the next run has to write the type that it has."
        )


def _forget_undo(store: Store, name: str, scopes: abc.Sequence[Scope], run: str) -> None:
    marks = store.forget_undo(name, scopes, run)
    if not marks:
        message = f"no row of {name} is skipped because {run} was undone"
        raise ConfigError(
            ConfigProblem(message, "the id of the run that was undone belongs here, in full")
        )
    say(
        f"Forgot that {visible(run)} was undone: {count(marks, 'row')} of {visible(name)} will be sent again."
    )


def _told(name: str, forgotten: Forgotten) -> str:
    scope = forgotten.scope
    lines = [
        f"Forgot {visible(name)} in {scope.data_source}: what it sent of {count(forgotten.records, 'record')},"
        f" and its part in {count(forgotten.runs, 'run')}. The next run looks each of them up, and sends what differs.",
        f"Kept, so that nothing is created twice: {count(forgotten.uuids, 'uuid')} of its {scope.object}s,"
        f" {count(forgotten.doubts, 'create')} in doubt.",
    ]
    if forgotten.shared:
        lines.append(
            f"{count(forgotten.shared, 'record')} that were deleted in ChartMogul stay marked as such: another mapping"
            " knows them, forget it too."
        )
    return "\n".join(lines)
