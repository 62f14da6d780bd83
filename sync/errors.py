"""Everything that can end a run or a row, sorted by who can act on it.

SyncError                             carries the exit code of the process
├── ConfigError(problems)             the user mends a file, an argument or the environment      2
├── SourceError                       the warehouse refused or broke off                         3
│   ├── Unreachable                   there is no connection to it
│   └── BrokenOff                     there was one
├── StateError                        the state store cannot be used                             3
├── RailError                         a rail of the mapping stopped the run                      4
├── LockedError                       the same records are being written elsewhere               5
├── Interrupted                       a signal asked for the end                                 130, 143
└── ChartMogulError                                                                              3
    ├── Refused(status, refusals)     this record only, in ChartMogul's own words: a rejected row
    ├── NotFound                      the uuid or the resource is not there
    ├── Denied                        no row can succeed: 401, 402, 403, 407, unknown data source
    ├── Unavailable(sent)             time heals it; `sent`: the request may have been carried out
    └── Outage                        nothing but failures for too long

One module because who catches one of them has to see which others there are.
"""

import errno
from collections import abc
from dataclasses import dataclass, field

EXIT_OK = 0
EXIT_REJECTED = 1
EXIT_CONFIG = 2
EXIT_SERVER = 3
EXIT_RAIL = 4
EXIT_LOCKED = 5
EXIT_CHANGES = 6
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143


class SyncError(Exception):
    """An end that a user can read: what happened, and in `hint` what to do about it."""

    exit_code = EXIT_SERVER

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[abc.Callable[..., "SyncError"], tuple[object, ...]]:
        """As it is, without its own `__init__`: schedulers hand errors from one process to another."""
        return _rebuilt, (type(self), self.args, self.__dict__)


def _rebuilt(
    kind: type[SyncError], args: tuple[object, ...], attributes: dict[str, object]
) -> SyncError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing wrong with the configuration.

    `file` is empty for arguments and the environment; `line` and `column` count from 1 (0: no place);
    `path` is the dotted path inside the file (`fields.name.column`); `paste` are lines of YAML that mend it.
    """

    message: str
    hint: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""
    paste: str = ""


class ConfigError(SyncError):
    """The user mends a file, an argument or the environment; nothing was sent."""

    exit_code = EXIT_CONFIG

    def __init__(self, *problems: ConfigProblem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class SourceError(SyncError):
    """The warehouse refused or broke off; the message is the database's own."""


class Unreachable(SourceError):
    """There is no connection to the warehouse."""


class BrokenOff(SourceError):
    """The connection to the warehouse is there no more."""


class StateError(SyncError):
    """The state store cannot be opened, read or written."""


class RailError(SyncError):
    """A rail stopped the run; the message holds the count, the limit and how to raise it.

    `rail` is its name, as `--override` takes it; empty where none does.
    """

    exit_code = EXIT_RAIL

    def __init__(self, message: str, hint: str = "", rail: str = "") -> None:
        super().__init__(message, hint)
        self.rail = rail


class LockedError(SyncError):
    """Another process holds the lease of the same (account, data source, object).

    `free_in`: the seconds after which that lease has run out; None where nobody knows.
    """

    exit_code = EXIT_LOCKED

    def __init__(self, message: str, hint: str = "", free_in: float | None = None) -> None:
        super().__init__(message, hint)
        self.free_in = free_in


class Interrupted(SyncError):
    """The run was asked to end; the signal decides the exit code."""


class ChartMogulError(SyncError):
    """Something that ChartMogul, or the way to it, answered."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason out of an error body: ChartMogul's parameter name (may be empty) and its words."""

    param: str
    message: str


@dataclass
class Answered:
    """What was answered, for reports: the status and the start of the body.

    `garbled`: the body is none of ChartMogul's, or was cut off; perhaps somebody else has answered.
    """

    status: int | None = None
    body: str = ""
    attempts: int = 1
    refusals: tuple[Refusal, ...] = field(default_factory=tuple)
    garbled: bool = False

    def after(self, tried: int) -> int:
        """Count as well what was `tried` before of the same create; how many attempts that makes."""
        self.attempts += tried
        return self.attempts


class Refused(ChartMogulError):
    """ChartMogul refused this one record (400, 404, 409, 422): the row is rejected, the run goes on."""

    def __init__(self, message: str, answered: Answered, hint: str = "") -> None:
        super().__init__(message, hint)
        self.answered = answered


class NotFound(Refused):
    """404: the uuid was merged away or deleted, or the resource never was."""


