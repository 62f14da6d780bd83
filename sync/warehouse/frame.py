"""What stands around a query where it is a part of another statement."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    """The text before and behind a query; a line ends between the query and what is behind it.

    `streamed`: whether rows are handed over while the statement runs. For a few rows it may be False, which lets
    PostgreSQL use several processes. `planned`: statements before it in its transaction, which say how it is planned,
    never what it means.
    """

    before: str = ""
    behind: str = ""
    streamed: bool = True
    planned: tuple[str, ...] = ()

    def around(self, sql: str) -> str:
        """The whole statement."""
        return f"{self.before}{sql}\n{self.behind}" if self.behind else f"{self.before}{sql}"


#: Nothing: a query as it is.
NONE = Frame()
