"""Where settings and secrets come from: the environment, a `.env` file or another, and files that NAME_FILE names."""

import json

import pytest

from tests.support.planted_secrets import API_KEY
from tests.support.program import MAPPING, Desk

BARE = MAPPING.replace("select * from accounts", "select * from ${TABLE}")


def write(desk: Desk, name: str, content: bytes) -> str:
    """A file in the program's folder; a name that is one of those in which secrets may be."""
    (desk.place.folder / name).write_bytes(content)
    return name


# ---- NAME_FILE


@pytest.mark.parametrize(
    "content", [b"accounts", b"accounts\n", b"accounts\r\n", b"\xef\xbb\xbfaccounts\n"]
)
def test_any_name_may_stand_in_a_file(desk, content):
    """Without its last line end; a default counts only where there is neither."""
    desk.mapping(BARE.replace("${TABLE}", "${TABLE:-nowhere}"))
    assert desk("preview", TABLE_FILE=write(desk, "table", content)).code == 0
    assert desk("preview").code == 3
    assert desk("preview", TABLE="accounts", TABLE_FILE="nothing").code == 0


def test_settings_may_stand_in_files(desk):
    """All of them, not the API key alone."""
    told = {
        "CHARTMOGUL_API_KEY": API_KEY,
        "WAREHOUSE_URL": desk.place.warehouse,
        "CHARTMOGUL_DATA_SOURCE": desk.place.sandbox.data_source,
        "SYNC_STATE_URL": f"sqlite:///{desk.place.folder}/state.db",
        "SYNC_TIMEOUT": "20",
    }
    files = {f"{n}_FILE": write(desk, f"key.{n}.yml", f"{v}\n".encode()) for n, v in told.items()}
    assert desk("run", **dict.fromkeys(told), **files).code == 0
    assert len(desk.place.customers()) == 1


@pytest.mark.parametrize(
    ("content", "told", "code"),
    [
        (b"TABLE=accounts\n", "begins with TABLE=", 2),
        (b"export TABLE=accounts\n", "begins with TABLE=", 2),
        (b'"accounts"\n', "in quotes", 0),
        (b"\xef\xbb\xbfaccounts\n", "byte order mark", 0),
        (b"\n", "is empty", 2),
        (b"\xff\xfe", "holds no text", 2),
        (b"x" * 70_000, "larger than", 2),
        (None, "cannot be read: No such file", 2),
    ],
)
def test_what_is_odd_in_a_file_is_told(desk, content, told, code):
    """In one sentence that names the variable; what cannot be meant is an error with file and line."""
    desk.mapping(BARE)
    if content is not None:
        write(desk, "table", content)
    ended = desk("preview", TABLE_FILE="table")
    assert ended.code == code
    (line,) = [line for line in ended.err.splitlines() if told in line]
    assert "TABLE_FILE names a file that" in line
    assert code == 0 or "mappings/customers.yml:3:" in ended.err


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [("CHARTMOGUL_API_KEY", API_KEY, 2), ("SYNC_ENVIRONMENT", "production", 0)],
)
def test_quotes_in_the_file_of_a_setting(desk, variable, value, code):
    """Their one warning is about the file; nobody is sent to Docker's --env-file alone."""
    write(desk, "key", f'"{value}"\n'.encode())
    ended = desk("run", **{variable: None, f"{variable}_FILE": "key"})
    assert ended.code == code
    warned = [line for line in ended.err.splitlines() if line.startswith("Warning: ")]
    assert len(warned) == 1
    assert f"{variable}_FILE names a file that has its value in quotes" in warned[0]
    assert "Docker's --env-file keeps" not in ended.err


# ---- .env and what Docker makes of it


def test_single_quotes_keep_everything(desk):
    """In double quotes and without quotes references are replaced, as in shells and compose; comments go."""
    write(
        desk,
        ".env",
        b"HERE=acc\nexport A='${HERE}ounts' # no\nB=\"${HERE}ounts\" # yes\nC=${HERE}ounts # yes\n"
        b"D=${NO_SUCH:-accounts}\n\n\nthis is no line\n",
    )
    for name, code in (("A", 3), ("B", 0), ("C", 0), ("D", 0)):
        desk.mapping(BARE.replace("TABLE", name))
        ended = desk("preview", HERE=None)
        assert ended.code == code
        assert ".env:8: this sets no variable" in ended.err


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CHARTMOGUL_API_KEY", f"'{API_KEY}'"),
        ("CHARTMOGUL_API_KEY", f'"{API_KEY}'),
        ("CHARTMOGUL_API_KEY", f"{API_KEY} # the key"),
        ("WAREHOUSE_URL", '"sqlite:///warehouse.db"'),
        ("CHARTMOGUL_DATA_SOURCE", '"ds_1"'),
        ("CHARTMOGUL_DATA_SOURCE", "ds_1 # the good one"),
        ("SYNC_TIMEOUT", "'30'"),
        ("SYNC_TIMEOUT", "30 # seconds"),
    ],
)
def test_what_docker_leaves_in_a_value(desk, variable, value):
    """Its --env-file keeps quotes and comments: that is said where the value cannot be used."""
    ended = desk("run", **{variable: value})
    assert ended.code == 2
    assert "Docker's --env-file" in ended.err
    assert variable in ended.err


