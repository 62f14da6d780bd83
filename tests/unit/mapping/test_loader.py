"""From YAML files to mappings, or to every problem with its line."""

import json
import os
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.errors import ConfigError, ConfigProblem
from sync.mapping.loader import EVERYTHING, Need, load
from sync.mapping.yaml import parse
from sync.report.failure import errors_text
from tests.support.needed import needed

ENVIRONMENT = {
    "WAREHOUSE_URL": "sqlite:///warehouse.db",
    "CHARTMOGUL_API_KEY": "key-of-the-environment",
    "CHARTMOGUL_DATA_SOURCE": "ds_environment",
}
SOUND = """\
version: 1
source:
  query: select 1
destination:
  object: customer
fields:
  external_id: id
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test works in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(text, name="customers.yml"):
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def load_text(text, environment=ENVIRONMENT, needs=EVERYTHING):
    return load([write(text)], environment, needs)[0]


def problems(text, environment=ENVIRONMENT, needs=EVERYTHING):
    """(line, column, path, message, hint) of every problem."""
    with pytest.raises(ConfigError) as caught:
        load_text(text, environment, needs)
    return [
        (p.line, p.column, p.path, p.message, p.hint)
        for p in caught.value.problems
        if p.file == "customers.yml"
    ]


def messages(text, environment=ENVIRONMENT, needs=EVERYTHING):
    return [message for *_, message, _ in problems(text, environment, needs)]


def sound(**parts):
    """The sound mapping with lines in place of, or below, the named ones."""
    text = SOUND
    for name, line in parts.items():
        found = re.search(rf"(?m)^ *{name}:.*\n", text)
        text = text.replace(found[0], line + "\n") if found else text + line + "\n"
    return text


def test_sound():
    """A sound file becomes a mapping, named by its stem, with the environment's defaults."""
    loaded = load_text(SOUND)
    mapping = loaded.mapping
    assert loaded.file == "customers.yml"
    assert mapping.name == "customers"
    assert mapping.source.query == "select 1"
    assert mapping.source.url.get_secret_value() == "sqlite:///warehouse.db"
    assert mapping.destination.data_source == "ds_environment"
    assert mapping.destination.api_key.get_secret_value() == "key-of-the-environment"


def test_whole_text():
    """All problems of all files read as one text, each with its place, the value and a way out."""
    write(
        """\
version: 1
source:
  query: select 1
destination:
  object: custmer
fields:
  external_id: id
  name: {colum: company}
allow_empty: true
""",
        "mappings/customers.yml",
    )
    write(SOUND + "mode: upsrt\nattributes:\n  seats: seats\n", "mappings/more.yaml")
    with pytest.raises(ConfigError) as caught:
        load([Path("mappings")], ENVIRONMENT)
    expected = """\
mappings/customers.yml: 3 problems

  mappings/customers.yml:5:3  destination.object
      'custmer' is not something ChartMogul takes; use one of: contact, customer

  mappings/customers.yml:8:10  fields.name.colum
      unknown key 'colum'; did you mean 'column'?

  mappings/customers.yml:9:1  allow_empty
      unknown key 'allow_empty'
      hint: it belongs under limits

mappings/more.yaml: 2 problems

  mappings/more.yaml:8:1  mode
      'upsrt' is not allowed here; use one of: insert, update, upsert

  mappings/more.yaml:10:3  attributes.seats
      an attribute needs its type, which ChartMogul locks for good
      hint: write seats: {column: …, type: String}; the types are String, Integer, Decimal, \
Timestamp, Boolean"""
    assert errors_text(caught.value) == expected


# ---- files and folders


def test_folder():
    """A folder stands for its *.yml and *.yaml, sorted; nothing below it, and no hidden file."""
    for name in ("b.yml", "a.yaml", "c.txt", ".d.yml", "deep/e.yml"):
        write(SOUND, f"mappings/{name}")
    loaded = load([Path("mappings")], ENVIRONMENT)
    assert [item.file for item in loaded] == ["mappings/a.yaml", "mappings/b.yml"]


def test_named_twice():
    """A file that is named twice, by itself and by its folder, counts once."""
    file = write(SOUND, "mappings/a.yml")
    loaded = load([file, Path("mappings"), file.resolve()], ENVIRONMENT)
    assert [item.file for item in loaded] == ["mappings/a.yml"]


def test_absolute_path(folder):
    """An absolute path below the working directory is shown relative to it; any other as given."""
    inside = write(SOUND)
    outside = folder.parent / "elsewhere.yml"
    outside.write_text(SOUND)
    loaded = load([inside.resolve(), outside], ENVIRONMENT)
    outside.unlink()
    assert [item.file for item in loaded] == ["customers.yml", str(outside)]


HINT = "`chartmogul-sync demo` shows a whole example; the README has a first mapping"