class Detached(NotFound):
    """A contact that belongs to no customer now, as the answer to its change shows: it is nobody's, and no match."""


class AlreadyExists(Refused):
    """The external id of a create is taken: look up, then update."""


class Denied(ChartMogulError):
    """401, 402, 403, 407 or an unknown data source: no row can succeed, the run ends.

    Where `answered` is garbled somebody else has answered: the request may have been carried out all the same.
    """

    def __init__(self, message: str, answered: Answered, hint: str = "") -> None:
        super().__init__(message, hint)
        self.answered = answered


#: So many names are shown of those that an account has.
_SHOWN = 20


class NoSource(Denied):
    """The account has no data source of this name; `there` are the names that it has."""

    def __init__(self, name: str, there: abc.Sequence[str]) -> None:
        has = f"it has: {', '.join(sorted(there)[:_SHOWN])}" if there else "it has none"
        hint = f"{has}; `check --create-data-source` makes a custom one of that name"
        super().__init__(f"the account has no data source named {name}", Answered(200), hint)


class Unavailable(ChartMogulError):
    """No usable answer, all attempts spent. `sent`: the request may have been carried out all the same.

    `busy` tells a 503, documented as "not carried out", from a lost answer; `retry_after` are the seconds that it asks
    us to wait.
    """

    def __init__(
        self,
        message: str,
        answered: Answered,
        *,
        sent: bool,
        busy: bool = False,
        retry_after: float = 0.0,
    ) -> None:
        super().__init__(message)
        self.answered = answered
        self.sent = sent
        self.busy = busy
        self.retry_after = retry_after

    @property
    def declined(self) -> bool:
        """429 or 503: documented as not carried out."""
        return self.busy or self.answered.status == 429


class CutShort(Unavailable):
    """A request of a record met what no row survives, `end`, after others of the same record had been answered.

    What they did is told and remembered; then the run ends.
    """

    def __init__(self, end: SyncError) -> None:
        super().__init__(end.message, Answered(), sent=True)
        self.end = end


class Outage(ChartMogulError):
    """Nothing but failures for too long: the run ends, everything done is recorded."""


#: Of several ends, the first of these counts (the contract's section 6).
_ORDER = (
    EXIT_CONFIG,
    EXIT_SERVER,
    EXIT_LOCKED,
    EXIT_RAIL,
    EXIT_REJECTED,
    EXIT_CHANGES,
)


def gravest(codes: abc.Iterable[int]) -> int:
    """Of several exit codes the one that counts."""
    found = set(codes)
    return next((code for code in _ORDER if code in found), EXIT_OK)


#: Whose fault an end is, in a word of ours: the first that fits.
_CAUSES: tuple[tuple[type[SyncError], str], ...] = (
    (ConfigError, "config"),
    (SourceError, "source"),
    (StateError, "state"),
    (LockedError, "lease"),
    (Interrupted, "signal"),
    (Outage, "outage"),
    (Unavailable, "outage"),
    (ChartMogulError, "chartmogul"),
)


def cause(error: SyncError) -> str:
    """Why something ended, in a word of ours, which quotes nothing: the name of a rail, or who has to act."""
    if isinstance(error, RailError):
        return error.rail or "rail"
    return next((word for kind, word in _CAUSES if isinstance(error, kind)), "failed")


def unbound(host: str, port: int, error: OSError | UnicodeError) -> ConfigError:
    """Why nothing listens at an address that was asked for: its port is taken, or the host is none of this machine."""
    taken = isinstance(error, OSError) and error.errno in (errno.EADDRINUSE, errno.EACCES)
    why = isinstance(error, OSError) and error.strerror
    message = f"cannot listen on {host}:{port}: {why or 'this is no name of a host'}"
    hint = "take another one with --port" if taken else "--host takes an address of this machine"
    return ConfigError(ConfigProblem(message, hint))


def told(error: SyncError) -> str:
    """An error as one text, with what to do about it: every problem of a ConfigError with its place.

    Lines to paste, if there are any, follow a blank line.
    """
    if isinstance(error, ConfigError):
        pastes = (problem.paste for problem in error.problems if problem.paste)
        return "\n\n".join(["; ".join(map(_problem, error.problems)), *pastes])
    return f"{error.message}; {error.hint}" if error.hint else error.message


def _problem(problem: ConfigProblem) -> str:
    line = f":{problem.line}" if problem.line else ""
    place = f"{problem.file}{line}: " if problem.file else ""
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{place}{problem.message}{hint}"