def test_a_password_in_quotes_is_warned_of(desk):
    """It may be meant."""
    desk.mapping(BARE)
    ended = desk("preview", TABLE='"accounts"')
    assert ended.code == 0
    assert "TABLE has its value in quotes" in ended.err


def test_another_file(desk):
    """--env-file is read in place of .env, for every command that reads one; it has to be there."""
    write(desk, ".env", b"TABLE=nowhere\n")
    write(desk, "other.env", b"TABLE=accounts\n")
    desk.mapping(BARE)
    assert desk("preview").code == 3
    for command in ("validate", "check", "preview", "run", "runs", "report", "status"):
        assert desk(command, "--env-file", "other.env").code == 0, command
        ended = desk(command, "--env-file", "none.env")
        assert (ended.code, "none.env" in ended.err) == (2, True)


# ---- near misses


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("SYNC_TIMEOUTS", "SYNC_TIMEOUT"),
        ("SYNC_STATEURL", "SYNC_STATE_URL"),
        ("SYNC_CONECTIONS", "SYNC_CONNECTIONS"),
        ("SYNC_REPROTS", "SYNC_REPORTS"),
        ("SYNC_LOh", "SYNC_LOG"),
        ("SYNC_Reports", "SYNC_REPORTS"),
        ("CHARTMOGUL_APIKEY", "CHARTMOGUL_API_KEY"),
        ("CHARTMOGUL_API_KEYFILE", "CHARTMOGUL_API_KEY_FILE"),
    ],
)
def test_a_slip_is_warned_of(desk, written, meant):
    """By every command, as a line of the log where that is JSON, and without the value."""
    for command in ("run", "validate", "status"):
        ended = desk(command, **{written: API_KEY})
        assert ended.code == 0
        assert f"Warning: {written} means nothing here; {meant} is meant?" in ended.err
    line = json.loads(desk("run", SYNC_LOG="json", **{written: "x"}).err.splitlines()[0])
    assert (line["event"], written in line["message"]) == ("warning", True)


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:s?mode=memory&uri=true"]
)
def test_a_state_in_memory(desk, url):
    """It is gone with its process: said by every command; a file is none, whatever it is called."""
    assert "SYNC_STATE_URL names a database in memory" in desk("validate", SYNC_STATE_URL=url).err
    file = f"sqlite:///{desk.place.folder}/memory.db"
    assert "memory" not in desk("validate", SYNC_STATE_URL=file).err


def test_what_is_no_slip(desk):
    """Other words, what a mapping names, and what Kubernetes sets for a service of such a name."""
    desk.mapping(MAPPING.replace("company: company", "company: ${SYNC_LOGG}"))
    others = {
        "SYNC_LOGG": "company",
        "SYNC_LOGG_FILE": "nothing",
        "SYNC_ELSE": "x",
        "SYNC_LOG_LEVEL": "x",
        "SYNC_TMP_PORT": "tcp://10.0.0.1:80",
        "SYNC_TM_SERVICE_HOST": "10.0.0.1",
        "SYNC_TM_PORT_80_TCP_ADDR": "10.0.0.1",
        "SYNC_LO_PORT": "x",
        "XSYNC_LOG": "x",
        "SYNC_IMAGE": "x",
    }
    ended = desk("validate", **others)
    assert (ended.code, ended.err) == (0, "")


# ---- validate, enabled, and files beside mappings


