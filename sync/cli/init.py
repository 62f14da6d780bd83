"""`init`: a first mapping from a table's columns, and the lines that `.env` and `.gitignore` need."""

import os
import re
from collections import abc
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from sync.cli.apart import apart
from sync.cli.config import settings_alone
from sync.cli.environ import variables
from sync.cli.new_files import complete_env, complete_gitignore, write_new
from sync.cli.say import say, say_lines
from sync.domain import objects
from sync.domain.record import Object
from sync.errors import ConfigError, ConfigProblem
from sync.mapping import options
from sync.mapping.dbt_models import DbtModel, read_models
from sync.mapping.json_schema import json_schema
from sync.mapping.options import Told
from sync.report.plain import indented
from sync.transform.draft import Unfit, draft
from sync.transform.draft_text import Whence, draft_text
from sync.warehouse.catalog import Catalog
from sync.warehouse.relation import Relation
from sync.warehouse.warehouse import Warehouse

#: What the first line of a mapping names, for editors.
_SCHEMA = Path("mapping.schema.json")
_FOLDER = Path("mappings")
_BY_HAND = "write the mapping by hand, with whatever column it is: the docs on the format have one of contacts"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asks for: tables, or models where a manifest is given; none lists them."""

    tables: tuple[str, ...]
    object: Object = Object.CUSTOMER
    output: Path | None = None
    manifest: Path | None = None
    #: What the driver is told besides the URL, as `NAME=VALUE`.
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A table that a name stands for, and the key that dbt knows."""

    relation: Relation
    stem: str
    key: tuple[str, ...] = ()
    #: What dbt calls it.
    model: str = ""


def init(wanted: Wanted) -> int:
    """List tables and views, or print or write a mapping for each that is named; 0.

    Raises:
        ConfigError: a table is not there or no mapping can be made of it, or a file would be overwritten.
        SourceError: the warehouse refused.
    """
    if wanted.output is not None and not wanted.tables:
        raise _wrong("--output goes with a TABLE", "`chartmogul-sync init` alone lists them")
    models = read_models(wanted.manifest) if wanted.manifest else None
    told = options.read(wanted.options, variables())
    catalog = Catalog(_open(told))
    known = apart(catalog.relations, catalog.warehouse.cancel)
    if not wanted.tables:
        _list(known, models)
        return 0
    found = [_find(name, known, models) for name in wanted.tables]
    files = _files(found, wanted.output)
    texts = {
        file: _text(catalog, one, wanted, told, file)
        for file, one in zip(files, found, strict=True)
    }
    if wanted.output is None:
        drafts = "\n".join(f"# {file.as_posix()}\n{text}" for file, text in texts.items())
        say(drafts.removesuffix("\n"))
        return 0
    if not _SCHEMA.exists():  # that of another version, or of the user's own, stays
        texts[_SCHEMA] = f"{indented(json_schema())}\n"
    write_new(texts)
    written = (f"{file} is written" for file in texts)
    following = f"next: {_missing()}chartmogul-sync preview {files[0]}"
    say_lines([*written, *complete_env(told.variables), *complete_gitignore(), following])
    return 0


def _open(told: Told) -> Warehouse:
    hidden = tuple(options.secrets(told.filled))
    return Warehouse.open(_url(), options.revealed(told.filled), secrets=hidden)


def _missing() -> str:
    """What the next step needs besides the mapping, before it."""
    told = variables()
    lacks = [
        name for name in ("CHARTMOGUL_API_KEY", "CHARTMOGUL_DATA_SOURCE") if not told.get(name)
    ]
    if not lacks:
        return ""
    return (
        f"{' and '.join(lacks)} into .env, from ChartMogul or from `chartmogul-sync sandbox`, then "
    )


