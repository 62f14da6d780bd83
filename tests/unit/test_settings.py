"""Settings out of the environment."""

import tempfile
from pathlib import Path

import pytest
from pydantic import ValidationError

from sync.errors import ConfigError, ConfigProblem
from sync.settings import VARIABLES, Settings, environment
from tests.support.needed import needed


def problems(variables):
    with pytest.raises(ConfigError) as caught:
        Settings.load(variables)
    return [(problem.path, problem.message) for problem in caught.value.problems]


def test_defaults():
    """With nothing set, everything that has a default has it."""
    settings = Settings.load({})
    assert settings.api_key is None
    assert settings.api_url == "https://api.chartmogul.com/v1"
    assert settings.data_source is None
    assert settings.warehouse_url is None
    assert settings.state_url == "sqlite:///.sync/state.db"
    assert settings.reports == Path("reports")
    assert (settings.requests_per_second, settings.connections) == (40, 20)
    assert (settings.timeout, settings.outage) == (30, 60)
    assert (settings.log, settings.tmp) == (None, None)


def test_everything():
    """Every variable sets its setting."""
    needed("psycopg")
    settings = Settings.load(
        {
            "CHARTMOGUL_API_KEY": "key",
            "CHARTMOGUL_API_URL": "http://localhost:8765/v1/",
            "CHARTMOGUL_DATA_SOURCE": "ds_1",
            "WAREHOUSE_URL": "sqlite:///w.db",
            "SYNC_STATE_URL": "postgresql://u:p@h/state",
            "SYNC_REPORTS": "/var/reports",
            "SYNC_REQUESTS_PER_SECOND": "12.5",
            "SYNC_CONNECTIONS": "5",
            "SYNC_TIMEOUT": "10",
            "SYNC_OUTAGE": "300",
            "SYNC_LOG": "json",
            "SYNC_TMP": "/var/tmp",
            "SYNC_ENVIRONMENT": "staging (EU)",
            "SYNC_METRICS_FILE": "/var/sync.prom",
            "SYNC_NOTIFY": "json://hooks mailto://mail",
            "SYNC_NOTIFY_ON": "stale  failed",
            "SYNC_HEARTBEAT": "https://beat",
            "SYNC_RESULTS_URL": "sqlite:///results.db",
            "SYNC_RESULTS_SCHEMA": "results",
            "SYNC_SHARE": "60%",
            "UNRELATED": "x",
        }
    )
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == "key"
    assert settings.api_url == "http://localhost:8765/v1"
    assert settings.data_source == "ds_1"
    assert settings.warehouse_url is not None
    assert settings.warehouse_url.get_secret_value() == "sqlite:///w.db"
    assert settings.state_url == "postgresql+psycopg://u:p@h/state"
    assert settings.reports == Path("/var/reports")
    assert (settings.requests_per_second, settings.connections) == (12.5, 5)
    assert (settings.timeout, settings.outage, settings.log) == (10, 300, "json")
    assert settings.tmp == Path("/var/tmp")
    assert settings.environment == "staging (EU)"
    assert settings.metrics_file == Path("/var/sync.prom")
    assert settings.notify is not None
    assert settings.notify.get_secret_value() == "json://hooks mailto://mail"
    assert settings.notify_on == ("stale", "failed")
    assert settings.results_url is not None
    assert settings.results_url.get_secret_value() == "sqlite:///results.db"
    assert settings.results_schema == "results"
    assert settings.heartbeat is not None
    assert settings.heartbeat.get_secret_value() == "https://beat"


def test_every_setting_has_a_variable():
    """Each setting is described, and can be set from outside."""
    assert sorted(VARIABLES.values()) == sorted(Settings.model_fields)
    assert all(field.description for field in Settings.model_fields.values())


def test_empty_is_not_set():
    """An empty variable, as compose files pass them, counts as not set."""
    assert Settings.load(dict.fromkeys(VARIABLES, "")) == Settings.load({})


def test_frozen():
    """Settings do not change."""
    with pytest.raises(ValidationError):
        Settings.load({}).connections = 5


