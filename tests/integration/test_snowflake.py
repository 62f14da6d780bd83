"""Snowflake by its own connector: against the routes that it uses, without an engine, and against fakesnow's.

Values are in test_values.py.
"""

import base64
import json
import signal
import threading
import time
from collections import abc
from pathlib import Path
from typing import Any

import pytest

from sync.domain.record import AttributeType
from sync.errors import SourceError, Unreachable
from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from sync.warehouse.warehouse import Warehouse
from tests.program.test_processes import start, wait
from tests.support.fakesnow import fakesnow
from tests.support.needed import driver
from tests.support.planted_secrets import API_KEY
from tests.support.program import Desk
from tests.support.queries import read
from tests.support.runner import Place
from tests.support.snowflake import PASSWORD, Account, snowflake
from tests.support.troubles import said

STRING, INTEGER, DECIMAL = AttributeType.STRING, AttributeType.INTEGER, AttributeType.DECIMAL
BOOLEAN, TIMESTAMP = AttributeType.BOOLEAN, AttributeType.TIMESTAMP
SLOW = "the query was ended after 1 seconds, as source.timeout says"
MAPPING = """\
version: 1
source:
  query: {query}
  options: {options}
destination:
  object: customer
  data_source: ${{CHARTMOGUL_DATA_SOURCE}}
fields:
  external_id: ID
  company: company
"""
QUERY = "select id, company from accounts"
Reached = tuple[Account, str, dict[str, Any]]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> abc.Iterator[Reached]:
    """A server, and how it is reached."""
    driver("snowflake.sqlalchemy")
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    account = Account()
    with snowflake(account) as (url, options):
        yield account, url, options


@pytest.fixture
def sandbox() -> abc.Iterator[RunningSandbox]:
    """ChartMogul."""
    with RunningSandbox(Sandbox(key=API_KEY)) as sandbox:
        yield sandbox


def desk(folder: Path, sandbox: RunningSandbox, url: str, options: dict[str, Any]) -> Desk:
    """The program in a folder with one mapping."""
    desk = Desk(Place(folder, sandbox, url))
    desk.mapping(MAPPING.format(query=QUERY, options=json.dumps(options)))
    return desk


def test_types(account: Reached):
    """Columns tell their types before the first row, and names without quotes come in lower case."""
    server, url, options = account
    server.columns = [
        *[("ID", "fixed(38,0)"), ("PRICE", "fixed(10,2)"), ("SHARE", "real"), ("NAME", "text")],
        *[("DAY", "date"), ("NAIVE", "timestamp_ntz(0,9)"), ("LOCAL", "timestamp_ltz(0,9)")],
        *[("ZONED", "timestamp_tz(0,9)"), ("PAID", "boolean"), ("DOC", "variant")],
        *[("TAGS", "array"), ("MixedCase", "object"), ("RAW", "binary"), ("HOUR", "time(0,9)")],
    ]
    columns = Warehouse.open(url, options).columns("select 1")
    assert {column.name: column.type or column.unsendable for column in columns} == {
        "id": INTEGER,
        "price": DECIMAL,
        "share": DECIMAL,
        "name": STRING,
        **dict.fromkeys(("day", "naive", "local", "zoned"), TIMESTAMP),
        "paid": BOOLEAN,
        "doc": "json",
        "tags": "array",
        "MixedCase": "json",
        "raw": "binary",
        "hour": None,
    }


def test_streamed(account: Reached):
    """Rows come part by part, in batches of the size that is asked for; who leaves early fetches few of them."""
    server, url, options = account
    server.rows = [["0"]]
    server.chunks = [[[str(number)]] * 1000 for number in range(60)]
    with Warehouse.open(url, options).query("select 1") as result:
        batches = result.batches(1000)
        assert [len(next(batches)) for _ in range(3)] == [1000, 1000, 1000]
    assert len(set(server.fetched)) < 30
    server.fetched.clear()
    rows = [row for batch in read(Warehouse.open(url, options), "select 1", 700) for row in batch]
    assert len(rows) == 60001
    assert set(server.fetched) == set(range(60))


def test_limit(tmp_path: Path, account: Reached, sandbox: RunningSandbox):
    """Who wants few rows does not wait for the others."""
    server, url, options = account
    server.columns = [("ID", "text"), ("COMPANY", "text")]
    server.rows = [["a", "Acme"], ["b", "Quince"], ["c", "Pear"]]
    server.chunks = [[["d", "Other"]] * 1000 for _ in range(60)]
    program = desk(tmp_path, sandbox, url, options)
    assert program("run", "--limit", "2", "--json").rows == {"read": 2, "created": 2}
    assert len(server.fetched) < 30


def test_the_query_alone(account: Reached):
    """The query is sent as it is written, with no setting of ours but the time-out, and only rolled back around it."""
    server, url, options = account
    read(Warehouse.open(url, options), "select 1 as id, '%s %(id)s' as share; ")
    of_sqlalchemy = ("alter session set autocommit=false", "select current_", "rollback")
    others = [one for one in server.statements if not one.lower().startswith(of_sqlalchemy)]
    assert others == ["select 1 as id, '%s %(id)s' as share"]
    assert "STATEMENT_TIMEOUT_IN_SECONDS" not in server.logins[0]["SESSION_PARAMETERS"]


