"""`check` from Python."""

from functools import partial
from pathlib import Path

from sync.api import asked, values
from sync.api.asked import AnyPath, Names, Paths
from sync.api.thread import apart
from sync.cli.check import Wanted, examine
from sync.cli.checked import as_json_value
from sync.cli.config import settings_and_mappings
from sync.cli.environ import variables_of, warnings
from sync.report.logs import of_python


def check(
    paths: Paths = Path("mappings"),
    *,
    create_data_source: bool = False,
    write_lock: bool = False,
    all_rows: bool = False,
    select: Names | None = None,
    exclude: Names | None = None,
    env_file: AnyPath | None = None,
) -> tuple[values.CheckedMapping, ...]:
    """Check the warehouse, the API key, the data sources, columns and types; what `check --format json` prints.

    `paths` are files and folders, the others the command's options; nothing is written unless they ask for it. What
    is wrong with a mapping is in its `problems`. Nothing is printed: warnings of the environment, and that somebody
    lets us wait, go to the logger `sync` of `logging`. As for event loops it is as `run` says.

    Raises:
        ConfigError: settings or mapping files do not fit.
        StateError: the state cannot be read.
    """
    variables, log = variables_of(asked.path(env_file)), of_python()
    files = asked.chosen(asked.paths(paths), select, exclude, variables)
    for message in warnings(variables, files):
        log.warning("warning", message=message)
    settings, mappings = settings_and_mappings(variables, files)
    wanted = Wanted(create_data_source, write_lock, all_rows)
    checked = apart(partial(examine, settings, mappings, wanted, log))
    return tuple(values.checked_of(as_json_value(one)) for one in checked)