def test_no_secret_in_repr():
    """No secret shows in a repr."""
    needed("psycopg")
    settings = Settings.load(
        {
            "CHARTMOGUL_API_KEY": "plantedQ7xV2kZ91",
            "WAREHOUSE_URL": "db://u:plantedQ7xV2kZ92@h",
            "SYNC_STATE_URL": "postgresql://u:plantedQ7xV2kZ93@h/s",
            "SYNC_NOTIFY": "slack://plantedQ7xV2kZ94",
            "SYNC_HEARTBEAT": "https://h/plantedQ7xV2kZ95",
            "SYNC_RESULTS_URL": "db://u:plantedQ7xV2kZ96@h",
        }
    )
    assert "plantedQ7xV2kZ9" not in repr(settings) + str(settings)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        (
            "SYNC_REQUESTS_PER_SECOND",
            "41",
            "SYNC_REQUESTS_PER_SECOND is '41'; it takes a number above 0, up to 40",
        ),
        (
            "SYNC_REQUESTS_PER_SECOND",
            "0",
            "SYNC_REQUESTS_PER_SECOND is '0'; it takes a number above 0, up to 40",
        ),
        (
            "SYNC_REQUESTS_PER_SECOND",
            "nan",
            "SYNC_REQUESTS_PER_SECOND is 'nan'; it takes a number above 0, up to 40",
        ),
        (
            "SYNC_CONNECTIONS",
            "21",
            "SYNC_CONNECTIONS is '21'; it takes a whole number from 1 to 20",
        ),
        ("SYNC_CONNECTIONS", "0", "SYNC_CONNECTIONS is '0'; it takes a whole number from 1 to 20"),
        ("SYNC_CONNECTIONS", "x", "SYNC_CONNECTIONS is 'x'; it takes a whole number from 1 to 20"),
        ("SYNC_TIMEOUT", "0", "SYNC_TIMEOUT is '0'; it takes seconds, from 1 to 600"),
        ("SYNC_TIMEOUT", "inf", "SYNC_TIMEOUT is 'inf'; it takes seconds, from 1 to 600"),
        ("SYNC_OUTAGE", "-1", "SYNC_OUTAGE is '-1'; it takes seconds, from 1 to 86400"),
        ("SYNC_LOG", "xml", "SYNC_LOG is 'xml'; it takes one of: json, text"),
        *(
            (
                "SYNC_SHARE",
                share,
                f"SYNC_SHARE is {share!r};"
                " it takes a part of the account's allowance from 1% to 100%, such as 60%",
            )
            for share in (
                "0%",
                "0.5%",
                "100.1%",
                "101%",
                "-5%",
                "60",
                "0.6",
                "%",
                "nan%",
                "sixty%",
                "1e1%",
            )
        ),
        (
            "SYNC_ENVIRONMENT",
            "a\nb",
            "SYNC_ENVIRONMENT is 'a\\nb'; it takes a name of at most 64 visible characters on one line",
        ),
        (
            "SYNC_ENVIRONMENT",
            "x" * 65,
            f"SYNC_ENVIRONMENT is {'x' * 60!r}; it takes a name of at most 64 visible characters on"
            " one line",
        ),
        (
            "CHARTMOGUL_DATA_SOURCE",
            "plantedQ7xV2kZ92",
            "CHARTMOGUL_DATA_SOURCE is not the uuid of a data source; it begins with ds_",
        ),
        (
            "CHARTMOGUL_API_KEY",
            "plantedQ7xV2kZ92\nplantedQ7xV2kZ93",
            "CHARTMOGUL_API_KEY: the API key holds a blank, a line break or a character "
            "outside ASCII",
        ),
        (
            "SYNC_STATE_URL",
            "plantedQ7xV2kZ92",
            "SYNC_STATE_URL: the URL of a database belongs here, and this is none",
        ),
        (
            "SYNC_STATE_URL",
            "mysql+other://u:plantedQ7xV2kZ92@h/d",
            "SYNC_STATE_URL names neither SQLite nor PostgreSQL, which alone can keep the state",
        ),
    ],
)
def test_refused(variable, value, message):
    """A wrong value is a problem that names the variable and what it takes, and shows no secret."""
    assert problems({variable: value}) == [(variable, message)]


