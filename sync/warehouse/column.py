"""A column of a query: its name, and its attribute type where the database tells."""

from dataclasses import dataclass, field

from sync.domain.record import AttributeType

#: SQL that most databases know.
AS_TEXT = "cast({} as text)"
#: The same for money, which comes as text with a currency sign.
AS_NUMBER = "cast({} as numeric)"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result.

    `type` is None where the database does not tell (then the values do); `unsendable` says what
    makes a column impossible to send: `json`, `array`, `binary`, `bits`, `geometry` or `money`; `as_text` is the SQL
    that mends it, with `{}` for the name, `bytes_as_text` that for a column that turns out to hold bytes.
    """

    name: str
    type: AttributeType | None = None
    unsendable: str | None = None
    #: Says nothing of the column, so it is left out of what is compared and hashed: `repr` is part of rows' hashes.
    as_text: str = field(default=AS_TEXT, repr=False, compare=False)
    bytes_as_text: str = field(default=AS_TEXT, repr=False, compare=False)
    #: Whether the database takes its name for the same in another case.
    folds: bool = field(default=False, repr=False, compare=False)
    #: Whether its type means two things, such as TINYINT(1), which is also what BOOLEAN is there.
    suggested: bool = field(default=False, repr=False, compare=False)
