"""A password of a database connects whatever is in it, and is shown nowhere; a word that it happens to equal is."""

import base64
import sqlite3
from collections import abc
from contextlib import closing
from urllib.parse import quote

import pytest

from tests.support.login import Login
from tests.support.needed import needed
from tests.support.planted_secrets import API_KEY, shows
from tests.support.program import MAPPING, Desk

ODD = (
    "p@ss/w:o?rd#x",
    "a&b=c+d e",
    "100%",
    "%zz@%",
    "ünï@ß",
    "'quo\"te\\",
    "a@b@c",
    "[::1]@x",
    "${X}@y",
)
ENCODED = "p%40ss-w0rd"


@pytest.fixture
def login() -> abc.Iterator[Login]:
    """A server that listens to passwords."""
    needed("psycopg")
    with Login() as server:
        yield server


def url_of(desk, url: str) -> None:
    """The mapping's own URL."""
    desk.mapping(MAPPING.replace("source:", f"source:\n  url: {url}"))


def everything(desk: Desk, *arguments: str, **variables: str | None) -> str:
    """All that a command prints and leaves: streams, reports, and the state."""
    ended = desk(*arguments, **variables)
    assert ended.code == 3, ended
    files = [*desk.place.folder.glob("reports/*/*"), *desk.place.folder.glob("state.db*")]
    left = b"".join(file.read_bytes() for file in files if file.is_file())
    return ended.out + ended.err + left.decode("latin-1")


def pieces(password: str) -> list[str]:
    """What a parser that is wrong could make of it, and its encodings."""
    ends = [password[place + 1 :] for place, sign in enumerate(password) if sign in "@/:?#&"]
    return [
        part
        for part in (password, quote(password, safe=""), quote(password), *ends)
        if len(part) > 2
    ]


@pytest.mark.parametrize("password", ODD)
def test_any_password_connects(desk, login, password):
    """As it is, from the environment, into the user's and the password's place."""
    url_of(desk, f"postgresql://${{DB_USER}}:${{PASSWORD}}@{login.place}/db?connect_timeout=5")
    said = everything(desk, "preview", PASSWORD=password, DB_USER="me@corp/x")
    assert login.heard == [("me@corp/x", password)]
    assert "password authentication failed" in said
    assert [part for part in pieces(password) if part in said] == []


@pytest.mark.parametrize("command", ["preview", "check", "run", "run --dry-run"])
@pytest.mark.parametrize("style", ["text", "json"])
def test_no_password_is_shown(desk, command, style):
    """Nobody listens there; every stream, every report and the state are searched."""
    needed("psycopg")
    url_of(desk, "postgresql://reader:${PASSWORD}@127.0.0.1:9/db")
    said = everything(desk, *command.split(), PASSWORD="p@ss/w:o?rd#x", SYNC_LOG=style)
    said += desk("runs").out + desk("status", SYNC_LOG=style).out
    assert "127.0.0.1" in said
    assert [part for part in pieces("p@ss/w:o?rd#x") if part in said.replace("password", "")] == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://reader:s3cr@Tail@127.0.0.1:9/db",
        "postgresql://reader:s3cr@Tail/x@127.0.0.1:9/db",
        "postgresql://reader:s3cr@Tail?x=y@127.0.0.1:9/db",
        "postgresql://reader:s3cr@Tail/x?y#z@127.0.0.1:9/db",
        "postgresql://rea/der:s3crTail@127.0.0.1:9/db",
        "postgresql://reader:s3cr/Tail?x#y@127.0.0.1:9/db",
        "postgresql://reader@127.0.0.1:9/db?password=s3cr&Tail=1",
        "postgresql://reader@127.0.0.1:9/db?sslpassword=s3cr%40Tail&sslmode=odd",
    ],
)
@pytest.mark.parametrize("variable", ["WAREHOUSE_URL", "SYNC_STATE_URL"])
def test_a_whole_url(desk, url, variable):
    """It is taken as it is; where its password ends wherever a parser thinks, nothing of it shows all the same."""
    needed("psycopg")
    for command in ("run", "preview" if variable == "WAREHOUSE_URL" else "status"):
        ended = desk(command, **{variable: url})
        assert ended.code in (2, 3)
        assert [p for p in ("s3cr", "Tail", "tail") if p in ended.out + ended.err] == []


def test_a_raw_sign_says_what_to_write(desk):
    """And no server is asked whose name is half a password."""
    ended = desk("run", WAREHOUSE_URL="postgresql://reader:p@ss@127.0.0.1:9/db")
    assert (ended.code, "more than one @" in ended.err, "%40" in ended.err) == (2, True, True)


def test_what_is_encoded_already_is_left(desk, login):
    """And a login that is refused says that it was; one with a bare % is none."""
    url_of(desk, f"postgresql://reader:${{PASSWORD}}@{login.place}/db")
    ended = desk("preview", PASSWORD=ENCODED)
    assert login.heard.pop() == ("reader", "p@ss-w0rd")
    assert "PASSWORD looks percent-encoded" in ended.err
    assert "ss-w0rd" not in ended.err
    ended = desk("preview", PASSWORD="p@ss%40")
    assert login.heard.pop() == ("reader", "p@ss%40")
    assert "percent-encoded" not in ended.err


