"""The lock file beside mappings: what it may say, and every mistake with its place."""

import pytest

from sync.domain.record import AttributeType
from sync.errors import ConfigError
from sync.mapping.loader import load
from sync.mapping.lock_file import NAME, beside

MAPPING = """\
version: 1
source: {query: select 1}
destination: {object: customer, data_source: ds_1}
fields: {external_id: id}
"""


def lock(folder, text):
    """What is beside a mapping of this folder."""
    (folder / NAME).write_text(text)
    return beside(folder / "customers.yml")


def test_types(tmp_path):
    """Keys are text, however YAML would read them; a place is a line."""
    found = lock(
        tmp_path, "version: 1\ncustomers:\n  plan: String\n  007: Integer\n  true: Boolean\n"
    )
    assert found is not None
    kinds = AttributeType.STRING, AttributeType.INTEGER, AttributeType.BOOLEAN
    assert dict(zip(("plan", "007", "true"), kinds, strict=True)) == found.types
    assert found.place("007") == f"{found.file}:4"


@pytest.mark.parametrize("customers", ["", " {}", " null"])
def test_no_types(tmp_path, customers):
    """A lock file may be empty of attributes: then every one is refused."""
    found = lock(tmp_path, f"version: 1\ncustomers:{customers}\n")
    assert found is not None
    assert found.types == {}


def test_none(tmp_path):
    """There need not be one."""
    assert beside(tmp_path / "customers.yml") is None


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", (1, 1), "the lock file is empty"),
        ("- a\n", (1, 1), "a lock file holds keys and values, from version: 1 on"),
        ("version: 1\ncustomers: {a: [}\n", (2, 17), "this is not YAML"),
        ("version: 1\n---\nversion: 1\n", (3, 1), "one file holds one lock"),
        ("version: 2\ncustomers: {}\n", (1, 1), "version is 2; this program reads version 1"),
        ("version: true\ncustomers: {}\n", (1, 1), "version is true; this program reads version 1"),
        ("customers: {}\n", (1, 1), "key 'version' is missing"),
        ("version: 1\n", (1, 1), "key 'customers' is missing"),
        ("version: 1\ncustomers: {}\ncustomer: {}\n", (3, 1), "unknown key 'customer'"),
        ("version: 1\ncustomers: [plan]\n", (2, 1), "customers holds attributes and their types"),
        ("version: 1\ncustomers:\n  plan: Text\n", (3, 3), "'Text' is no type"),
        ("version: 1\ncustomers:\n  plan: 5\n", (3, 3), "5 is no type"),
        ("version: 1\ncustomers:\n  plan: {type: String}\n", (3, 3), "a mapping is no type"),
        ("version: 1\ncustomers:\n  a: String\n  a: String\n", (4, 3), "'a' is written twice"),
        ("version: 1\ncustomers:\n  a: String\n  A: String\n", (4, 3), "'a' and 'A' differ only in case"),
        ("version: 1\ncustomers:\n  a b: String\n", (3, 3), "no attribute has the key 'a b'"),
        ("version: 1\ncustomers:\n  a: &x String\n  b: ${X}\n", (4, 3), "'${X}' is no type"),
    ],
)  # fmt: skip
def test_mistakes(tmp_path, text, place, message):
    """One sentence, at its place, whether the lock file is read alone or for a mapping."""
    with pytest.raises(ConfigError) as caught:
        lock(tmp_path, text)
    (problem,) = caught.value.problems
    assert (problem.file.endswith(NAME), problem.line, problem.column) == (True, *place)
    assert message in problem.message

    for name in ("one", "two"):
        (tmp_path / f"{name}.yml").write_text(MAPPING)
    with pytest.raises(ConfigError) as caught:
        load([tmp_path], {}, frozenset())
    assert caught.value.problems[0] == problem


def test_a_type_that_was_meant(tmp_path):
    """The nearest type is named."""
    with pytest.raises(ConfigError) as caught:
        lock(tmp_path, "version: 1\ncustomers: {seats: integer}\n")
    assert caught.value.problems[0].hint.startswith("did you mean Integer?")


@pytest.mark.parametrize("make", ["mkdir", "symlink", "latin"])
def test_no_file_at_all(tmp_path, make):
    """What cannot be read is told, and not passed over."""
    file = tmp_path / NAME
    if make == "mkdir":
        file.mkdir()
    elif make == "symlink":
        file.symlink_to("nowhere")
    else:
        file.write_bytes(b"version: 1\ncustomers: {\xfc: String}\n")
    with pytest.raises(ConfigError):
        beside(tmp_path / "customers.yml")
