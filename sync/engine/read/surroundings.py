"""What reading asks of a running query, and of the state."""

from collections import abc
from typing import Protocol

from sync.domain.row_hash import Row, Rows
from sync.engine.read.retrials import Named
from sync.state.mapping_own import MappingOwn
from sync.state.memory import Item, Memory


class RowSource(Protocol):
    """A running query."""

    def raw(self) -> abc.Iterator[Rows]:
        """The rows in batches, with values that take long to read left unread."""
        ...

    def complete(self, row: Row) -> Row:
        """A row with all its values read."""
        ...


class Cancellable(Protocol):
    """A running statement."""

    def cancel(self) -> None:
        """Break it off, from any thread."""
        ...


class Memories(Protocol):
    """The state, as reading asks for it."""

    @property
    def dry_run(self) -> bool:
        """Whether nothing may be written down."""
        ...

    def recall(self, keys: abc.Sequence[str]) -> abc.Mapping[str, Memory]:
        """What is known of these keys; unknown ones are missing in the answer."""
        ...

    @property
    def own(self) -> MappingOwn:
        """Tells whose the values and tags of records are."""
        ...

    def note(self, items: list[Item]) -> None:
        """Write down what became of rows before anything was sent, so that later runs know them."""
        ...

    def stored(self, key: str) -> str:
        """A key as the state holds it."""
        ...

    def adopt(self, former: abc.Mapping[str, str]) -> None:
        """Records get other keys, each by the one before; what is known of them stays."""
        ...

    def name_drops(self, told: Named) -> None:
        """Note the fields of drops that an older version noted without them."""
        ...