@pytest.mark.parametrize(
    "url",
    [
        "https://api.chartmogul.com/v1",
        "http://localhost:8765/v1",
        "http://127.0.0.1:1/v1",
        "http://127.1.2.3/v1",
        "http://[::1]:8765/v1",
        "http://sandbox:8765/v1",
        "http://host.docker.internal:8765/v1",
        "https://proxy.example.com",
    ],
)
def test_api_url(url):
    """ChartMogul is reached by HTTPS; this machine and services of a compose file by HTTP, too."""
    assert Settings.load({"CHARTMOGUL_API_URL": url}).api_url == url


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("api.chartmogul.com", "is no address such as https://api.chartmogul.com/v1"),
        ("ftp://host/v1", "is no address such as https://api.chartmogul.com/v1"),
        ("https:///v1", "is no address such as https://api.chartmogul.com/v1"),
        ("https://host:port/v1", "is no address such as https://api.chartmogul.com/v1"),
        ("https://[half/v1", "is no address such as https://api.chartmogul.com/v1"),
        ("https://host/v1?a=b", "is no address such as https://api.chartmogul.com/v1"),
        ("https://ho st/v1", "is no address such as https://api.chartmogul.com/v1"),
        ("https://u:plantedQ7xV2kZ92@host/v1", "holds a user or a password"),
        (
            "http://api.chartmogul.com/v1",
            "would send the API key unencrypted; it has to begin with https://",
        ),
        ("http://10.0.0.1/v1", "would send the API key unencrypted; it has to begin with https://"),
    ],
)
def test_api_url_refused(url, message):
    """What is no address, or would give the API key away, is refused."""
    variable = "CHARTMOGUL_API_URL"
    assert problems({variable: url}) == [(variable, f"{variable} {message}")]


def test_all_at_once():
    """All problems are reported together, with their hints."""
    variables = {
        "SYNC_CONNECTIONS": "0",
        "SYNC_TIMEOUT": "0",
        "CHARTMOGUL_API_KEY": "k",
        "CHARTMOGUL_API_KEY_FILE": "f",
        "CHARTMOGUL_DATA_SOURCE": "x",
    }
    with pytest.raises(ConfigError) as caught:
        Settings.load(variables)
    hint = "ChartMogul shows it where the data source is set up, the sandbox when it starts"
    assert [(problem.path, problem.hint) for problem in caught.value.problems] == [
        ("CHARTMOGUL_API_KEY_FILE", ""),
        ("CHARTMOGUL_DATA_SOURCE", hint),
        ("SYNC_CONNECTIONS", ""),
        ("SYNC_TIMEOUT", ""),
    ]


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({}, ".sync"),
        ({"SYNC_TMP": "/scratch"}, "/scratch"),
        ({"SYNC_STATE_URL": "sqlite:////data/state.db?timeout=5"}, "/data"),
        ({"SYNC_STATE_URL": "sqlite:///state.db"}, "."),
        ({"SYNC_STATE_URL": "sqlite://"}, tempfile.gettempdir()),
        ({"SYNC_STATE_URL": "sqlite:///:memory:"}, tempfile.gettempdir()),
        ({"SYNC_STATE_URL": "postgresql://h/d"}, tempfile.gettempdir()),
    ],
)
def test_spool_folder(variables, folder):
    """Private files go where SYNC_TMP says, else beside the state, else where the system has them."""
    if "postgresql" in variables.get("SYNC_STATE_URL", ""):
        needed("psycopg")
    assert Settings.load(variables).spool_folder == Path(folder)


# ---- the environment


def test_environment_beats_dotenv(tmp_path):
    """`.env` is read, and what the environment sets beats it; even an empty value does."""
    (tmp_path / ".env").write_bytes("\ufeffA=file\nB='fi le'\nC=file # note\nD\nE=ü\n".encode())
    environ = {"A": "outside", "C": "", "X": "x"}
    assert environment(tmp_path, environ) == {
        "A": "outside",
        "B": "fi le",
        "C": "",
        "E": "ü",
        "X": "x",
    }