def test_too_long(account: Reached):
    """`source.timeout` ends a query at the server, too; and the server knows the time itself."""
    server, url, options = account
    server.silent = True
    assert said(Warehouse.open(url, options, timeout=0.6), "select 1").message == SLOW
    assert server.cancelled.is_set()
    assert server.logins[0]["SESSION_PARAMETERS"]["STATEMENT_TIMEOUT_IN_SECONDS"] == "1"


def test_too_long_for_the_server(account: Reached):
    """The time that the user gives the server is left alone, and what it says of it is told."""
    server, url, options = account
    server.error = (
        630,
        "Statement reached its statement or warehouse timeout of 5 second(s) and was canceled.",
    )
    own = {"session_parameters": {"statement_timeout_in_seconds": 5, "QUERY_TAG": "sync"}}
    error = said(Warehouse.open(url, options | own, timeout=600), "select 1")
    assert error.message == server.error[1]
    sent = server.logins[0]["SESSION_PARAMETERS"]
    assert {name.upper(): value for name, value in sent.items()}.items() >= {
        ("STATEMENT_TIMEOUT_IN_SECONDS", "5"),
        ("QUERY_TAG", "sync"),
    }


@pytest.mark.parametrize("code", ["333333", "333334"])
def test_cancel(account: Reached, code: str):
    """A query that has not come to its first row is broken off, on the server as well."""
    server, url, options = account
    server.silent, server.progress = True, code
    source = Warehouse.open(url, options)
    timer = threading.Timer(0.5, source.cancel)
    timer.start()
    with pytest.raises(SourceError, match="SQL execution canceled"):
        read(source, "select 1")
    timer.join()
    assert server.cancelled.is_set()


@pytest.mark.parametrize("gone", [False, True])
def test_a_signal(tmp_path: Path, account: Reached, sandbox: RunningSandbox, gone: bool):
    """SIGTERM cancels the query at the server, and ends the program in time, also where nobody answers any more."""
    server, url, options = account
    server.silent = True
    process = start(desk(tmp_path, sandbox, url, options))
    wait(lambda: QUERY in server.statements, process)
    if gone:
        server.gone.set()
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - begun < 10, (out, err)
    assert process.returncode == 143
    assert server.cancelled.wait(1)
    assert "Traceback" not in err
    assert "Warning" not in err


def test_silent(account: Reached):
    """A server that takes connections and says nothing is given up, in the time that the user gives."""
    server, url, options = account
    server.gone.set()
    begun = time.monotonic()
    error = said(Warehouse.open(f"{url}?login_timeout=2", options), "select 1")
    assert isinstance(error, Unreachable)
    assert error.message.endswith("Failed to login: login timed out after 2s")
    assert time.monotonic() - begun < 10


def key_pair(folder: Path) -> tuple[Path, Any]:
    """A private key behind the passphrase `open sesame`, and the public one."""
    rsa = driver("cryptography.hazmat.primitives.asymmetric.rsa")
    forms = driver("cryptography.hazmat.primitives.serialization")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    hidden = forms.BestAvailableEncryption(b"open sesame")
    file = folder / "snowflake_key.p8"
    file.write_bytes(key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, hidden))
    return file, key.public_key()


def test_password(account: Reached):
    """A password is what the login is told."""
    server, url, options = account
    assert read(Warehouse.open(url, options), "select 1") == []
    told = server.logins[0]
    assert (told["LOGIN_NAME"], told["PASSWORD"]) == ("reader", PASSWORD)
    assert told["ACCOUNT_NAME"].lower() == "shop-eu"


def test_key_pair(tmp_path: Path, account: Reached):
    """A key of a file, as the recipe has it, signs the token of the login; the passphrase stays here."""
    server, url, options = account
    file, public = key_pair(tmp_path)
    own = {"private_key_file": str(file), "private_key_password": "open sesame"}
    read(Warehouse.open(url.replace(f":{PASSWORD}", ""), options | own), "select 1")
    told = server.logins[0]
    assert told["AUTHENTICATOR"] == "SNOWFLAKE_JWT"
    signed, _, signature = told["TOKEN"].rpartition(".")
    padding = driver("cryptography.hazmat.primitives.asymmetric.padding").PKCS1v15()
    sha256 = driver("cryptography.hazmat.primitives.hashes").SHA256()
    public.verify(base64.urlsafe_b64decode(signature + "=="), signed.encode(), padding, sha256)
    assert "open sesame" not in json.dumps(told)


@pytest.mark.parametrize("how", ["PROGRAMMATIC_ACCESS_TOKEN", "OAUTH"])
def test_token(account: Reached, how: str):
    """An access token, or one of OAuth, may stand in the URL."""
    server, url, options = account
    bare = url.replace(f":{PASSWORD}", "")
    read(Warehouse.open(f"{bare}?authenticator={how}&token=token-of-ours", options), "select 1")
    assert server.logins[0].items() >= {("AUTHENTICATOR", how), ("TOKEN", "token-of-ours")}