def test_nothing_there():
    """A missing file and an empty folder are problems that say how to begin."""
    Path("empty").mkdir()
    with pytest.raises(ConfigError) as caught:
        load([Path("mappings"), Path("empty")], ENVIRONMENT)
    assert set(caught.value.problems) == {
        ConfigProblem("there is no such file or folder", HINT, "mappings"),
        ConfigProblem(
            "this folder holds no mapping: no file ends with .yml or .yaml", HINT, "empty"
        ),
    }


def test_not_a_file():
    """What is neither file nor folder is not read: a pipe would block for ever."""
    os.mkfifo("pipe.yml")
    with pytest.raises(ConfigError) as caught:
        load([Path("pipe.yml")], ENVIRONMENT)
    assert caught.value.problems == (ConfigProblem("this is not a file", "", "pipe.yml"),)


def test_unreadable():
    """A link that leads in a circle and an impossible name are problems of these files only."""
    Path("loop.yml").symlink_to("loop.yml")
    name = "x" * 300
    with pytest.raises(ConfigError) as caught:
        load([Path("loop.yml"), Path(name)], ENVIRONMENT)
    assert [(problem.file, problem.message) for problem in caught.value.problems] == [
        ("loop.yml", "there is no such file or folder"),
        (name, "the file cannot be read: File name too long"),
    ]


def test_too_large():
    """A file of more than 256 KiB is no mapping."""
    assert messages(SOUND + "#" * 256 * 1024) == ["the file is larger than 256 KiB"]


def test_not_utf8():
    """A file in another encoding is refused at the line that shows it."""
    text = SOUND.encode() + "name: Müller".encode("latin-1")
    assert problems(text) == [(8, 1, "", "the file is not UTF-8", "save it as UTF-8")]


def test_byte_order_mark():
    """A byte order mark, as Windows writes it, does no harm."""
    assert load_text(b"\xef\xbb\xbf" + SOUND.encode()).mapping.name == "customers"


# ---- conflicts between files


def test_same_name():
    """Two mappings with one name are a problem that names both files."""
    paths = [write(SOUND, "a/customers.yml"), write(SOUND, "b/customers.yml")]
    with pytest.raises(ConfigError) as caught:
        load(paths, ENVIRONMENT)
    assert caught.value.problems == (
        ConfigProblem(
            "a/customers.yml has the same name",
            "give one of the two another name: …",
            "b/customers.yml",
            1,
            1,
            "name",
        ),
    )


def attribute(key, kind, more=""):
    return SOUND + more + f"attributes:\n  {key}: {{column: x, type: {kind}}}\n"


@pytest.mark.parametrize(
    ("key", "kind", "message"),
    [
        ("seats", "Decimal", "Decimal here, and Integer in a.yml"),
        ("Seats", "Integer", "'Seats' and 'seats' in a.yml differ only in case"),
    ],
)
def test_attribute_conflict(key, kind, message):
    """An attribute has one type in an account: mappings that disagree are refused together."""
    paths = [write(attribute("seats", "Integer"), "a.yml"), write(attribute(key, kind), "b.yml")]
    with pytest.raises(ConfigError) as caught:
        load(paths, ENVIRONMENT)
    assert [(p.file, p.line, p.path, p.message) for p in caught.value.problems] == [
        ("b.yml", 9, f"attributes.{key}", message)
    ]


def test_attributes_of_two_accounts():
    """Mappings with different API keys may type a key differently; so may customers and contacts."""
    contact = (
        attribute("seats", "Boolean")
        .replace("object: customer", "object: contact")
        .replace("  external_id: id\n", "  external_id: id\n  customer_external_id: c\n")
    )
    other = attribute("seats", "Decimal").replace(
        "  object: customer\n", "  object: customer\n  api_key: ${OTHER_KEY}\n"
    )
    texts = [attribute("seats", "Integer"), contact, other, attribute("seats", "Integer")]
    paths = [write(text, f"{number}.yml") for number, text in enumerate(texts)]
    assert len(load(paths, ENVIRONMENT | {"OTHER_KEY": "k"})) == 4


