"""Databases whose drivers have no way to cancel but by the cursor that runs."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from sync.warehouse.dialects import running
from sync.warehouse.dialects.general import General


@dataclass(frozen=True, slots=True)
class ByCursor(General):
    """The general way, with queries cancelled by their cursors."""

    def watch(self, engine: Engine) -> None:
        """Note which cursor runs."""
        running.watch(engine)

    def cancel(self, driver: Any) -> None:
        """By the cursor's own method."""
        cursor = running.cursor_of(driver)
        if cursor is not None:
            cursor.cancel()
