"""What the environment supplies to a mapping: values for references, defaults, and all secrets."""

import re
from collections import abc
from enum import StrEnum
from typing import Any

from pydantic_core import PydanticCustomError

from sync.database.urls import STAND_IN, holds_password, review, spells_secret
from sync.domain.flaw import flaw
from sync.errors import ConfigError
from sync.mapping.credentials import Credentials
from sync.mapping.interpolation import (
    Environment,
    Open,
    fill,
    fill_secrets,
    mask,
    name_of,
    names_in,
    names_within,
    unset,
)
from sync.mapping.types import NAMED

API_KEY = "CHARTMOGUL_API_KEY"
DATA_SOURCE = "CHARTMOGUL_DATA_SOURCE"
WAREHOUSE_URL = "WAREHOUSE_URL"
STATE_URL = "SYNC_STATE_URL"

Raw = dict[str, Any]


class Need(StrEnum):
    """What a command is going to reach, and therefore needs the settings of."""

    CHARTMOGUL = "chartmogul"
    WAREHOUSE = "warehouse"


EVERYTHING = frozenset(Need)


def supply(raw: Raw, name: str, environment: Environment, needs: abc.Set[Need]) -> Raw:
    """A raw mapping with `name` and everything that the environment gives; flaws where it cannot.

    What is needed only for a server that is not going to be asked may be unset.
    """
    guarded = dict(raw)
    if isinstance(raw.get("source"), dict):
        guarded["source"] = _guard_options(_guard_url(raw["source"]))
    if isinstance(raw.get("destination"), dict):
        destination = _guard_key(_name_source(raw["destination"]), needed=Need.CHARTMOGUL in needs)
        if Need.CHARTMOGUL not in needs:
            destination = _without_unset(destination, environment)
        guarded["destination"] = destination
    filled: Raw = {"name": name} | _fill(guarded, environment)
    if isinstance(filled.get("destination"), dict):
        _supply_destination(filled["destination"], environment, needed=Need.CHARTMOGUL in needs)
    if isinstance(filled.get("source"), dict):
        _supply_source(filled["source"], environment, needed=Need.WAREHOUSE in needs)
    return filled


def _fill(raw: Raw, environment: Environment) -> Raw:
    """The raw mapping with its references replaced; those to secrets only where these belong."""
    url, key = text_at(raw, "source", "url"), text_at(raw, "destination", "api_key")
    source = raw.get("source")
    options = source.get("options") if isinstance(source, dict) else None
    keys = {API_KEY} | names_in(key)
    urls = {WAREHOUSE_URL, STATE_URL} | _passwords(url, environment) | names_within(options)
    filled: Raw = fill(raw, environment, keys | urls)
    if isinstance(options, dict):
        filled["source"]["options"] = fill_secrets(options, environment, keys)
    if url:
        filled["source"]["url"] = Credentials(url).fill(environment, keys)
    if key:
        filled["destination"]["api_key"] = fill(key, environment, urls)
    return filled


def supply_options(options: Raw, environment: Environment) -> Raw:
    """Options for a driver that no mapping holds yet, filled as a mapping's are; flaws where they cannot be."""
    filled = _guard_options({"options": options})["options"]
    result: Raw = fill_secrets(filled, environment, {API_KEY})
    return result


def text_at(raw: Raw, part: str, name: str) -> str:
    """The text at `part.name`; empty where there is none."""
    value = raw[part].get(name) if isinstance(raw.get(part), dict) else None
    return value if isinstance(value, str) else ""


def _passwords(url: str, environment: Environment) -> set[str]:
    """The variables of a URL that would be a password in it if they were spelled out, or hold one and more."""
    if whole := name_of(url):
        return {whole}
    more = {name for name in names_in(url) if re.search(":.*@|://", _known(name, environment))}
    spelled = {name: mask(url.replace(f"${{{name}}}", "x"), STAND_IN) for name in names_in(url)}
    return more | {name for name, masked in spelled.items() if holds_password(masked)}


def _guard_url(part: Raw) -> Raw:
    """Refuse a password that the file spells out; nothing of the URL is shown."""
    if not isinstance(part.get("url"), str) or not holds_password(mask(part["url"], STAND_IN)):
        return part
    message = "the password of url must come from the environment, without a default"
    hint = f"write ${{NAME}} for it, or url: ${{{WAREHOUSE_URL}}} for the whole"
    return part | {"url": flaw(message, hint)}


def _guard_options(part: Raw) -> Raw:
    """Refuse a secret that the file spells out among the driver's options; where one lies is none."""
    options = part.get("options")
    if not isinstance(options, dict):
        return part
    spelled = {name: value for name, value in options.items() if isinstance(value, str)}
    found = next((n for n, v in spelled.items() if spells_secret(str(n), mask(v, STAND_IN))), None)
    if found is None:
        return part
    message = f"the option {found!r} must come from the environment, without a default"
    return part | {"options": options | {found: flaw(message, "write ${NAME} for it")}}


def _guard_key(part: Raw, *, needed: bool) -> Raw:
    """Refuse a key that the file spells out; without need of it, set or not is the same."""
    if part.get("api_key") is None:
        return part
    if name_of(part["api_key"]) is None:
        message = "api_key must come from the environment, without a default"
        hint = f"write api_key: ${{{API_KEY}}}, or another variable's name"
        return part | {"api_key": flaw(message, hint)}
    return part if needed else {key: part[key] for key in part if key != "api_key"}


def _without_unset(part: Raw, environment: Environment) -> Raw:
    """The destination as if it left out the usual data source, where that is not set and nobody asks for it."""
    usual = part.get("data_source") == f"${{{DATA_SOURCE}}}"
    if not usual or isinstance(environment, Open) or _known(DATA_SOURCE, environment):
        return part
    return {name: value for name, value in part.items() if name != "data_source"}


def _name_source(part: Raw) -> Raw:
    """Mark a data source that the file names; what a variable holds is a uuid, or a mistake that may be a secret."""
    source = part.get("data_source")
    if not isinstance(source, str) or not source.strip() or source.startswith(("ds_", NAMED)):
        return part
    return part if "${" in source else part | {"data_source": NAMED + source.strip()}


def _supply_destination(part: Raw, environment: Environment, *, needed: bool) -> None:
    if needed and "api_key" not in part:
        part["api_key"] = _wanted(API_KEY, environment)
    if "data_source" not in part and (needed or _known(DATA_SOURCE, environment)):
        part["data_source"] = _wanted(DATA_SOURCE, environment)


def _supply_source(part: Raw, environment: Environment, *, needed: bool) -> None:
    if "url" not in part and (needed or _known(WAREHOUSE_URL, environment)):
        part["url"] = _wanted(WAREHOUSE_URL, environment)
    if isinstance(part.get("url"), str) and not is_open(part["url"], environment):
        part["url"] = review(part["url"], installed=needed)


def _known(name: str, environment: Environment) -> str:
    """A variable; empty where it is not set, or its file cannot be read."""
    try:
        return environment.get(name) or ""
    except ConfigError:
        return ""


def _wanted(name: str, environment: Environment) -> str | PydanticCustomError:
    """A variable that must be set, or the flaw that it is not."""
    try:
        return environment.get(name) or unset(name)
    except ConfigError as error:  # the file that NAME_FILE names
        return flaw(error.problems[0].message)


def is_open(value: Any, environment: Environment) -> bool:
    """Whether a text that was filled still refers to what is not set."""
    return isinstance(environment, Open) and isinstance(value, str) and bool(names_in(value))