# ---- YAML


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("off", "off"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("Null", "Null"),
        ("0", 0),
        ("5", 5),
        ("-5", -5),
        ("01234", "01234"),
        ("+49", "+49"),
        ("0o17", "0o17"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z"),
        ("0.10", Decimal("0.10")),
        ("-1.5", Decimal("-1.5")),
        ("1e3", Decimal("1e3")),
        ("1e99999", "1e99999"),
        (".5", ".5"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("9" * 400, int("9" * 400)),
        ("9" * 5000, "9" * 5000),
        ('"5"', "5"),
        ("'true'", "true"),
        ("!!str 5", "5"),
        ("!!int 5", 5),
        ("=", "="),
        ("a<<b", "a<<b"),
    ],
)
def test_scalars(text, value):
    """Only true and false are Boolean; numbers are decimal, exact, and written as JSON writes them."""
    found = parse(f"key: {text}\n", "f").data["key"]
    assert (type(found), found) == (type(value), value)


def test_keys_are_text():
    """A key is text, whatever it looks like."""
    assert parse("2024: a\nNO: b\ntrue: c\n", "f").data == {"2024": "a", "NO": "b", "true": "c"}


def test_aliases():
    """An anchor's value can be used again."""
    assert parse("a: &x {b: 1}\nc: *x\n", "f").data == {"a": {"b": 1}, "c": {"b": 1}}


BOMB = "a0: &a0 [x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", (1, 1), "the file is empty"),
        ("# nothing\n", (1, 1), "the file is empty"),
        ("- a\n", (1, 1), "a mapping file holds keys and values, from version: 1 on"),
        ("text\n", (1, 1), "a mapping file holds keys and values, from version: 1 on"),
        ("a: 1\nb: 2\na: 3\n", (3, 1), "key 'a' is written twice; first in line 1"),
        (
            "a: 1\n---\nb: 2\n",
            (3, 1),
            "one file holds one mapping; take the second document out",
        ),
        ("a: 1\nb: [1\n", (3, 1), "this is not YAML: expected ',' or ']', but got '<stream end>'"),
        ("a: b: c\n", (1, 5), "this is not YAML: mapping values are not allowed here"),
        ("a: *x\n", (1, 4), "this is not YAML: found undefined alias 'x'"),
        (
            "a:\n\tb: 1\n",
            (2, 1),
            "this is not YAML: found character '\\t' that cannot start any token",
        ),
        ("a: \0\n", (1, 4), "this is not YAML: the character U+0000"),
        ("a: x\nb: é\x07\n", (2, 5), "this is not YAML: the character U+0007"),
        ('a: "\\UFFFFFFFF"\n', (1, 1), "this is not YAML: an escape or a number is out of range"),
        (
            'a: "\\uD800"\n',
            (1, 4),
            "the escape of half a character; write the character itself",
        ),
        (
            "x: &x {a: 1}\ny:\n  <<: *x\n",
            (3, 3),
            "merge keys (<<) are no part of YAML 1.2; write the keys out",
        ),
        ("? [a]\n: b\n", (1, 3), "a key is one word, not a list or a mapping"),
        (
            "a: !!python/object/apply:os.system [ls]\n",
            (1, 4),
            "the tag !!python/object/apply:os.system is not allowed; take it out",
        ),
        ("a: !secret x\n", (1, 4), "the tag !secret is not allowed; take it out"),
        ("a: !!binary eA==\n", (1, 4), "the tag !!binary is not allowed; take it out"),
        ("a: !!set {b}\n", (1, 4), "the tag !!set is not allowed; take it out"),
        ("a: !!int x\n", (1, 4), "this does not fit its tag !!int"),
        ("a: " + "[" * 45 + "]" * 45, (1, 44), "nested too deeply; 40 levels are allowed"),
        ("a: " + "[" * 5000, (1, 44), "nested too deeply; 40 levels are allowed"),
        ("a: &a [*a]\n", (1, 4), "nested too deeply; 40 levels are allowed"),
    ],
)
def test_not_a_mapping_file(text, place, message):
    """What is no YAML, or YAML that a mapping has no use for, is one problem at its place."""
    with pytest.raises(ConfigError) as caught:
        parse(text, "f.yml")
    found = [(p.file, p.line, p.column, p.message) for p in caught.value.problems]
    assert found == [("f.yml", *place, message)]


def test_tabs_have_a_hint():
    """YAML's own words do not say what to do."""
    with pytest.raises(ConfigError) as caught:
        parse("a:\n\tb: 1\n", "f.yml")
    assert "spaces" in caught.value.problems[0].hint


def test_alias_bomb():
    """A few lines of aliases that stand for millions of values are refused in no time."""
    with pytest.raises(ConfigError) as caught:
        parse(BOMB, "f.yml")
    assert caught.value.message == "the file holds too much, or its aliases multiply it"


def test_several_yaml_problems():
    """Repeated keys and foreign tags are reported together."""
    with pytest.raises(ConfigError) as caught:
        parse("a: 1\na: 2\nb: !x y\n", "f.yml")
    assert [problem.line for problem in caught.value.problems] == [2, 3]


# ---- places


def test_places():
    """A problem stands at its key; one about what is missing at the nearest part that is there."""
    text = """\
version: 1
source: {query: select 1}
destination:
  object: customer
  colour: red
fields:
  external_id: id
  name: 5
attributes:
  seats: {column: seats}
tags:
  - a
  - ""
"""
    assert [problem[:4] for problem in problems(text)] == [
        (
            5,
            3,
            "destination.colour",
            "unknown key 'colour'; allowed here: object, data_source, account, api_key",
        ),
        (8, 3, "fields.name", "5 is not a column; write the column's name, or {constant: …}"),
        (10, 3, "attributes.seats.type", "key 'type' is missing"),
        (11, 1, "tags", "is empty; give a value"),
    ]


def test_place_in_a_list():
    """A list's item has a place of its own."""
    loaded = load_text(SOUND + "tags:\n  - a\n  - b\n")
    assert loaded.problem_at(("tags", 1), "x") == ConfigProblem(
        "x", "", "customers.yml", 10, 5, "tags.1"
    )
    assert loaded.problem_at(("tags", 2), "x").line == 8


