"""Fits a mapping to the columns of its query: what each column becomes, or every reason why it does not fit."""

from collections import abc
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sync.domain import objects
from sync.domain.objects import Descriptor, Kind
from sync.domain.policy import ExtraColumns, OnNull, TooLong
from sync.domain.record import ATTRIBUTE, AttributeType, Value
from sync.domain.tags import TAGS, texts
from sync.domain.typed import Origin, Typed
from sync.errors import ConfigError, ConfigProblem
from sync.mapping.interpolation import names_in
from sync.mapping.loader import LoadedMapping
from sync.mapping.model import AttributeSpec, FieldSpec, TagColumn
from sync.transform import attributes, casts, tags
from sync.transform.build import Binding, RecordBuilder
from sync.transform.casts import Cast, Miscast, Now
from sync.transform.contract import Contract, TypesOf, nowhere
from sync.transform.ignored import is_ignored, nearest
from sync.transform.uuids import uuid
from sync.warehouse.column import Column


def bind(
    loaded: LoadedMapping,
    columns: abc.Sequence[Column],
    now: datetime,
    clock: Now | None = None,
    types_of: TypesOf = nowhere,
) -> RecordBuilder:
    """A builder for rows of these columns; `now` bounds dates that must lie in the past.

    `clock`: where rows are read for a while, the bound is the moment in which a row is read. `types_of` tells the
    types that attributes have elsewhere, where a write would lock them.

    Raises:
        ConfigError: columns are missing, repeated or cannot be sent; a constant or default cannot be cast.
    """
    descriptor = objects.of(loaded.mapping.destination.object)
    places = {column.name: i for i, column in enumerate(columns)}
    return _Binder(loaded, descriptor, places, columns, now, clock, types_of).builder()


def misfits(loaded: LoadedMapping) -> list[ConfigProblem]:
    """The constants, defaults and results of value maps that cannot be cast: what the file alone tells, at any time.

    What stands in variables that are not set is passed over.
    """
    mapping, descriptor = loaded.mapping, objects.of(loaded.mapping.destination.object)
    binder = _Binder(loaded, descriptor, {}, (), datetime.max.replace(tzinfo=UTC), None)
    for name, spec in mapping.fields.items():
        if descriptor.fields[name].kind is not Kind.KEY:
            binder.fix(("fields", name), spec, _if_set(binder.cast_of(name, spec)))
    for key, attribute in mapping.attributes.items():
        binder.fix(("attributes", key), attribute, _if_set(binder.cast_to(attribute)))
    return binder.problems


def _if_set(cast: Cast) -> Cast:
    """The cast, but of texts that still name variables."""
    return lambda value: None if isinstance(value, str) and names_in(value) else cast(value)