def connections(folder: Path, options: dict[str, Any]) -> Path:
    """A file with a connection that is called prod."""
    place = {"account": "shop-eu", "database": "SHOP", "schema": "PUBLIC"}
    told = place | options | {"user": "someone", "password": PASSWORD}
    file = folder / "connections.toml"
    file.write_text("[prod]\n" + "".join(f"{name} = {one!r}\n" for name, one in told.items()))
    file.chmod(0o600)
    return file


def test_connections_toml(tmp_path: Path, account: Reached, monkeypatch: pytest.MonkeyPatch):
    """A connection that `connections.toml` names needs nothing but its name; its own time-out is the server's."""
    server, _, options = account
    monkeypatch.setenv("SNOWFLAKE_HOME", str(connections(tmp_path, options).parent))
    read(Warehouse.open("snowflake://?connection_name=prod", timeout=60), "select 1")
    told = server.logins[0]
    assert (told["LOGIN_NAME"], told["PASSWORD"]) == ("someone", PASSWORD)
    assert told["SESSION_PARAMETERS"]["STATEMENT_TIMEOUT_IN_SECONDS"] == "60"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (390100, "Incorrect username or password was specified."),
        (390144, "JWT token is invalid. [0ce9eb56-821d-4ca9-a774-04ae89a0cf5a]"),
        (390432, "Network policy is required."),
    ],
)
def test_refused(account: Reached, number: int, words: str):
    """What a login is refused for is said in the server's words; what is secret is not."""
    server, url, options = account
    server.refusal = (number, words)
    error = said(Warehouse.open(url, options), "select 1")
    assert isinstance(error, Unreachable)
    assert error.message == f"cannot connect to snowflake://reader:***@shop-eu/SHOP/PUBLIC: {words}"
    assert "the user's key, password or token" in error.hint
    assert PASSWORD not in error.message + error.hint


@pytest.mark.parametrize(
    ("number", "words", "hint"),
    [
        (
            2003,
            "SQL compilation error:\nObject 'NOWHERE' does not exist or not authorized.",
            "see that the URL names the database, the schema and the role",
        ),
        (904, "SQL compilation error: error line 2 at position 2\ninvalid identifier 'COMPNY'", ""),
        (606, "No active warehouse selected in the current session.", "name a warehouse"),
        (
            90105,
            "Cannot perform SELECT. This session does not have a current database.",
            "name the",
        ),
    ],
)
def test_words(account: Reached, number: int, words: str, hint: str):
    """The server's words on one line, with the place that it tells, without its number; what the URL may lack."""
    server, url, options = account
    server.error = (number, words)
    error = said(Warehouse.open(url, options), "select 1")
    assert error.message == words.replace("\n", " ")
    assert error.hint.startswith(hint)
    assert bool(error.hint) == bool(hint)


def test_read_only(tmp_path: Path, account: Reached, sandbox: RunningSandbox):
    """What writes is refused with its place, before anything is connected."""
    server, url, options = account
    program = desk(tmp_path, sandbox, url, options)
    writing = ["insert into accounts values (1)", "select 1 as id; drop table accounts"]
    for sql in [*writing, "select system$cancel_all_queries(1) as id"]:
        program.mapping(MAPPING.format(query=json.dumps(sql), options=json.dumps(options)))
        ended = program("run")
        assert ended.code == 2, ended
        assert "mappings/customers.yml:3" in ended.err
    assert server.logins == []


@pytest.fixture
def engine() -> abc.Iterator[tuple[str, dict[str, Any]]]:
    """A fakesnow with a table."""
    with fakesnow("create table accounts as select 1 as id, 'Acme' as company") as reached:
        yield reached


def test_walk(tmp_path: Path, engine: tuple[str, dict[str, Any]], sandbox: RunningSandbox):
    """From an empty folder: init, check, dry run, run, and again; a wrong key; names in either case."""
    home = {"SNOWFLAKE_HOME": str(connections(tmp_path, engine[1]).parent)}
    program = Desk(Place(tmp_path, sandbox, "snowflake://?connection_name=prod", more=home))
    assert program("init").out.startswith("accounts\n")
    program.mapping(program("init", "accounts").out)
    checked = program("check")
    assert checked.code == 0, checked
    assert "2 columns" in checked.out
    assert program("run", "--dry-run", "--json").rows == {"read": 1, "created": 1}
    assert program("run", "--json").rows == {"read": 1, "created": 1}
    assert program.place.customers()["1"]["company"] == "Acme"
    program.place.forget()
    program.mapping(MAPPING.format(query=QUERY, options=json.dumps(engine[1])))
    assert program("run", "--json").rows == {"read": 1, "unchanged": 1}
    assert program.place.writes() == []
    wrong = program("run", CHARTMOGUL_API_KEY="wrong")
    assert wrong.code == 3
    assert "check CHARTMOGUL_API_KEY" in wrong.err
    twice = 'select id, company, 1 as "Company" from accounts'
    program.mapping(MAPPING.format(query=json.dumps(twice), options=json.dumps(engine[1])))
    refused = program("check")
    assert refused.code == 2
    assert "the query has columns that differ from 'company' only in case" in refused.out