def _url() -> str:
    settings = settings_alone()
    if settings.warehouse_url is None:
        hint = (
            "put it into the environment or .env: WAREHOUSE_URL=postgresql://reader:…@host/database"
        )
        raise _wrong("WAREHOUSE_URL is not set", hint)
    return settings.warehouse_url.get_secret_value()


def _list(known: abc.Sequence[Relation], models: dict[str, DbtModel] | None) -> None:
    if models is not None:
        for model in models.values():
            say(f"{model.name}  {Relation(model.schema, model.table).written}")
    else:
        for relation in known:
            say(f"{relation.written}{'  (view)' if relation.is_view else ''}")
    if known if models is None else models:
        say("\nnext: chartmogul-sync init TABLE prints a first mapping")
    else:
        say("there is no table or view that this user may see")


def _find(name: str, known: abc.Sequence[Relation], models: dict[str, DbtModel] | None) -> _Found:
    if models is None:
        relation = _relation(name, known)
        return _Found(relation, relation.name)
    if name not in models:
        raise _wrong(f"the manifest has no model {name!r}", _near(name, list(models)))
    model = models[name]
    for relation in known:
        there = (relation.schema or model.schema).lower(), relation.name.lower()
        if there == (model.schema.lower(), model.table.lower()):
            return _Found(relation, name, model.key, name)
    place = Relation(model.schema, model.table).written
    raise _wrong(f"the warehouse has no {place}, which is the model {name}", "dbt run makes it")


def _relation(name: str, known: abc.Sequence[Relation]) -> Relation:
    """The table of this name: as it is listed, in whatever case, or without its schema where that is plain."""
    folded = name.lower()
    for spelt in (
        [one for one in known if one.written == name],
        [one for one in known if one.written.lower() == folded],
        [one for one in known if one.name.lower() == folded],
    ):
        if len(spelt) == 1:
            return spelt[0]
        if spelt:
            names = ", ".join(one.written for one in spelt)
            raise _wrong(f"{name!r} names several tables", f"one of: {names}")
    written = [one.written for one in known]
    raise _wrong(f"the warehouse has no table or view {name!r}", _near(name, written))


def _near(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else "`chartmogul-sync init` lists them"


def _files(found: abc.Sequence[_Found], output: Path | None) -> list[Path]:
    """Where each mapping goes: into the file that is named, else into a folder, by the table's name."""
    if output is not None and len(found) == 1 and output.suffix in (".yml", ".yaml"):
        return [output]
    if output is not None and output.suffix in (".yml", ".yaml"):
        raise _wrong(f"--output {output} is one file, for several tables", "name a folder")
    stems = [_stem(one.stem) for one in found]
    for place, one in enumerate(found):
        if stems.count(stems[place]) > 1 and one.relation.schema:
            stems[place] = f"{_stem(one.relation.schema)}_{stems[place]}"
    if len(set(stems)) < len(stems):
        raise _wrong("two of these tables would have one file", "name each once")
    return [(output or _FOLDER) / f"{stem}.yml" for stem in stems]


def _stem(name: str) -> str:
    return re.sub(r"[^\w-]+", "_", name).strip("_") or "table"


def _text(catalog: Catalog, one: _Found, wanted: Wanted, told: Told, file: Path) -> str:
    table = apart(partial(catalog.table, one.relation), catalog.warehouse.cancel)
    try:
        made = draft(table, objects.of(wanted.object), one.key)
    except Unfit as error:
        raise _wrong(str(error), _BY_HAND) from None
    dbt = None if wanted.manifest is None else (one.model, _from(file, wanted.manifest))
    whence = Whence(one.relation.written, told.written, dbt)
    return draft_text(made, whence, _from(file, _SCHEMA))


def _from(file: Path, other: Path) -> str:
    """Where another file is, as a mapping's file names it."""
    return Path(os.path.relpath(other.absolute(), file.absolute().parent)).as_posix()


def _wrong(message: str, hint: str) -> ConfigError:
    return ConfigError(ConfigProblem(message, hint))
