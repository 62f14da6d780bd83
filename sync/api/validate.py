"""`validate` from Python."""

from pathlib import Path

from sync.api import asked, values
from sync.api.asked import AnyPath, Names, Paths
from sync.cli.environ import variables_of
from sync.cli.validate import document, judge


def validate(
    paths: Paths = Path("mappings"),
    *,
    strict: bool = False,
    env: bool = False,
    select: Names | None = None,
    exclude: Names | None = None,
    env_file: AnyPath | None = None,
) -> values.Validation:
    """Check mapping files alone, with no network; what `validate --format json` prints of files that are well.

    `paths` are files and folders. With `strict` warnings are errors; with `env` the environment has to fit, too.
    Nothing is printed. It may be called from any thread, with or without an event loop.

    Raises:
        ConfigError: with all problems of all files, each with its place.
    """
    variables = variables_of(asked.path(env_file))
    files = asked.chosen(asked.paths(paths), select, exclude, variables)
    return values.validation_of(document(*judge(variables, files, strict=strict, env=env)))
