"""The contract of attribute types: what every custom attribute of a mapping is, and where that comes from.

ChartMogul fixes a type at the first write, for good and for the whole account
(dev.chartmogul.com/docs/adding-custom-attributes-to-customers), so nothing is left to a guess of the first row.
"""

from collections import abc
from dataclasses import dataclass, field, replace

from sync.domain.record import AttributeType, Value
from sync.domain.typed import Origin, Typed
from sync.errors import ConfigProblem
from sync.mapping.loader import LoadedMapping
from sync.transform import attributes, casts
from sync.transform.casts import Cast, Miscast, is_empty
from sync.transform.kind import kind
from sync.warehouse.column import Column


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An attribute whose type cannot be had, with the reason and the way out."""

    key: str
    message: str
    hint: str
    #: Lines of YAML that mend it.
    paste: str = ""

    def at(self, loaded: LoadedMapping, path: tuple[str, ...]) -> ConfigProblem:
        """The same as a problem at this place of a mapping."""
        return replace(loaded.problem_at(path, self.message, self.hint), paste=self.paste)


#: The types that attributes have elsewhere: asked once, before the first row, about those that columns leave open.
TypesOf = abc.Callable[[abc.Sequence[str]], abc.Mapping[str, Typed]]


def nowhere(keys: abc.Sequence[str]) -> abc.Mapping[str, Typed]:
    """Nobody knows of a type."""
    return {}


@dataclass(slots=True)
class Contract:
    """The types known before the first row, and those that only the values of a column tell.

    What values suggest gives way to the type that an attribute has elsewhere, while all of them fit that.
    """

    known: dict[str, Typed] = field(default_factory=dict)
    #: Attribute to the types found among its values so far.
    found: dict[str, set[AttributeType]] = field(default_factory=dict)
    #: Attribute to the type that it has elsewhere.
    given: dict[str, Typed] = field(default_factory=dict, init=False)
    #: Attributes with a value that does not fit that.
    _unfit: set[str] = field(default_factory=set, init=False)
    #: Attributes whose columns tell a type that means two things.
    _doubtful: set[str] = field(default_factory=set, init=False)
    #: The columns of the query by their names, as far as they are known: each has SQL that makes it text.
    columns: dict[str, Column] = field(default_factory=dict)
    #: Columns with a value that could be sent.
    sendable: set[str] = field(default_factory=set, init=False)
    #: Columns with a value that nobody could send, what it is, such as binary data or a JSON object, and the way out.
    _unsendable: dict[str, tuple[str, str]] = field(default_factory=dict, init=False)

    def names(self) -> abc.Iterator[str]:
        """All attributes."""
        yield from self.known
        yield from self.found

    def observe(
        self, key: str, column: str, given: Typed | None = None, *, tiny: bool = False
    ) -> Cast:
        """A cast for a column that leaves its type open: every value tells a type, and that is kept.

        `given`: the type that the attribute has elsewhere, to which values are cast; else each is cast by its own.
        Whether whole numbers end as Integer or Decimal makes no difference to what is sent, only to the type
        named with it, so nothing has to wait for the last row. `tiny`: numbers, of which 0 and 1 suggest a Boolean.
        """
        found, tell = self.found.setdefault(key, set()), _tiny if tiny else attributes.type_of
        if given is not None:
            self.given[key] = given
        if tiny:
            self._doubtful.add(key)

        def cast(value: object) -> Value:
            own = tell(value)
            if own is None:
                message = f"column {column!r} holds {kind(value)} here, which cannot be sent"
                raise Miscast("attribute_type", message, self._way_out(column, value))
            found.add(own)
            if given is None:
                return attributes.caster(own)(value)
            try:
                return attributes.caster(given.type)(value)
            except Miscast:
                if own is not given.type and casts.is_finite(value):
                    self._unfit.add(key)
                raise

        return cast

    def edition(self) -> str:
        """Text that changes when types elsewhere do, and with them what rows become; empty where there are none."""
        return ",".join(sorted(f"{key}:{typed.type}" for key, typed in self.given.items()))

    def meet(self, column: str, value: object) -> None:
        """A column holds this value, which is not null.

        Some databases do not tell what a column is, so one that turns out to hold nothing but
        binary data or JSON stops the mapping in the end; a stray value only rejects its row.
        """
        if casts.is_sendable(value):
            self.sendable.add(column)
        else:
            self._unsendable[column] = kind(value), self._way_out(column, value)

    def notice(self, key: str, column: str, values: abc.Sequence[object]) -> None:
        """Values of a column, of rows that once made records; what each would have told is taken in.

        `key` is the attribute, or any other field.
        """
        if column not in self.sendable and any(value is not None for value in values):
            self.sendable.add(column)
        found = self.found.get(key)
        if found is not None:
            kinds = {type(value): value for value in values if not is_empty(value)}
            found.update(own for own in map(attributes.type_of, kinds.values()) if own)

    def adopt(self, types: abc.Mapping[str, AttributeType]) -> None:
        """Take the types of a plan for the attributes that it names, wherever theirs come from here."""
        for key in types.keys() & {*self.known, *self.found}:
            self.known[key] = Typed(types[key], Origin.PLAN)
            self.found.pop(key, None)

    def settle(
        self, in_use: abc.Mapping[str, AttributeType]
    ) -> tuple[dict[str, Typed], list[Disagreement]]:
        """The type of every attribute once all rows were read, and what stands against it.

        `in_use` are the account's types. A column without any value is in neither: it is not sent and locks nothing.
        """
        types, problems = dict(self.known), list(self._of_columns())
        for key, found in self.found.items():
            agreed = self._agreed(key, in_use)
            if agreed is not None:
                types[key] = agreed
            elif found:
                names, given = ", ".join(sorted(found)), self.given.get(key)
                message = f"the values of attribute {key!r} disagree about its type: {names}"
                wanted = given.type if given else AttributeType.STRING
                problems.append(Disagreement(key, message, _declare(key, wanted)))
        problems += _against(types, {**self._shown(), **in_use})
        return types, problems

    def _agreed(self, key: str, in_use: abc.Mapping[str, AttributeType]) -> Typed | None:
        """The type of an attribute whose column leaves it open; None where there is no value, or they disagree."""
        found, given = self.found[key], self.given.get(key)
        if found and given is not None and key not in self._unfit:
            return given
        tiny = key in self._doubtful
        agreed = AttributeType.INTEGER if tiny and len(found) > 1 else attributes.agree(found)
        if agreed is AttributeType.INTEGER and in_use.get(key) is AttributeType.DECIMAL:
            agreed = AttributeType.DECIMAL  # whole numbers fit a Decimal attribute as they are
        if agreed is None:
            return None
        return Typed(agreed, Origin.TINYINT if tiny else Origin.VALUES)

    def _shown(self) -> dict[str, AttributeType]:
        """The types that customers of the account show."""
        given = self.given.items()
        return {key: typed.type for key, typed in given if typed.origin is Origin.ACCOUNT}

    def _of_columns(self) -> abc.Iterator[Disagreement]:
        for column, (what, way_out) in self._unsendable.items():
            if column not in self.sendable:
                message = f"column {column!r} holds {what}, which cannot be sent"
                yield Disagreement(column, message, way_out)

    def _way_out(self, column: str, value: object) -> str:
        """The SQL, of the column's own database, that makes text of a value."""
        known = self.columns.get(column, Column(column))
        sql = known.bytes_as_text if isinstance(value, bytes) else known.as_text
        return f"cast it in SQL, for example {sql.format(column)}, or leave the column out"