def test_problem_at():
    """Later problems are placed by the path of what they are about, in either form of a field."""
    loaded = load_text(SOUND + "  name: {column: company}\n")
    file = "customers.yml"
    problem = loaded.problem_at(("fields", "name", "column"), "no column 'company'", "a hint")
    assert problem == ConfigProblem(
        "no column 'company'", "a hint", file, 8, 10, "fields.name.column"
    )
    problem = loaded.problem_at(("fields", "external_id", "column"), "no column 'id'")
    assert problem == ConfigProblem("no column 'id'", "", file, 7, 3, "fields.external_id")
    problem = loaded.problem_at(("source",), "two columns")
    assert problem == ConfigProblem("two columns", "", file, 2, 1, "source")
    assert loaded.written(("fields", "name", "column")) == "'company'"
    assert loaded.written(("fields", "name")) == "a mapping"
    problem = loaded.problem_at(("extra_columns",), "unnamed")
    assert problem == ConfigProblem("unnamed", "", file, 1, 1, "extra_columns")


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("query: x", "unknown key 'query'", "it belongs under source"),
        ("api_key: x", "unknown key 'api_key'", "it belongs under destination"),
        ("max_creates: 5", "unknown key 'max_creates'", "it belongs under limits"),
        ("tag: [x]", "unknown key 'tag'; did you mean 'tags'?", ""),
        ("zzz: 1", "unknown key 'zzz'", ""),
        ("source: x", "source holds keys and values of its own; put them under it", ""),
        ("mode:", "has no value; give one, or take the key out", ""),
        ("limits: {mode: x}", "unknown key 'mode'", "it belongs at the top level"),
        ("tags: {a: b}", "a mapping is not a list; write it as [one, two]", ""),
        ("name: [a]", "a list is not text; put it in quotes", ""),
        ("name: 5", "5 is not text; put it in quotes", ""),
        ("version: 3", "3 is not a version of this format; write version: 1", ""),
        (
            "source: {url: 5, query: x}",
            "5 is not text; put it in quotes",
            "",
        ),
        (
            "fields: {external_id: id, name: {column: a, type: String}}",
            "unknown key 'type'",
            "it belongs to attributes; ChartMogul knows the types of its own fields",
        ),
        (
            "attributes: {a: {column: x, type: string}}",
            "'string' is not a type of ChartMogul; use one of: "
            "String, Integer, Decimal, Timestamp, Boolean",
            "",
        ),
        (
            "attributes: {a: {column: x, type: String, too_long: cut}}",
            "'cut' is not allowed here; use one of: reject, truncate",
            "",
        ),
        (
            "fields: {external_id: id, name: {column: a, on_null: drop}}",
            "'drop' is not allowed here; use one of: clear, keep, reject",
            "",
        ),
    ],
)
def test_messages(line, message, hint):
    """A message has the value, what is allowed, and the way out."""
    name = line.split(":")[0]
    text = re.sub(rf"(?m)^{name}:.*\n((?:  .*\n)*)", "", SOUND) + line + "\n"
    assert [problem[3:] for problem in problems(text)] == [(message, hint)]


def test_long_value():
    """A long value is cut in a message."""
    (message,) = messages(SOUND + f"mode: {'x' * 100}\n")
    assert message == f"'{'x' * 60}…' is not allowed here; use one of: insert, update, upsert"


# ---- references


def test_references():
    """References are replaced in values, wherever they stand, and never in keys."""
    text = """\
version: 1
name: ${NAME}
source: {query: "select '${A}' || '${B:-none}' || '$${A}' || $1 || $$x$$"}
destination: {object: "${OBJECT}"}
fields: {external_id: "${COLUMN:-id}"}
tags: ["${A}-${A}", "${EMPTY}x"]
limits: {max_creates: "${MAX}", max_rejected: "${SHARE:-5%}", allow_empty: "${FLAG}"}
"""
    given = {"NAME": "n", "A": "a", "OBJECT": "customer", "EMPTY": "", "MAX": "10", "FLAG": "true"}
    mapping = load_text(text, ENVIRONMENT | given).mapping
    assert mapping.name == "n"
    assert mapping.source.query == "select 'a' || 'none' || '${A}' || $1 || $$x$$"
    assert mapping.fields["external_id"].column == "id"
    assert mapping.tags == ("a-a", "x")
    assert mapping.limits.max_creates.limit(0) == 10
    assert mapping.limits.max_rejected.limit(100) == 5
    assert mapping.limits.allow_empty is True


def test_default_for_empty():
    """As in a shell, a default stands in for a variable that is empty, too."""
    assert load_text(sound(name="name: ${X:-d}"), ENVIRONMENT | {"X": ""}).mapping.name == "d"


def test_replaced_text_stays_text():
    """What a variable holds is text, whatever it looks like: no number, no list, no reference."""
    text = SOUND + "  zip: {constant: '${ZIP}'}\n  city: {constant: \"${CITY}\"}\n"
    given = {"ZIP": "01234", "CITY": "[${ZIP}]"}
    fields = load_text(text, ENVIRONMENT | given).mapping.fields
    assert (fields["zip"].constant, fields["city"].constant) == ("01234", "[${ZIP}]")