def test_validate_looks_at_files_alone(desk):
    """What is not set is no problem there, wherever a reference stands; with --env it is one."""
    none = dict.fromkeys(("WAREHOUSE_URL", "CHARTMOGUL_API_KEY", "CHARTMOGUL_DATA_SOURCE"))
    desk.mapping(
        BARE.replace("source:", "source:\n  url: postgresql://me:${PASSWORD}@${HOST}/db").replace(
            "object: customer",
            "object: customer\n  data_source: ${SOURCE}\nmode: ${MODE}\ntags: ['${TAG}']",
        )
    )
    ended = desk("validate", **none)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("mappings/customers.yml: ok")
    ended = desk("validate", "--env", **none)
    assert ended.code == 2
    names = ("PASSWORD", "HOST", "SOURCE", "MODE", "TAG", "TABLE", "CHARTMOGUL_API_KEY")
    assert [name for name in names if f"{name} " not in ended.err.replace(" and ", " ")] == []
    assert desk("validate", PASSWORD_FILE="nothing", **none).code == 0


def test_other_mistakes_show_beside_what_is_not_set(desk):
    """A file that is wrong is wrong, whatever the environment has."""
    desk.mapping(BARE.replace("object: customer", "object: custmer\nmode: ${MODE}"))
    ended = desk("validate")
    assert ended.code == 2
    assert "'custmer'" in ended.err
    assert "MODE" not in ended.err


def test_strict(desk):
    """Warnings are errors."""
    assert desk("validate", "--strict").code == 0
    assert desk("validate", SYNC_TIMEOUTS="5").code == 0
    ended = desk("validate", "--strict", SYNC_TIMEOUTS="5")
    assert (ended.code, "SYNC_TIMEOUTS" in ended.err) == (2, True)


def test_what_is_left_out(desk):
    """A mapping that is not enabled feeds nothing, even if it could not; `validate` looks at it all the same."""
    desk.mapping(BARE.replace("version: 1", "version: 1\nenabled: false"), "later")
    ended = desk("run", "--json")
    assert ended.code == 0
    assert [one["mapping"] for one in ended.json["mappings"]] == ["customers"]
    assert "later" not in desk("status").out + desk("check").out
    assert "later.yml: ok — later → customers, upsert" in desk("validate").out
    assert "left out" in desk("validate").out
    ended = desk("run", "mappings/later.yml")
    assert (ended.code, "every mapping is left out" in ended.err) == (0, True)


def test_files_that_are_no_mappings(desk):
    """Lock files and tests lie beside mappings, in a folder as well as in a list of files."""
    folder = desk.place.folder / "mappings"
    (folder / "attributes.lock.yml").write_text("version: 1\ncustomers: {seats: Integer}\n")
    (folder / "customers.tests.yml").write_text("- name: a case\n")
    files = sorted(str(file) for file in folder.glob("*.yml"))
    for arguments in ((), tuple(files)):
        assert desk("validate", *arguments).out.count("ok") == 1
    assert desk("run").code == 0


# ---- runs that fail, and what ends a command


def test_a_state_that_cannot_be_known(desk):
    """Where the file with its address cannot be read no other state is made in its place."""
    ended = desk("run", SYNC_STATE_URL=None, SYNC_STATE_URL_FILE="nothing")
    assert (ended.code, "SYNC_STATE_URL_FILE names a file that" in ended.err) == (2, True)
    assert not (desk.place.folder / ".sync").exists()


def test_the_end_of_a_command_knows_the_other_file(desk):
    """SYNC_LOG of --env-file holds for the error that ends it, too."""
    write(desk, "other.env", b"SYNC_LOG=json\n")
    ended = desk("report", "nothing", "--env-file", "other.env", SYNC_LOG=None)
    (line,) = [json.loads(line) for line in ended.err.splitlines()]
    assert (ended.code, line["event"]) == (2, "command_failed")


def test_another_file_that_is_not_there(desk):
    """What the environment says of the log holds all the same."""
    ended = desk("report", "nothing", "--env-file", "other.env", SYNC_LOG="json")
    (line,) = [json.loads(line) for line in ended.err.splitlines()]
    assert (ended.code, line["event"], "other.env" in line["error"]) == (2, "command_failed", True)
    assert line["error"].startswith("other.env: ")  # a file that is not there has no line


def test_init_knows_the_other_file(desk):
    """As every command that reads variables."""
    write(desk, "other.env", f"WAREHOUSE_URL={desk.place.warehouse}\n".encode())
    ended = desk("init", "--env-file", "other.env", WAREHOUSE_URL=None)
    assert (ended.code, "accounts" in ended.out) == (0, True)


def test_the_log_names_the_environment(desk):
    """In warnings about variables as in every other line."""
    ended = desk("run", SYNC_LOG="json", SYNC_ENVIRONMENT="staging", SYNC_TIMEOUTS="x")
    lines = [json.loads(line) for line in ended.err.splitlines()]
    assert lines[0]["event"] == "warning"
    assert {line["environment"] for line in lines} == {"staging"}
    assert sum(line["event"] == "warning" for line in lines) == 1
