"""How the process logs: one line an event on standard error, as JSON or as text."""

import logging
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TextIO

from sync.domain.instant import canonical

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger, Processor

Style = Literal["text", "json"]
#: A library may have put a URL into its template.
_USERINFO = re.compile(r"://[^\s/]*:\S*@")
#: The first keys of every line, in their order.
_FIRST = ("timestamp", "level", "event", "environment", "run_id", "mapping", "row", "key")


def style(wanted: str | None, stream: TextIO) -> Style:
    """The style that SYNC_LOG asks for; without it, text on a terminal and JSON elsewhere."""
    match wanted:
        case "text" | "json":
            return wanted
        case _:
            return "text" if stream.isatty() else "json"


def logger(
    style: Style, stream: TextIO, level: int = logging.INFO, *, environment: str | None = None
) -> "FilteringBoundLogger":
    """A logger that writes to `stream`, and no lower than `level`. It changes nothing global.

    `environment` is in every line, where it has a name.
    """
    import structlog  # costs a fifth of a second, which commands that log nothing save

    log: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(stream),
        processors=_processors(style),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    return log.bind(environment=environment) if environment else log


def of_python() -> "FilteringBoundLogger":
    """A logger that hands events to `sync` of Python's own `logging`: what becomes of them is the caller's affair."""
    import structlog

    log: FilteringBoundLogger = structlog.wrap_logger(
        logging.getLogger("sync"),
        processors=[_bare],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    return log


def adopt(log: "FilteringBoundLogger") -> None:
    """Send the warnings of libraries through `log` as well, so that every line has one format."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, _Adopted):
            root.removeHandler(handler)
    root.addHandler(_Adopted(log))


class _Adopted(logging.Handler):
    """Passes a library's record on without its arguments: they may hold field values or secrets."""

    def __init__(self, log: "FilteringBoundLogger") -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Log the record's template under the name of its logger."""
        message = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        message = _USERINFO.sub("://…@", message)
        tell = self._log.error if record.levelno >= logging.ERROR else self._log.warning
        tell("library", logger=record.name, message=message)


def _processors(style: Style) -> list["Processor"]:
    import structlog

    last: Processor = _line if style == "text" else structlog.processors.JSONRenderer()
    return [structlog.processors.add_log_level, _timestamp, _order, last]


def _timestamp(_log: Any, _method: str, event: Any) -> Any:
    event["timestamp"] = canonical(datetime.now(UTC))
    return event


def _order(_log: Any, _method: str, event: Any) -> Any:
    first = {name: event.pop(name) for name in _FIRST if name in event}
    return {**first, **event}


def _line(_log: Any, _method: str, event: Any) -> str:
    """`2026-01-31T10:00:00Z warning row_rejected mapping=customers row=3`; odd text stands in quotes."""
    return f"{event.pop('timestamp')[:19]}Z {event.pop('level'):<7} {_bare(_log, _method, event)}"


def _bare(_log: Any, _method: str, event: Any) -> str:
    """`row_rejected mapping=customers row=3`: time and level are somebody else's."""
    head = event.pop("event")
    return " ".join([head, *(f"{name}={_shown(value)}" for name, value in event.items())])


def _shown(value: object) -> str:
    text = str(value)
    plain = text.isprintable() and not any(character in text for character in " \"'=")
    return text if plain and text else ascii(text)