def test_keys_are_not_replaced():
    """A reference in a key is no reference."""
    assert messages(SOUND + "attributes: {'${X}': {column: a, type: String}}\n") == [
        "'${X}' is not an attribute key; use letters, digits and _"
    ]


def test_unset():
    """An unset name is a problem at the line that wants it."""
    text = SOUND + "tags:\n  - a\nmode: ${MODE}\nname: ${A}-${B}-${A}\n"
    hint = "set {} in the environment or in .env"
    assert problems(text) == [
        (11, 1, "name", "A and B are not set", hint.format("them")),
        (10, 1, "mode", "MODE is not set", hint.format("it")),
    ]


def test_unset_in_a_list():
    """An unset name in a list is a problem as well."""
    assert [p[2:4] for p in problems(SOUND + "tags: [a, '${TAG}']\n")] == [
        ("tags", "TAG is not set")
    ]


@pytest.mark.parametrize("value", ["${}", "${1A}", "${A", "${A-b}", "${A:-${B}}", "${a b}"])
def test_broken_reference(value):
    """What begins like a reference and is none is a problem, not text."""
    message = "'${' begins no reference; write ${NAME}, ${NAME:-default}, or $${ for '${'"
    assert messages(sound(name=f"name: '{value}'"), ENVIRONMENT | {"A": "a"}) == [message]


def test_environment_is_not_shown():
    """A wrong value that came from the environment is shown as the file spells it."""
    text = SOUND + "mode: ${SECRET}\ntolerate_rejected: ${SECRET}\nname: ${SECRET:-x}\n"
    text = text.replace("object: customer", "object: ${SECRET}\n  data_source: ${SECRET}")
    with pytest.raises(ConfigError) as caught:
        load_text(text, ENVIRONMENT | {"SECRET": "plantedQ7xV2kZ92"})
    assert "plantedQ7xV2kZ92" not in errors_text(caught.value)
    assert messages(text, ENVIRONMENT | {"SECRET": "plantedQ7xV2kZ92"}) == [
        "'${SECRET}' is not something ChartMogul takes; use one of: contact, customer",
        "'${SECRET}' is not the uuid of a data source; it begins with ds_",
        "'${SECRET}' is not allowed here; use one of: insert, update, upsert",
        "'${SECRET}' is not a number of rows or a percentage; write it as 50 or 5%",
    ]


# ---- secrets


KEY_MESSAGE = "api_key must come from the environment, without a default"
KEY_HINT = "write api_key: ${CHARTMOGUL_API_KEY}, or another variable's name"


@pytest.mark.parametrize(
    "value",
    [
        *("plantedQ7xV2kZ9", "12345", "${KEY:-plantedQ7xV2kZ9}", "[plantedQ7xV2kZ9]"),
        *("x${KEY}", "${KEY}${KEY}", "'$${KEY}'"),
    ],
)
@pytest.mark.parametrize("needs", [EVERYTHING, frozenset()])
def test_literal_key(value, needs):
    """An API key in a file is a problem that never shows it, also where no key is needed."""
    text = sound(object=f"  object: customer\n  api_key: {value}")
    found = problems(text, ENVIRONMENT | {"KEY": "plantedQ7xV2kZ92"}, needs)
    assert found == [(6, 3, "destination.api_key", KEY_MESSAGE, KEY_HINT)]


def test_other_key():
    """Another variable can hold the key of another account."""
    text = sound(object="  object: customer\n  api_key: ${OTHER}")
    destination = load_text(text, ENVIRONMENT | {"OTHER": "other"}).mapping.destination
    assert destination.api_key.get_secret_value() == "other"


URL_MESSAGE = "the password of url must come from the environment, without a default"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:plantedQ7xV2kZ92@host/db",
        "postgresql://${U}:plantedQ7xV2kZ92@host/db",
        "postgresql://user:${P}plantedQ7xV2kZ92@host/db",
        "postgresql://user:${P:-plantedQ7xV2kZ92}@host/db",
        "${URL:-postgresql://user:plantedQ7xV2kZ92@host/db}",
        "postgresql://${USERINFO:-user:plantedQ7xV2kZ92}@host/db",
        "${USER}:plantedQ7xV2kZ92@host",
        "postgresql://user:$${plantedQ7xV2kZ92}@host/db",
        "postgresql://host/db?password=plantedQ7xV2kZ92",
        "bigquery://project?credentials_base64=plantedQ7xV2kZ92",
        "mssql://?odbc_connect=DRIVER%3Dx%3BPWD%3DplantedQ7xV2kZ92",
    ],
)
def test_literal_password(url):
    """A password in a file is a problem that never shows it."""
    text = sound(query=f"  query: select 1\n  url: '{url}'")
    environment = ENVIRONMENT | {"P": "p", "U": "u", "USER": "db://u"}
    hint = "write ${NAME} for it, or url: ${WAREHOUSE_URL} for the whole"
    assert problems(text, environment) == [(4, 3, "source.url", URL_MESSAGE, hint)]