def _tiny(value: object) -> AttributeType | None:
    """The type that a small number suggests."""
    return AttributeType.BOOLEAN if value in (0, 1) else attributes.type_of(value)


def _against(
    types: abc.Mapping[str, Typed], in_use: abc.Mapping[str, AttributeType]
) -> abc.Iterator[Disagreement]:
    folded = {key.lower(): key for key in in_use}
    for key, typed in types.items():
        if key in in_use:
            if in_use[key] is not typed.type:
                yield conflict(key, typed, in_use[key])
        elif twin := folded.get(key.lower()):
            yield Disagreement(
                key,
                f"attribute {key!r} and {twin!r}, which this account has, differ only in case",
                f"call it {twin}, or give it a name of its own",
            )


def conflict(key: str, typed: Typed, *in_use: AttributeType) -> Disagreement:
    """A type that differs from that of the account, which a value may leave open between several."""
    there = " or ".join(sorted(in_use))
    return Disagreement(
        key,
        f"attribute {key!r} would be sent as {typed.type} ({typed.origin}), but it is {there} in this account",
        f"ChartMogul never changes a type: {_declare(key, in_use[0])}, or send it under another key",
    )


def _declare(key: str, wanted: str) -> str:
    return f"declare it, for example attributes: {{{key}: {{column: {key}, type: {wanted}}}}}"