@dataclass(slots=True)
class _Binder:
    loaded: LoadedMapping
    descriptor: Descriptor
    places: dict[str, int]
    columns: abc.Sequence[Column]
    now: datetime
    clock: Now | None
    types_of: TypesOf = nowhere
    problems: list[ConfigProblem] = field(default_factory=list)
    keys: list[Binding] = field(default_factory=list)
    slots: list[Binding] = field(default_factory=list)
    constants: dict[str, Value] = field(default_factory=dict)
    contract: Contract = field(default_factory=Contract)
    former: Binding | None = None
    tags: list[Binding] = field(default_factory=list)

    def builder(self) -> RecordBuilder:
        mapping = self.loaded.mapping
        self._refuse_repeats()
        for name, spec in mapping.fields.items():
            self._field(name, spec)
        for key, attribute in mapping.attributes.items():
            self._attribute(key, attribute)
        for place, item in enumerate(mapping.tags):
            self._tag(("tags", place), item)
        self._extras()
        self.contract.columns = {column.name: column for column in self.columns}
        if self.problems:
            raise ConfigError(*self.problems)
        order = self.descriptor.keys
        keys = sorted(self.keys, key=lambda slot: order.index(slot.field))
        return RecordBuilder(
            self.descriptor,
            tuple(keys),
            tuple(self.slots),
            self.constants,
            self.contract,
            self.former,
            tuple(self.tags),
        )

    def _problem(self, path: tuple[str | int, ...], message: str, hint: str = "") -> None:
        self.problems.append(self.loaded.problem_at(path, message, hint))

    def _refuse_repeats(self) -> None:
        names = [column.name for column in self.columns]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._problem(
                ("source",),
                f"the query has two columns {name!r}",
                "give each a name of its own with AS",
            )
        folded = [name.lower() for name in set(names)] if self._folds else []
        for name in sorted({name for name in folded if folded.count(name) > 1}):
            self._problem(
                ("source",),
                f"the query has columns that differ from {name!r} only in case",
                "give each a name of its own with AS",
            )

    def _field(self, name: str, spec: FieldSpec) -> None:
        path, known = ("fields", name), self.descriptor.fields[name]
        cast = self.cast_of(name, spec)
        if known.kind is Kind.KEY:
            index = self._place(path, spec.column or "")
            by_uuid = name == self.descriptor.own_name
            on_null = OnNull.REJECT if known.required or by_uuid else self._on_null(spec)
            key = uuid if by_uuid else cast
            self.keys.append(Binding(name, spec.column or "", index, key, on_null))
            if spec.was is not None:
                place = self._place((*path, "was"), spec.was)
                self.former = Binding(name, spec.was, place, key, OnNull.KEEP)
        else:
            self._slot(path, name, spec, cast)

    def _attribute(self, key: str, spec: AttributeSpec) -> None:
        self._slot(("attributes", key), ATTRIBUTE + key, spec, self.cast_to(spec))
        self.contract.known[key] = Typed(spec.type, Origin.DECLARED)

    def _tag(self, path: tuple[str | int, ...], item: str | TagColumn) -> None:
        if isinstance(item, str):
            self.constants[TAGS] = (*texts(self.constants.get(TAGS)), item)
            return
        index = self._place(path, item.column)
        cast = tags.caster(item.separator)
        self.tags.append(Binding(TAGS, item.column, index, cast, OnNull.KEEP))

    def _slot(
        self, path: tuple[str, ...], name: str, spec: FieldSpec | AttributeSpec, cast: Cast
    ) -> None:
        fixed = self.fix(path, spec, cast)
        if spec.column is None:
            self.constants[name] = fixed
            return
        as_is = isinstance(spec, AttributeSpec) and spec.type is AttributeType.STRING
        index = self._place(path, spec.column, as_is=as_is)
        how = (cast, self._on_null_of(name, spec), fixed, spec.map)
        self.slots.append(Binding(name, spec.column, index, *how))

    def cast_of(self, name: str, spec: FieldSpec) -> Cast:
        """The cast to a field."""
        zone = ZoneInfo(spec.timezone) if spec.timezone else UTC
        return casts.caster(self.descriptor.fields[name], zone, self.now, self.clock)

    def cast_to(self, spec: AttributeSpec) -> Cast:
        """The cast to an attribute."""
        zone = ZoneInfo(spec.timezone) if spec.timezone else UTC
        truncate = spec.too_long is TooLong.TRUNCATE
        return attributes.caster(spec.type, zone=zone, truncate=truncate)

    def fix(self, path: tuple[str, ...], spec: FieldSpec, cast: Cast) -> Value:
        """What stands in the file: the constant, or the default; what cannot be cast is a problem."""
        for text, value in (spec.map or {}).items():
            if value != "":  # blank text is null
                self._fixed((*path, "map", text), value, cast)
        if spec.column is None:
            return self._fixed((*path, "constant"), spec.constant, cast)
        if spec.default is None:
            return None
        return self._fixed((*path, "default"), spec.default, cast)

    def _on_null(self, spec: FieldSpec) -> OnNull:
        return spec.on_null or self.loaded.mapping.on_null

    def _on_null_of(self, name: str, spec: FieldSpec) -> OnNull:
        """What a null does; it keeps what ChartMogul cannot be without, whatever the mapping says of all fields."""
        field, on_null = self.descriptor.fields.get(name), self._on_null(spec)
        stays = field is not None and field.never_empty and on_null is OnNull.CLEAR
        return OnNull.KEEP if stays else on_null

    def _fixed(self, path: tuple[str, ...], value: object, cast: Cast) -> Value:
        try:
            return cast(value)
        except Miscast as miscast:
            self._problem(path, miscast.message, miscast.hint)
            return None

    def _place(self, path: tuple[str | int, ...], name: str, *, as_is: bool = False) -> int:
        """A column's place; `as_is`: text is wanted, in whatever way the database writes it."""
        index = self._known(name)
        if index is None:
            self._problem(
                path, f"the query has no column {name!r}", nearest(name, list(self.places))
            )
            return 0
        what = self.columns[index].unsendable
        if what and not (what == "money" and as_is):
            self._unsendable(path, self.columns[index])
        return index

    def _known(self, name: str | None) -> int | None:
        """The place of a column, in either case where the database takes them for the same."""
        index = self.places.get(name or "")
        if index is None and name and self._folds:
            return next((i for key, i in self.places.items() if key.lower() == name.lower()), None)
        return index

    @property
    def _folds(self) -> bool:
        return any(column.folds for column in self.columns)

    def _unsendable(self, path: tuple[str | int, ...], column: Column) -> None:
        message = f"column {column.name!r} is of type {column.unsendable}, which cannot be sent"
        hint = f"cast it in SQL, for example {column.as_text.format(column.name)}"
        self._problem(path, message, hint)

    def _extras(self) -> None:
        mapping = self.loaded.mapping
        specs = [*mapping.fields.values(), *mapping.attributes.values()]
        columns = [name for spec in specs for name in (spec.column, spec.was)]
        columns += [item.column for item in mapping.tag_columns]
        named = set(map(self._known, columns))
        extras = [
            (index, column)
            for index, column in enumerate(self.columns)
            if index not in named
            and self.places[column.name] == index  # of repeated ones the last
            and not is_ignored(column.name, mapping.ignore_columns, folds=self._folds)
        ]
        match mapping.extra_columns:
            case ExtraColumns.ATTRIBUTES:
                open_ = [column.name for _, column in extras if self._leaves_open(column)]
                given = self.types_of(open_) if open_ and self.descriptor.locks_types else {}
                for index, column in extras:
                    self._extra(index, column, given.get(column.name))
            case ExtraColumns.REJECT if extras:
                names = ", ".join(repr(column.name) for _, column in extras)
                self._problem(
                    ("extra_columns",),
                    f"the query has columns that nothing names: {names}",
                    "map them, or name them under ignore_columns",
                )
            case _:
                pass

    def _leaves_open(self, column: Column) -> bool:
        """Whether what a column is called, if anything, only suggests the type of its attribute."""
        if column.unsendable or not attributes.is_key(column.name):
            return False
        return column.type is None or (column.suggested and self.descriptor.locks_types)

    def _extra(self, index: int, column: Column, given: Typed | None) -> None:
        name = column.name
        path = ("extra_columns",)
        way_out = "rename it with AS, or name it under ignore_columns"
        if not attributes.is_key(name):
            message = f"column {name!r} cannot become an attribute: only letters, digits and _ are allowed"
            self._problem(path, message, way_out)
        elif twin := next((k for k in self.contract.names() if k.lower() == name.lower()), None):
            message = f"column {name!r} and attribute {twin!r} differ only in case"
            if twin == name:
                message = (
                    f"attribute {name!r} has another source, yet the query has column {name!r}"
                )
            self._problem(path, message, way_out)
        elif column.unsendable:
            sql = column.as_text.format(name)
            hint = f"cast it in SQL, for example {sql}, or name it under ignore_columns"
            message = f"column {name!r} is of type {column.unsendable}, which cannot be sent"
            self._problem(path, message, hint)
        else:
            self._add_extra(index, column, given)

    def _add_extra(self, index: int, column: Column, given: Typed | None) -> None:
        name = column.name
        if column.type is None or self._leaves_open(column):
            cast = self.contract.observe(name, name, given, tiny=column.suggested)
        else:
            cast = attributes.caster(column.type)
            self.contract.known[name] = Typed(column.type, Origin.COLUMN)
        self.slots.append(Binding(ATTRIBUTE + name, name, index, cast, self.loaded.mapping.on_null))