OUT_OF_PLACE = "{} is a secret, which would show in reports or be sent from here"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("CHARTMOGUL_API_KEY", "name: ${CHARTMOGUL_API_KEY}"),
        ("CHARTMOGUL_API_KEY", "  owner: {constant: '${CHARTMOGUL_API_KEY:-x}@example.com'}"),
        ("CHARTMOGUL_API_KEY", "tags: [a, 'b${CHARTMOGUL_API_KEY}']"),
        ("WAREHOUSE_URL", "  city: {column: city, default: '${WAREHOUSE_URL}'}"),
        ("SYNC_STATE_URL", "ignore_columns: ['${SYNC_STATE_URL}']"),
        ("OTHER", "name: ${OTHER}"),
        ("PASSWORD", "name: ${PASSWORD}"),
        ("QUERY_PASSWORD", "name: ${QUERY_PASSWORD}"),
    ],
)
def test_secrets_stay_in_their_places(name, line):
    """A secret fills nothing that is shown, reported or sent, whatever a mapping says."""
    needed("psycopg")
    url = "postgresql://u:${PASSWORD}@${HOST}/db?sslpassword=${QUERY_PASSWORD}"
    text = sound(
        query=f"  query: select '${{HOST}}'\n  url: '{url}'",
        object="  object: customer\n  api_key: ${OTHER}",
    )
    secrets = ("OTHER", "PASSWORD", "QUERY_PASSWORD", "SYNC_STATE_URL")
    environment = ENVIRONMENT | dict.fromkeys(secrets, "plantedQ7xV2kZ92") | {"HOST": "h"}
    mapping = load_text(text, environment).mapping
    assert mapping.source.query == "select 'h'"
    assert mapping.destination.api_key.get_secret_value() == "plantedQ7xV2kZ92"
    assert messages(text + line + "\n", environment) == [OUT_OF_PLACE.format(name)]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("CHARTMOGUL_API_KEY", {"query": "  query: select 1\n  url: 'db://u:${CHARTMOGUL_API_KEY}@h/db'"}),
        ("CHARTMOGUL_API_KEY", {"query": "  query: select '${CHARTMOGUL_API_KEY}'"}),
        ("WAREHOUSE_URL", {"object": "  object: customer\n  api_key: ${WAREHOUSE_URL}"}),
        ("SYNC_STATE_URL", {"object": "  object: customer\n  api_key: ${SYNC_STATE_URL}"}),
    ],
)  # fmt: skip
def test_secrets_go_to_their_own_server(name, parts):
    """The API key never goes to a database, nor a database's URL to ChartMogul."""
    environment = ENVIRONMENT | {"SYNC_STATE_URL": "sqlite:///state.db"}
    assert messages(sound(**parts), environment) == [OUT_OF_PLACE.format(name)]


@pytest.mark.parametrize(
    ("url", "given"),
    [
        ("${OTHER_URL}", "postgresql+psycopg://u:p@h/db"),
        ("postgres://${U}:${P}@h/db", "postgresql+psycopg://u:p@h/db"),
        ("postgresql://u@h/db?password=${P}", "postgresql+psycopg://u@h/db?password=p"),
        ("postgresql+psycopg2://u@h/db", "postgresql+psycopg2://u@h/db"),
        ("sqlite:///other.db", "sqlite:///other.db"),
        ("${NOT_SET:-sqlite:///other.db}", "sqlite:///other.db"),
    ],
)
def test_url(url, given):
    """The URL may name its password or be one variable; postgresql:// means psycopg 3."""
    if given.startswith("postgresql+psycopg:"):
        needed("psycopg")
    environment = ENVIRONMENT | {"U": "u", "P": "p", "OTHER_URL": "postgresql://u:p@h/db"}
    text = sound(query=f"  query: select 1\n  url: '{url}'")
    assert load_text(text, environment).mapping.source.url.get_secret_value() == given


@pytest.mark.parametrize(
    ("url", "message", "hint"),
    [
        (
            "plantedQ7xV2kZ92",
            "the URL of a database belongs here, and this is none",
            "write it as postgresql://user:${PASSWORD}@host/database or sqlite:///file.db",
        ),
        (
            " ",
            "the URL of a database belongs here, and this is empty",
            "write it as postgresql://user:${PASSWORD}@host/database or sqlite:///file.db",
        ),
        (
            "trino://plantedQ7xV2kZ92@h/db",
            "what reads trino is not installed",
            "pip install 'chartmogul-sync[trino]'",
        ),
        (
            "postgrsql://plantedQ7xV2kZ92@h/db",
            "nothing that is installed reads 'postgrsql'",
            "did you mean postgresql?",
        ),
        (
            "zzz://plantedQ7xV2kZ92@h/db",
            "nothing that is installed reads 'zzz'",
            "known are: sqlite, postgresql, mysql, mariadb, duckdb, redshift, snowflake, "
            "bigquery, databricks, mssql, clickhousedb, trino",
        ),
    ],
)
def test_url_refused(url, message, hint):
    """A URL that cannot be used is a problem that shows nothing of it but the dialect."""
    found = problems(SOUND, ENVIRONMENT | {"WAREHOUSE_URL": url})
    assert found == [(2, 1, "source.url", message, hint)]


