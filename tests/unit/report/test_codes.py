"""Every code that the program can make is explained."""

import ast
from collections import abc
from pathlib import Path

import pytest

import sync
from sync.engine.limits import RAILS
from sync.report.codes import CODES, Kind, find, nearest, of_kind
from tests.support.codes import PAGE, page

ROOT = Path(sync.__file__).parent
#: Calls that make a code, with the place of the code among their arguments.
MAKERS = {"Problem": 0, "Miscast": 0, "Warned": 1}


def trees() -> list[ast.Module]:
    """Every module but the sandbox's, which makes no codes of ours."""
    files = [path for path in sorted(ROOT.rglob("*.py")) if "sandbox" not in path.parts]
    return [ast.parse(path.read_text(encoding="utf-8")) for path in files]


def constants(modules: abc.Iterable[ast.Module]) -> dict[str, str]:
    """Texts with a name, at the top of a module."""
    found = {}
    for module in modules:
        for node in module.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                    found[name] = text
    return found


def code_of(call: ast.Call, place: int) -> ast.expr:
    """What a call gives as the code."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == "code"]
    return named[0] if named else call.args[place]


def made() -> tuple[set[str], list[str]]:
    """The codes that rows and warnings can get, and the expressions that this test cannot read."""
    modules = trees()
    names, codes, unread = constants(modules), set(), []
    for call in (node for module in modules for node in ast.walk(module)):
        match call:
            case ast.Call(func=ast.Name(id=maker)) if maker in MAKERS:
                match code_of(call, MAKERS[maker]):
                    case ast.Constant(value=str(code)):
                        codes.add(code)
                    case ast.Name(id=name) if name in names:
                        codes.add(names[name])
                    case ast.Attribute(attr="code"):
                        pass  # handed on: it was made elsewhere
                    case other:
                        unread.append(ast.unparse(other))
    return codes, unread


def test_every_code_is_explained():
    """A new code, or a new rail, comes with its help."""
    codes, unread = made()
    assert unread == []
    assert sorted((codes | set(RAILS)) - {code.name for code in CODES}) == []
    assert {"invalid_country", "same_record", "lost_attributes"} <= codes


def test_rails_are_told_as_rails():
    """What `--override` takes is listed as a rail."""
    assert set(RAILS) <= {code.name for code in of_kind(Kind.RAIL)}


def test_the_catalogue_names_each_code_once():
    """No code has two meanings."""
    names = [code.name for code in CODES]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_an_explanation_is_whole(code):
    """Cause, cure and next run are sentences; the meaning is half a line without a full stop."""
    assert [text[-1] for text in (code.cause, code.cure, code.next_run)] == ["."] * 3
    assert len(code.means) <= 70
    assert not code.means.endswith(".")


@pytest.mark.parametrize("name", ["invalid_country", "Invalid-Country", " INVALID_COUNTRY "])
def test_a_code_is_found_however_it_is_spelt(name):
    """Case, hyphens and spaces do not matter."""
    found = find(name)
    assert found is not None
    assert found.name == "invalid_country"


def test_the_nearest_code():
    """A slip of the pen is understood, anything else is not."""
    assert nearest("invalid_contry") == "invalid_country"
    assert nearest("zzz") is None


def test_the_page_is_that_of_the_catalogue():
    """`python -m tests.support.codes` writes it anew."""
    assert page() == PAGE.read_text(encoding="utf-8")
