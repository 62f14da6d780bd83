"""The right to write, as it is asked for in the very step that hands a request to HTTP."""

from typing import Protocol


class Permit(Protocol):
    """A right that may be lost while a request waits: for its turn, a connection, or another try."""

    def require(self) -> None:
        """Raise where a write must not be sent now."""
        ...
