"""The command line: arguments in, one function per command, an exit code out."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from sync import __version__
from sync.errors import SyncError

app = typer.Typer(
    name="chartmogul-sync",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Keeps ChartMogul true to the warehouse.",
    epilog="Exit codes: 0 done, 1 rows rejected, 2 configuration, 3 a server said no, 4 a rail, 5 locked.",
)

Mappings = Annotated[
    list[Path] | None,
    typer.Argument(metavar="MAPPING", help="Mapping files or folders; none means mappings/."),
]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout, and nothing else there.")]


def _paths(mappings: list[Path] | None) -> list[Path]:
    return mappings or [Path("mappings")]


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        print(f"chartmogul-sync {__version__}")
        raise typer.Exit


@app.command()
def validate(mappings: Mappings = None) -> None:
    """Check mapping files alone; no network, no secrets."""
    from sync.commands.validate import validate

    raise typer.Exit(validate(_paths(mappings)))


@app.command()
def check(mappings: Mappings = None, json: Json = False) -> None:
    """Check the warehouse, the API key, the data sources, columns and attribute types; nothing is written."""
    from sync.commands.check import check

    raise typer.Exit(check(_paths(mappings), as_json=json))


@app.command()
def preview(
    mappings: Mappings = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show of each mapping.")] = 10,
    json: Json = False,
) -> None:
    """Show what rows would become, without asking ChartMogul."""
    from sync.commands.preview import preview

    raise typer.Exit(preview(_paths(mappings), limit, as_json=json))


@app.command()
def run(
    mappings: Mappings = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show what a run would change; write nothing anywhere."),
    ] = False,
    full: Annotated[
        bool,
        typer.Option("--full", help="Look every record up again instead of trusting the state."),
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first rows of each query.")
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option(help="Only rows with this key; may be repeated.")
    ] = None,
    reports: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where reports go; else SYNC_REPORTS.")
    ] = None,
    json: Json = False,
) -> None:
    """Bring ChartMogul up to date with the warehouse."""
    from sync.commands.run import run
    from sync.read import Selection

    selection = Selection(limit, frozenset(key) if key else None, full)
    code = run(_paths(mappings), selection, dry_run=dry_run, reports=reports, as_json=json)
    raise typer.Exit(code)


@app.command()
def runs(
    limit: Annotated[int, typer.Option(min=1, help="How many runs to list.")] = 20,
    json: Json = False,
) -> None:
    """List past runs, the newest first."""
    from sync.commands.history import runs

    raise typer.Exit(runs(limit, as_json=json))


@app.command()
def report(
    run: Annotated[str, typer.Argument(help="A run's id, the start of one, or latest.")] = "latest",
    reports: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where reports are; else SYNC_REPORTS.")
    ] = None,
    json: Json = False,
) -> None:
    """Show one run's summary, its changes and its rejected rows."""
    from sync.commands.history import report

    raise typer.Exit(report(run, reports, as_json=json))


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8765,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    data: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep its content in this file.")
    ] = None,
) -> None:
    """Serve a local ChartMogul to try mappings against."""
    from sync.commands.sandbox import sandbox

    raise typer.Exit(sandbox(host, port, data))


@app.command()
def demo(
    folder: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the demo keeps its files.")
    ] = Path("demo"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over.")] = False,
) -> None:
    """Sync a sample warehouse into the sandbox, end to end and offline."""
    from sync.commands.demo import demo

    raise typer.Exit(demo(folder, fresh=fresh))


@app.command()
def schema() -> None:
    """Print the mapping format as JSON Schema, for editors."""
    from sync.commands.schema import schema

    raise typer.Exit(schema())


def main() -> None:
    """Run the program; every error that a user can act on ends as a message and an exit code."""
    try:
        app(prog_name="chartmogul-sync")
    except SyncError as error:
        from sync.report.failure import errors_text

        print(errors_text(error), file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