def test_environment_of_this_process(tmp_path, monkeypatch):
    """Without an environment handed in, it is this process's, which is left as it is."""
    monkeypatch.setenv("SYNC_TEST_A", "a")
    monkeypatch.delenv("SYNC_TEST_B", raising=False)
    (tmp_path / ".env").write_text("SYNC_TEST_B=b\n")
    variables = environment(tmp_path)
    assert (variables["SYNC_TEST_A"], variables["SYNC_TEST_B"]) == ("a", "b")
    import os

    assert "SYNC_TEST_B" not in os.environ


def test_no_dotenv(tmp_path):
    """Without a `.env` there is the environment alone."""
    assert environment(tmp_path, {"A": "a"}) == {"A": "a"}


def test_broken_dotenv(tmp_path):
    """A `.env` in another encoding is a problem that names it."""
    (tmp_path / ".env").write_bytes(b"A=\xff\n")
    with pytest.raises(ConfigError) as caught:
        environment(tmp_path, {})
    expected = ConfigProblem("the file is not UTF-8", "", str(tmp_path / ".env"))
    assert caught.value.problems == (expected,)


def test_key_file(tmp_path):
    """A key in a file, as Docker secrets are, is the key, without the line break at its end."""
    file = tmp_path / "key"
    file.write_text("the-key\n")
    variables = environment(tmp_path, {"CHARTMOGUL_API_KEY_FILE": str(file)})
    assert variables == {"CHARTMOGUL_API_KEY": "the-key"}
    settings = Settings.load(variables)
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == "the-key"


def test_key_and_file(tmp_path):
    """A key and a file with one are one too many; an empty key is none."""
    file = tmp_path / "key"
    file.write_text("from-file")
    both = {"CHARTMOGUL_API_KEY": "plantedQ7xV2kZ92", "CHARTMOGUL_API_KEY_FILE": str(file)}
    assert problems(environment(tmp_path, both)) == [
        (
            "CHARTMOGUL_API_KEY_FILE",
            "CHARTMOGUL_API_KEY and CHARTMOGUL_API_KEY_FILE are both set; keep one of them",
        )
    ]
    variables = environment(tmp_path, both | {"CHARTMOGUL_API_KEY": ""})
    assert variables == {"CHARTMOGUL_API_KEY": "from-file"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"\xff", "holds no text"),
        (b" \n", "is empty"),
    ],
)
def test_key_file_refused(tmp_path, content, reason):
    """A file that gives no key is a problem that says why."""
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    variables = environment(tmp_path, {"CHARTMOGUL_API_KEY_FILE": str(file)})
    message = f"CHARTMOGUL_API_KEY_FILE names a file that {reason}"
    assert problems(variables) == [("CHARTMOGUL_API_KEY_FILE", message)]


def test_nowhere_for_temporary_files(monkeypatch: pytest.MonkeyPatch):
    """A read-only container without /tmp says what to set; where the state is a file it needs nothing."""
    needed("psycopg")
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/proc/nowhere"])
    remote = Settings.load({"SYNC_STATE_URL": "postgresql://u@h/d"})
    with pytest.raises(ConfigError, match="no folder for temporary files"):
        _ = remote.spool_folder
    local = Settings.load({"SYNC_STATE_URL": "sqlite:////state/state.db"})
    assert Path("/state") == local.spool_folder
    assert Path("/x") == Settings.load({"SYNC_TMP": "/x"}).spool_folder


@pytest.mark.parametrize(
    ("variables", "rate", "at_once"),
    [
        ({}, 40, 20),
        ({"SYNC_SHARE": "60%"}, 24, 12),
        ({"SYNC_SHARE": " 2.5 % "}, 1, 1),
        ({"SYNC_SHARE": "1%"}, 0.4, 1),
        ({"SYNC_SHARE": "50%", "SYNC_REQUESTS_PER_SECOND": "5", "SYNC_CONNECTIONS": "3"}, 5, 3),
        ({"SYNC_SHARE": "50%", "SYNC_REQUESTS_PER_SECOND": "30"}, 20, 10),
    ],
)
def test_a_share_of_the_allowance(variables, rate, at_once):
    """What a process may use is the least of its share and its own limits."""
    settings = Settings.load(variables)

    assert settings.rate == pytest.approx(rate)
    assert settings.at_once == at_once
