"""Settings out of the environment and a `.env` file.

Long, because each variable is a name, a field and what it takes, and docs/settings.md is held against all of them.
"""

import os
import re
import tempfile
from collections import abc
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails

from sync.database.urls import dialect, review
from sync.domain import keeping
from sync.domain.allowance import MOST_AT_ONCE, MOST_PER_SECOND
from sync.domain.flaw import wrong
from sync.errors import ConfigError, ConfigProblem
from sync.mapping import dotenv
from sync.mapping.types import ApiKey, DataSource
from sync.mapping.variables import FILE, Variables, docker_hint, read

KEY, KEY_FILE = "CHARTMOGUL_API_KEY", "CHARTMOGUL_API_KEY_FILE"
#: Variable → the setting that it gives.
VARIABLES = {
    KEY: "api_key",
    "CHARTMOGUL_API_URL": "api_url",
    "CHARTMOGUL_DATA_SOURCE": "data_source",
    "WAREHOUSE_URL": "warehouse_url",
    "SYNC_STATE_URL": "state_url",
    "SYNC_REPORTS": "reports",
    "SYNC_REQUESTS_PER_SECOND": "requests_per_second",
    "SYNC_CONNECTIONS": "connections",
    "SYNC_TIMEOUT": "timeout",
    "SYNC_OUTAGE": "outage",
    "SYNC_LOG": "log",
    "SYNC_TMP": "tmp",
    "SYNC_ENVIRONMENT": "environment",
    "SYNC_METRICS_FILE": "metrics_file",
    "SYNC_NOTIFY": "notify",
    "SYNC_NOTIFY_ON": "notify_on",
    "SYNC_HEARTBEAT": "heartbeat",
    "SYNC_RESULTS_URL": "results_url",
    "SYNC_RESULTS_SCHEMA": "results_schema",
    "SYNC_SHARE": "share",
    "SYNC_REPORTS_KEEP": "reports_keep",
}
_TAKES = {
    "requests_per_second": "a number above 0, up to 40",
    "connections": "a whole number from 1 to 20",
    "timeout": "seconds, from 1 to 600",
    "outage": "seconds, from 1 to 86400",
    "log": "one of: json, text",
    "notify_on": "some of: failed, rejected, recovered, stale",
    "environment": "a name of at most 64 visible characters on one line",
    "share": "a part of the account's allowance from 1% to 100%, such as 60%",
    "reports_keep": "an age such as 90d, a number of runs, or forever",
}


class Settings(BaseModel):
    """What the environment sets, with what holds where it sets nothing.

    The bounds are ChartMogul's own: dev.chartmogul.com/docs/rate-limits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: ApiKey | None = Field(
        default=None, description="The ChartMogul API key, for mappings that name no other."
    )
    api_url: str = Field(
        default="https://api.chartmogul.com/v1", description="Where ChartMogul's API is."
    )
    data_source: DataSource | None = Field(
        default=None, description="The data source, ds_…, of mappings that name none."
    )
    warehouse_url: SecretStr | None = Field(
        default=None, description="The SQLAlchemy URL of the warehouse, for mappings without one."
    )
    #: Text, since it seldom holds a password; out of every repr, since it may.
    state_url: str = Field(
        default="sqlite:///.sync/state.db",
        repr=False,
        description="Where the state is kept: an SQLAlchemy URL of SQLite or PostgreSQL.",
    )
    reports: Path = Field(default=Path("reports"), description="The folder of the reports.")
    requests_per_second: float = Field(
        default=40, gt=0, le=40, description="The most requests started in any second."
    )
    connections: int = Field(
        default=20, ge=1, le=20, description="The most requests under way at once."
    )
    timeout: float = Field(
        default=30, ge=1, le=600, description="The seconds that a request may take."
    )
    outage: float = Field(
        default=60, ge=1, le=86_400, description="The seconds of failures alone that end a run."
    )
    log: Literal["text", "json"] | None = Field(
        default=None, description="How logs look; text on a terminal and json elsewhere if not set."
    )
    tmp: Path | None = Field(
        default=None, description="The folder of private temporary files; else beside the state."
    )
    environment: str | None = Field(
        default=None,
        max_length=64,
        pattern=r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$",
        description="A name, such as production, in logs, metrics, reports and messages.",
    )
    metrics_file: Path | None = Field(
        default=None,
        description="Where `run` leaves its metrics, for the textfile collector of node_exporter.",
    )
    notify: SecretStr | None = Field(
        default=None, description="URLs of Apprise that are told of changes of mappings' health."
    )
    notify_on: tuple[Literal["failed", "rejected", "recovered", "stale"], ...] = Field(
        default=("failed", "rejected", "recovered", "stale"),
        description="Which changes they are told of.",
    )
    heartbeat: SecretStr | None = Field(
        default=None, description="A URL that gets a GET after every good run."
    )
    results_url: SecretStr | None = Field(
        default=None, description="A database that gets the results of runs: an SQLAlchemy URL."
    )
    results_schema: str | None = Field(
        default=None, max_length=128, description="The schema of the tables of results."
    )

    @field_validator("notify_on", mode="before")
    @classmethod
    def _split(cls, names: object) -> object:
        return tuple(names.split()) if isinstance(names, str) else names

    share: float = Field(
        default=1.0,
        ge=0.01,
        le=1,
        description="How much of the account's allowance this state's processes may use together.",
    )

    @field_validator("share", mode="before")
    @classmethod
    def _check_share(cls, share: object) -> object:
        return _part(share) if isinstance(share, str) else share

    reports_keep: str = Field(
        default="90d",
        description="How long reports are kept: an age such as 90d, a number of runs, or forever.",
    )

    @field_validator("reports_keep", mode="after")
    @classmethod
    def _check_reports_keep(cls, text: str) -> str:
        if keeping.read(text) is None:
            raise wrong("is nothing of that")
        return text

    @property
    def keeping(self) -> keeping.Keeping:
        """For how long reports are kept."""
        return keeping.read(self.reports_keep) or keeping.Keeping()

    @field_validator("api_url", mode="after")
    @classmethod
    def _check_api_url(cls, url: str) -> str:
        return _check_api_url(url)

    @field_validator("state_url", mode="after")
    @classmethod
    def _check_state_url(cls, url: str) -> str:
        checked = review(url, installed=True)
        if not isinstance(checked, str):
            raise checked
        if dialect(checked) not in ("sqlite", "postgresql"):
            raise wrong("names neither SQLite nor PostgreSQL, which alone can keep the state")
        return checked

    @property
    def api_host(self) -> str:
        """The host of the API's URL: part of what an account that shows no id is called."""
        return urlsplit(self.api_url).hostname or ""

    @property
    def rate(self) -> float:
        """The most requests that a process starts in any second, of one account."""
        return min(self.requests_per_second, MOST_PER_SECOND * self.share)

    @property
    def at_once(self) -> int:
        """The most requests that a process has under way, of one account."""
        return min(self.connections, max(1, int(MOST_AT_ONCE * self.share)))

    @property
    def spool_folder(self) -> Path:
        """Where private temporary files go: SYNC_TMP, else beside the state where that is a file.

        Raises:
            ConfigError: nowhere, as in a container whose root file system is read-only.
        """
        file = re.match(r"sqlite(?:\+[a-z]+)?:///(?!file:|:memory:)([^?]+)", self.state_url)
        return self.tmp or (Path(file[1]).parent if file else temporary_folder())

    @classmethod
    def load(cls, variables: abc.Mapping[str, str]) -> Self:
        """The settings that `variables` give, as `environment` returns them; empty is not set.

        Raises:
            ConfigError: with every variable that is wrong; secrets are never shown.
        """
        own = variables.own if isinstance(variables, Variables) else variables
        given = {name: own[key] for key, name in VARIABLES.items() if own.get(key)}
        problems = list(_file_problems(variables))
        try:
            settings = cls.model_validate(given)
        except ValidationError as error:
            problems += [_problem(detail, given) for detail in error.errors(include_url=False)]
        if problems:
            raise ConfigError(*problems)
        return settings