def test_an_option_takes_any_password_too(desk, login):
    """Among the options of a URL it is encoded as well."""
    url_of(desk, f"postgresql://reader@{login.place}/db?password=${{PASSWORD}}&connect_timeout=5")
    said = everything(desk, "preview", PASSWORD="a&b=c+d %e")
    assert login.heard == [("reader", "a&b=c+d %e")]
    assert "a&b" not in said


@pytest.mark.parametrize("word", ["postgres", "127.0.0.1", "reader", "db", "failed", "password"])
def test_a_password_that_is_a_word(desk, login, word):
    """Names of hosts, users and databases, and the server's words, are not masked because it equals them."""
    url_of(desk, f"postgresql://postgres:${{PASSWORD}}@{login.place}/db")
    ended = desk("preview", PASSWORD=word)
    assert login.heard == [("postgres", word)]
    assert f"postgres:***@{login.place}/db" in ended.err
    assert 'password authentication failed for user "postgres"' in ended.err


def by_options(desk, login):
    """The password among the driver's options, beside a URL that the file spells out."""
    desk.mapping(
        MAPPING.replace(
            "source:",
            f"source:\n  url: postgresql://reader@{login.place}/db\n"
            '  options: {password: "${PASSWORD}", connect_timeout: 5}',
        )
    )


@pytest.mark.parametrize("word", ["127.0.0.1", "reader", "failed", "password", "authentication"])
def test_an_option_that_is_a_word(desk, login, word):
    """It is masked by what it is there, too: no name and no word of the server goes because it is the same."""
    by_options(desk, login)
    ended = desk("preview", PASSWORD=word)
    assert login.heard == [("reader", word)]
    assert 'server at "127.0.0.1"' in ended.err
    assert 'password authentication failed for user "reader"' in ended.err


def test_where_an_option_comes_from(desk, login):
    """Who cannot log in is sent to the variables of this mapping, and to no variable that it does not use."""
    by_options(desk, login)
    ended = desk("preview", PASSWORD="x7!")
    assert "hint: look at source.url and PASSWORD:" in ended.err
    assert "WAREHOUSE_URL" not in ended.err


def test_a_value_that_equals_a_password(desk):
    """A plan's name is shown where values are, although a password is the same."""
    desk.rows({"company": "enterprise", "country": "enterprise"})
    url = "postgresql://reader:enterprise@127.0.0.1:9/db"
    assert "enterprise" in desk("preview").out
    assert desk("run", SYNC_STATE_URL=url).code == 3
    desk("run")
    assert desk.errors()[0]["value"] == "enterprise"


def test_the_key_that_an_answer_repeats(desk):
    """In ChartMogul's words, a proxy's page, and as the header that went along: in no report and on no stream."""
    sandbox = desk.place.sandbox.sandbox
    basic = base64.b64encode(f"{API_KEY}:".encode()).decode()
    for status in (422, 401):
        body = f'{{"code": {status}, "message": "no {API_KEY} or {basic} here", "param": "x"}}'
        sandbox.fail(method="POST", path="/v1/customers", times=1, status=status, body=body)
        ended = desk("run", "--full")
        assert "no *** or *** here" in " ".join(ended.err.split())
        assert not shows(ended.out + ended.err + desk("report", "--json").out)


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ({"plan": "trial"}, True),
        ({"plan": "professional"}, True),
        ({"company": "trial"}, False),
        ({"plan": "basic", "note": "trial"}, True),
        ({"note": "a trial that ended"}, False),
        ({"email": "trial@ended.example"}, False),
    ],
)
def test_words_of_chartmogul(desk, row, shown):
    """They are shown, unless they repeat a name, an e-mail, a key or free text of the row; a plan's name is none."""
    words = "a trial that ended (trial@ended.example) is not professional"
    with closing(sqlite3.connect(desk.place.folder / "warehouse.db")) as db, db:
        db.execute("drop table accounts")
        db.execute("create table accounts (id, company, email, plan, note)")
        full = {"id": "cus_1", "company": "Quince", "email": None, "plan": None, "note": None} | row
        db.execute("insert into accounts values (:id, :company, :email, :plan, :note)", full)
    desk.mapping(
        MAPPING.partition("  country")[0]
        + "  email: email\nattributes:\n  plan: {column: plan, type: String}\n  note: {column: note, type: String}\n"
    )
    body = f'{{"code": 422, "message": "{words}", "param": "status"}}'
    sandbox = desk.place.sandbox.sandbox
    sandbox.fail(method="POST", path="/v1/customers", times=1, status=422, body=body)
    ended = desk("run")
    assert ended.code == 1
    assert (words in " ".join(ended.err.split())) is shown
    assert (words in desk.errors()[0]["message"]) is shown