def test_password_in_the_wrong_place():
    """A URL in the place of something else loses its password in the message."""
    url = "postgresql://user:plantedQ7xV2kZ92@host/db"
    text = sound(object=f"  object: {url}").replace("  external_id: id", f"  - {url}")
    with pytest.raises(ConfigError) as caught:
        load_text(text + f"mode: {url}\n")
    assert "plantedQ7xV2kZ92" not in errors_text(caught.value)


# ---- what is needed


def test_nothing_needed():
    """Files alone are checked without any of the implicit variables."""
    mapping = load_text(SOUND, {}, frozenset()).mapping
    assert mapping.source.url.get_secret_value() == ""
    assert mapping.destination.api_key.get_secret_value() == ""
    assert mapping.destination.data_source == ""


def test_key_not_needed():
    """Where no key is needed, one that is unset or broken does not matter; other names do."""
    text = sound(object="  object: customer\n  api_key: ${KEY}\n  data_source: ${SOURCE}")
    for environment in ({}, {"KEY": "a b"}):
        assert messages(text, environment, frozenset()) == ["SOURCE is not set"]


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ({Need.WAREHOUSE}, [("source.url", "WAREHOUSE_URL is not set")]),
        (
            {Need.CHARTMOGUL},
            [
                ("destination.data_source", "CHARTMOGUL_DATA_SOURCE is not set"),
                ("destination.api_key", "CHARTMOGUL_API_KEY is not set"),
            ],
        ),
    ],
)
def test_needs(needs, expected):
    """What a command needs and nothing gives is a problem where the file would say it."""
    found = problems(SOUND, {"WAREHOUSE_URL": "", "CHARTMOGUL_API_KEY": ""}, needs)
    assert [(path, message) for _, _, path, message, _ in found] == expected


def test_driver_is_not_needed():
    """Files alone are checked without the driver of their warehouse."""
    environment = ENVIRONMENT | {"WAREHOUSE_URL": "snowflake://a"}
    assert load_text(SOUND, environment, {Need.CHARTMOGUL})
    assert messages(SOUND, environment) == ["what reads snowflake is not installed"]


# ---- query files


def query_file(name):
    return sound(query=f"  query_file: {name}")


def test_query_file():
    """A query file is read from the folder of the mapping, as it is: SQL may hold ${ and all else."""
    write("select '${x}', 'é'\n", "mappings/sql/q.sql")
    file = write(query_file("sql/q.sql"), "mappings/customers.yml")
    source = load([file], ENVIRONMENT)[0].mapping.source
    assert (source.query, source.query_file) == ("select '${x}', 'é'\n", "sql/q.sql")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("q.sql", "'q.sql': there is no such file or folder"),
        ("../outside.sql", "'../outside.sql' is not inside the folder of this mapping"),
        ("link.sql", "'link.sql' is not inside the folder of this mapping"),
        ("/etc/hostname", "'/etc/hostname' is not inside the folder of this mapping"),
        ("empty.sql", "'empty.sql': the file is empty"),
        ("latin.sql", "'latin.sql': the file is not UTF-8"),
        (".", "'.': this is not a file"),
        ("${X}", "'${X}': there is no such file or folder"),
        ("", "has no value; give one, or take the key out"),
        ("' '", "is empty; give a value"),
        ('"a\\0b"', "'a\\x00b' is not inside the folder of this mapping"),
    ],
)
def test_query_file_refused(name, message):
    """A query file must be readable text below the mapping's folder, wherever links lead."""
    write("select 1", "outside.sql")
    write("", "mappings/empty.sql")
    write(b"\xff", "mappings/latin.sql")
    Path("mappings/link.sql").symlink_to("../outside.sql")
    file = write(query_file(name) + "mode: x\n", "mappings/customers.yml")
    with pytest.raises(ConfigError) as caught:
        load([file], ENVIRONMENT | {"X": "plantedQ7xV2kZ92"})
    assert [(p.path, p.message) for p in caught.value.problems] == [
        ("source.query_file", message),
        ("mode", "'x' is not allowed here; use one of: insert, update, upsert"),
    ]


# ---- digest


def test_digest_is_stable():
    """Order, comments, the way of writing, secrets, labels and timetables do not change the digest."""
    text = """\
# the same
labels: [nightly]
schedule: {every: 15m}
fields: {external_id: {column: "id"}}
destination: {object: customer, data_source: ds_environment}
source: {query: "select 1", url: "${U}"}
version: 1
"""
    environment = {"U": "sqlite://", "CHARTMOGUL_API_KEY": "rotated"}
    assert load_text(text, environment).digest == load_text(SOUND).digest


