"""Which files --select and --exclude leave of those that a command is given."""

from pathlib import Path

import pytest

from sync.errors import ConfigError
from sync.mapping.choice import Choice

FILES = {
    "customers.yml": "name: customers\nlabels: [nightly, eu]\n",
    "contacts.yml": "labels: [nightly]\n",
    "leads.yml": "name: eu leads\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with three mappings, as far as names and labels go."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def chosen(folder, select=(), exclude=(), environment=None):
    files = Choice(tuple(select), tuple(exclude)).files([folder], environment or {})
    return [file.name for file in files]


def problems(folder, select=(), exclude=(), environment=None):
    with pytest.raises(ConfigError) as caught:
        chosen(folder, select, exclude, environment)
    return [(problem.message, problem.hint) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("select", "exclude", "left"),
    [
        (["contacts"], [], ["contacts.yml"]),
        (["eu leads"], [], ["leads.yml"]),
        (["label:nightly"], [], ["contacts.yml", "customers.yml"]),
        (["label:eu", "contacts"], [], ["contacts.yml", "customers.yml"]),
        (["label:nightly"], ["customers"], ["contacts.yml"]),
        ([], ["label:nightly"], ["leads.yml"]),
        ([], ["label:eu", "eu leads"], ["contacts.yml"]),
    ],
)
def test_what_is_chosen(folder: Path, select, exclude, left):
    """The union of what is selected, without what is excluded; without --select all are."""
    assert chosen(folder, select, exclude) == left


def test_nothing_said(folder: Path):
    """Without either the paths stay as they are, whatever is in them."""
    assert Choice().files([folder / "nothing"], {}) == [folder / "nothing"]


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("custmers", "there is no mapping 'custmers'", "did you mean customers?"),
        (
            "leads.yml",
            "there is no mapping 'leads.yml'",
            "there are: contacts, customers, eu leads",
        ),
        ("maps/contacts.yml", "there is no mapping 'maps/contacts.yml'", "did you mean contacts?"),
        ("nightly", "there is no mapping 'nightly'", "did you mean label:nightly?"),
        ("label:nihgtly", "no mapping has the label 'nihgtly'", "did you mean label:nightly?"),
        ("label:x", "no mapping has the label 'x'", "there are: label:eu, label:nightly"),
    ],
)
def test_a_name_that_matches_nothing(folder: Path, name, message, hint):
    """It is told with the nearest, for either option."""
    assert problems(folder, [name]) == [(f"--select: {message}", hint)]
    assert problems(folder, [], [name]) == [(f"--exclude: {message}", hint)]


def test_nothing_left(folder: Path):
    """A command that would do nothing does not look like one that did something."""
    told = [
        ("--select and --exclude leave no mapping", "nothing would be done; take one of them out")
    ]
    assert problems(folder, ["contacts"], ["label:nightly"]) == told


def test_a_file_that_cannot_be_read(folder: Path):
    """Nobody knows its labels: it is chosen with each, and excluded by its name alone."""
    (folder / "broken.yml").write_bytes(b"\xff\xfe\x00")
    assert "broken.yml" in chosen(folder, ["label:eu"])
    assert "broken.yml" in chosen(folder, [], ["label:eu"])
    assert "broken.yml" not in chosen(folder, ["contacts"])
    assert "broken.yml" not in chosen(folder, [], ["broken"])


def test_what_a_variable_holds(folder: Path):
    """It may be the name, and is never shown."""
    (folder / "secret.yml").write_text("name: ${NAME}\nlabels: ['${NAME}']\n")
    assert chosen(folder, ["hidden"], environment={"NAME": "hidden"}) == ["secret.yml"]
    (told,) = problems(folder, ["hiden"], environment={"NAME": "hidden"})
    assert "hidden" not in told[1]
