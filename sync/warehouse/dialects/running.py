"""Which cursor runs on a connection: many drivers cancel by the cursor, and dialects keep nothing themselves."""

from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, event

_CURSORS: "WeakKeyDictionary[Any, Any]" = WeakKeyDictionary()


def watch(engine: Engine) -> None:
    """Note the cursors of an engine from now on."""
    event.listen(engine, "before_cursor_execute", _note)


def cursor_of(driver: Any) -> Any:
    """The cursor that last began to run on a connection of the driver; None where none did."""
    return _CURSORS.get(driver)


def _note(connection: Connection, cursor: Any, *_: object) -> None:
    _CURSORS[connection.connection.driver_connection] = cursor