@pytest.mark.parametrize(
    "text",
    [
        sound(query="  query: select 2"),
        sound(external_id="  external_id: ID"),
        SOUND + "  zip: {constant: 5}\n",
        SOUND + "  zip: {constant: '5'}\n",
        SOUND + "  zip: {constant: 5.0}\n",
        SOUND + "tags: [a]\n",
        SOUND + "tolerate_rejected: 1\n",
        SOUND + "tolerate_rejected: 1%\n",
    ],
)
def test_digest_changes(text):
    """Whatever else a mapping says changes the digest, to one of its own."""
    digests = [load_text(other).digest for other in (SOUND, text)]
    assert [len(digest) for digest in digests] == [32, 32]
    assert digests[0] != digests[1]


#: A customer's mapping that says all there is to say, and a contact's.
EVERYTHING_SAID = """\
version: 1
name: all
source: {query: select 1}
destination: {object: customer}
mode: update
absent: skip
fields:
  external_id: id
  country: {column: land, on_null: clear, default: DE}
  lead_created_at: {column: since, timezone: Europe/Berlin}
  status: {constant: New Lead}
attributes:
  plan: {column: plan, type: String, too_long: truncate}
  price: {constant: 1.50, type: Decimal}
tags: [warehouse]
extra_columns: reject
ignore_columns: ["*_hash"]
on_null: reject
live_check: never
tolerate_rejected: 5%
limits: {max_creates: 10, max_requests: 100, allow_empty: true}
"""
CONTACTS = """\
version: 1
source: {query: select 1}
destination: {object: contact}
fields: {customer_external_id: account, external_id: id, email: mail, title: {column: place, on_null: clear}}
"""


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (SOUND, "a9b6c0e0e55f33198e22c38f209ab00c4b471c038a763d7a8d1881b692392c6d"),
        (EVERYTHING_SAID, "f3f8b7bd3448765e0f5d22f4ef0a2e8ff00ff2a44b832a74d3fb3efc53f1447b"),
        (CONTACTS, "70ceb5c6c8d4e561263139b4908d16be2c06e84a89cc50ce0ed73ac7259ea48b"),
    ],
    ids=["smallest", "everything", "contacts"],
)
def test_digest_is_pinned(text, digest):
    """States out there hold these very digests: another one would read every row as a stranger."""
    assert load_text(text).digest.hex() == digest


def test_defaults_change_no_digest():
    """What is written out as it would be anyway changes nothing, nor does a key that a later version knows."""
    assert load_text(SOUND + "on_null: keep\nmode: upsert\n").digest == load_text(SOUND).digest


def test_digests_differ_by_type():
    """Text and numbers that look alike are different constants."""
    texts = [SOUND + f"  zip: {{constant: {value}}}\n" for value in ("5", "'5'", "5.0", "5e0")]
    assert len({load_text(text).digest for text in texts}) == 4


def test_digest_covers_the_query_file():
    """A changed query file changes the digest."""
    digests = set()
    for query in ("select 1", "select 2"):
        write(query, "q.sql")
        digests.add(load_text(query_file("q.sql")).digest)
    assert len(digests) == 2


def test_no_secret_in_repr():
    """A loaded mapping shows no secret."""
    needed("psycopg")
    environment = ENVIRONMENT | {
        "WAREHOUSE_URL": "postgresql://u:plantedQ7xV2kZ92@h/db",
        "CHARTMOGUL_API_KEY": "plantedQ7xV2kZ93",
    }
    assert "plantedQ7xV2kZ9" not in repr(load_text(SOUND, environment))


# ---- anything at all


def outcome(content):
    """The text of the ConfigError that loading anything ends in, or None for a sound mapping."""
    write(content, "any.yml")
    try:
        load([Path("any.yml")], ENVIRONMENT)
    except ConfigError as error:
        return errors_text(error)
    return None


@pytest.mark.parametrize("text", ["!a {version: 1}", "!!null {}", "!a\nversion: 1\n"])
def test_a_tag_on_the_whole(text):
    """A document whose tag says that it is no mapping is a problem of its place, nothing else."""
    assert "tag" in str(outcome(text.encode()))


@settings(max_examples=300, deadline=None, database=None)
@given(st.binary(max_size=200))
def test_any_bytes(content):
    """No file, however broken, raises anything but ConfigError."""
    assert outcome(content)


@settings(max_examples=300, deadline=None, database=None)
@given(st.text(alphabet=st.sampled_from("ab: -{}[]&*!%|>'\"\\\n\t#,?<~$Ux0é\u2028"), max_size=60))
def test_any_yaml(text):
    """No text in YAML's own characters raises anything but ConfigError."""
    assert outcome(text.encode())


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["id", "customer", "${X}", "5%"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["query", "object", "column", "type", "external_id", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
KEYS = ["version", "source", "destination", "fields", "attributes", "tags", "limits", "mode", "x"]


@settings(max_examples=300, deadline=None, database=None)
@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=9))
def test_any_shape(data):
    """No shape of values in the place of others raises anything but ConfigError."""
    text = outcome(json.dumps(data).encode())
    assert text is None or text.startswith("any.yml: ")