def _part(percentage: str) -> float:
    number = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%", percentage.strip())
    if number is None:
        raise wrong("is no percentage")
    return float(number[1]) / 100


def temporary_folder() -> Path:
    """The machine's folder for temporary files.

    Raises:
        ConfigError: it has none that can be written.
    """
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError:
        message = "there is no folder for temporary files that can be written"
        raise ConfigError(
            ConfigProblem(message, "let SYNC_TMP name one", path="SYNC_TMP")
        ) from None


def environment(
    base: Path, environ: abc.Mapping[str, str] | None = None, file: Path | None = None
) -> Variables:
    """The environment over `base/.env`, or over another `file`, by default this process's; neither is changed.

    What NAME_FILE names is the value of NAME, wherever that can be read and NAME is not set.

    Raises:
        ConfigError: `.env`, or the file in its place, cannot be read.
    """
    environ = os.environ if environ is None else environ
    found = dotenv.read(file or base / ".env", environ, must_exist=file is not None)
    own = {**found.values, **environ}
    odd, files = list(found.odd), set[str]()
    for name in VARIABLES:
        if own.get(name + FILE) and not own.get(name):
            with suppress(ConfigError):  # Settings.load says so
                held = read(name, own[name + FILE])
                own[name] = held.text.strip() if name == KEY else held.text
                odd += [f"{name}{FILE} names a file that {what}" for what in held.odd]
                files.add(name)
                del own[name + FILE]
    return Variables(own, tuple(odd), frozenset(files))


def _file_problems(variables: abc.Mapping[str, str]) -> abc.Iterator[ConfigProblem]:
    own = variables.own if isinstance(variables, Variables) else variables
    if own.get(KEY) and own.get(KEY_FILE):
        message = f"{KEY} and {KEY_FILE} are both set; keep one of them"
        yield ConfigProblem(message, path=KEY_FILE)
    for name in VARIABLES:
        if own.get(name + FILE) and not own.get(name):
            try:
                read(name, own[name + FILE])
            except ConfigError as error:
                yield from error.problems


def _problem(detail: ErrorDetails, given: abc.Mapping[str, Any]) -> ConfigProblem:
    name = str(detail["loc"][0])
    variable = next(key for key, setting in VARIABLES.items() if setting == name)
    context = detail.get("ctx", {})
    if name in _TAKES:
        message = f"{variable} is {given[name][:60]!r}; it takes {_TAKES[name]}"
    elif detail["type"] == "wrong":
        message = f"{variable} {context['message']}"
    else:
        message = f"{variable}: {context.get('message', detail['msg'])}"
    hint = docker_hint(str(given[name])) or context.get("hint", "")
    return ConfigProblem(message, hint, path=variable)


def _check_api_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or parts.query or parts.fragment or re.search(r"\s", url):
        raise wrong("is no address such as https://api.chartmogul.com/v1")
    if "@" in parts.netloc:
        raise wrong("holds a user or a password", f"the API key goes into {KEY}")
    if parts.scheme == "http" and not _is_near(parts.hostname or ""):
        raise wrong("would send the API key unencrypted; it has to begin with https://")
    return url.rstrip("/")


def _is_near(host: str) -> bool:
    """Whether plain HTTP may reach it: this machine, or a service of the same compose file."""
    is_loopback = re.fullmatch(r"127(\.[0-9]{1,3}){3}", host) is not None
    return is_loopback or "." not in host or host.endswith((".localhost", ".internal"))
