"""The command line: arguments in, one function per command, an exit code out.

One module because all commands share their arguments and the way out; each loads what it does from a file of its own.
"""

import io
import signal
import sys
from collections import abc
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from sync import __version__
from sync.errors import EXIT_CONFIG, EXIT_INTERRUPTED, EXIT_TERMINATED, SyncError

Command = abc.Callable[..., Any]
_PATH = click.Path(path_type=Path)
_DEFAULT = (Path("mappings"),)

_mappings = click.argument("mappings", nargs=-1, type=_PATH, metavar="[MAPPING]...")


def _selecting(command: Command) -> Command:
    """Add --select and --exclude."""
    select = click.option(
        "--select",
        multiple=True,
        metavar="NAME",
        help="Only the mapping of this name, or those with label:NAME; repeatable.",
    )
    exclude = click.option(
        "--exclude", multiple=True, metavar="NAME", help="Not this one, or these; repeatable."
    )
    return select(exclude(command))


def _choosing(command: Command) -> Command:
    """Add --select and --exclude, which leave of the command's mappings those that they choose."""

    @wraps(command)
    def chosen(
        *,
        mappings: tuple[Path, ...],
        select: tuple[str, ...],
        exclude: tuple[str, ...],
        **options: Any,
    ) -> Any:
        if select or exclude:
            from sync.cli.environ import variables
            from sync.mapping.choice import Choice

            choice = Choice(select, exclude)
            mappings = tuple(choice.files(mappings or _DEFAULT, variables()))
        return command(mappings=mappings, **options)

    return _selecting(chosen)


@dataclass(slots=True)
class _Asked:
    """What holds for the error that ends a command: whether somebody wants JSON on stdout, and --env-file."""

    as_json: bool = False
    #: What `--format` asked for: a command may end before it prints.
    output: Any = None
    env_file: Path | None = None


def _note_json(context: click.Context, _: click.Parameter, asked: bool) -> bool:
    context.find_root().obj.as_json |= asked
    return asked


_json = click.option(
    "--json",
    "as_json",
    is_flag=True,
    callback=_note_json,
    help="JSON on stdout, and nothing else.",
)


def _printing(
    *formats: str, own_json: bool = False, valued: bool = True
) -> abc.Callable[[Command], Command]:
    """Add --format, --json, --output and --values, which come to the command as one `output`.

    `own_json`: the command has a --json of its own, which is another thing; `valued`: there are values to leave out.
    """

    def decorate(command: Command) -> Command:
        @wraps(command)
        def printing(
            *,
            form: str | None,
            file: Path | None,
            values: bool = False,
            as_json: bool = False,
            **options: Any,
        ) -> Any:
            if as_json and form not in (None, "json"):
                raise click.UsageError("--json is short for --format json: give one of the two")
            form = "json" if as_json else form
            return command(output=_printed(form, file, values=values), **options)

        asked = _format(formats)(printing)
        asked = _output(asked if own_json else _json(asked))
        return _values(asked) if valued else asked

    return decorate


def _printed(form: str | None, file: Path | None, *, values: bool) -> Any:
    """What was asked for; ConfigError where the file cannot be written."""
    from sync.cli.formats import Format, Output

    output = Output(None if form is None else Format(form), file, values)
    obj = click.get_current_context().find_root().obj
    obj.as_json, obj.output = (obj.as_json or output.as_json) and file is None, output
    output.check()
    return output


def _format(formats: tuple[str, ...]) -> abc.Callable[[Command], Command]:
    more = "; github adds the Markdown to $GITHUB_STEP_SUMMARY" if "github" in formats else ""
    return click.option(
        "--format",
        "form",
        type=click.Choice(formats),
        help=f"How to print what was found{more}; text unless told.",
    )


_FORMATS = ("text", "json", "markdown", "github", "junit")
_output = click.option(
    "--output", "file", type=_PATH, metavar="FILE", help="Print into this file, not on stdout."
)
_values = click.option(
    "--values",
    is_flag=True,
    help="Show values of rows, and keys with an e-mail, where they are left out else.",
)


def _keep_env_file(context: click.Context, _: click.Parameter, file: Path | None) -> None:
    context.meta["sync.env_file"] = file
    context.find_root().obj.env_file = file


_env_file = click.option(
    "--env-file",
    type=_PATH,
    metavar="FILE",
    expose_value=False,
    callback=_keep_env_file,
    help="Read variables from this file, not from .env.",
)

_dry_run = click.option(
    "--dry-run", is_flag=True, help="Show what would change; write nothing anywhere."
)
#: Where a command leaves its report, or looks for those of runs.
_reports = click.option(
    "--reports", type=_PATH, metavar="DIR", help="Where reports go, not SYNC_REPORTS."
)
_past_reports = click.option(
    "--reports", type=_PATH, metavar="DIR", help="Where reports are, not SYNC_REPORTS."
)
#: What is for people, or for programs that read it as it is.
_text_or_json = _printing("text", "json", valued=False)
_one_run = click.argument("run", required=False, metavar="[RUN]")

_allow_host = click.option(
    "--allow-host",
    multiple=True,
    metavar="NAME",
    help="Answer to this name, too; addresses and names of inside need none; repeatable.",
)

_max_rejected = click.option(
    "--max-rejected",
    metavar="ROWS",
    help="Unhealthy when more was rejected: 100, or 20% of at least 20 rows; else 50%.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="chartmogul-sync", message="%(prog)s %(version)s")
def app() -> None:
    """Keeps ChartMogul true to the warehouse.

    MAPPING is a mapping file or a folder of them; none means mappings/.

    \b
    Exit codes: 0 done, 1 rows rejected, 2 configuration, 3 a server said no,
    4 a rail stopped the run, 5 locked, 6 a dry run would send something,
    130 and 143 interrupted.
    """


@app.command(short_help="Draft a first mapping from a table's columns.")
@click.argument("tables", nargs=-1, metavar="[TABLE]...")
@click.option(
    "--object",
    "kind",
    type=click.Choice(["customer", "contact"]),
    default="customer",
    show_default=True,
    help="What each row becomes.",
)
@click.option(
    "--output", type=_PATH, metavar="FILE", help="Write there, and complete .env and .gitignore."
)
@click.option(
    "--from-dbt",
    "manifest",
    type=_PATH,
    metavar="MANIFEST",
    help="TABLE names a model of this dbt manifest.",
)
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="For the driver, as in source.options; a secret as '${NAME}'; repeatable.",
)
@_env_file
def init(
    tables: tuple[str, ...],
    kind: str,
    output: Path | None,
    manifest: Path | None,
    options: tuple[str, ...],
) -> int:
    """Print a first mapping for each table or view of the warehouse; without TABLE, list them.

    Standard fields come from columns with a usual name, the key from the primary key, the rest become
    attributes, and columns that look secret stay out. A folder as FILE takes a file for each table; the
    schema by which editors complete them comes beside. Nothing is overwritten.

    \b
    chartmogul-sync init accounts --output mappings/customers.yml
    chartmogul-sync init accounts --option private_key_file=key.p8 \\
      --option 'private_key_password=${KEY_PASSPHRASE}'
    """
    from sync.cli.init import Wanted, init
    from sync.domain.record import Object

    return init(Wanted(tables, Object(kind), output, manifest, options))


@app.command(short_help="Check mapping files alone; no network.")
@_mappings
@click.option("--strict", is_flag=True, help="Let warnings be errors.")
@click.option("--env", is_flag=True, help="Check the environment, too: what must be set, and how.")
@_printing(*_FORMATS)
@_env_file
@_choosing
def validate(mappings: tuple[Path, ...], strict: bool, env: bool, output: Any) -> int:
    """Check mapping files alone; no network.

    A variable that is not set is no problem of a file; with --env it is one.
    """
    from sync.cli.validate import validate

    return validate(mappings or _DEFAULT, output, strict=strict, env=env)


@app.command(short_help="Check warehouse, API key, columns and types.")
@_mappings
@click.option(
    "--create-data-source",
    is_flag=True,
    help="Make a custom data source that a mapping names and the account lacks.",
)
@click.option(
    "--write-lock",
    is_flag=True,
    help="Add all types to attributes.lock.yml beside the mappings.",
)
@click.option(
    "--all-rows", is_flag=True, help="Read every row, and tell what is odd about each column."
)
@_printing(*_FORMATS)
@_env_file
@_choosing
def check(mappings: tuple[Path, ...], output: Any, **wanted: bool) -> int:
    """Check the warehouse, the API key, the data sources, columns and attribute types.

    Nothing is written, unless --create-data-source or --write-lock asks for it. Every attribute is
    listed with its type, where the type comes from, and whether the next run is about to lock it.

    \b
    chartmogul-sync check                         before the first run
    chartmogul-sync check --all-rows              what no first row shows: long texts, lost digits
    chartmogul-sync check --write-lock            keep all types in git; runs then refuse others
    """
    from sync.cli.check import Wanted, check

    return check(mappings or _DEFAULT, output, Wanted(**wanted))


@app.command()
@_mappings
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="ROWS",
    help="Rows to show of each mapping.",
)
@_printing(*_FORMATS)
@_env_file
@_choosing
def preview(mappings: tuple[Path, ...], limit: int, output: Any) -> int:
    """Show what rows would become, without ChartMogul."""
    from sync.cli.preview import preview

    return preview(mappings or _DEFAULT, limit, output)


@app.command()
@_mappings
@_dry_run
@click.option("--full", is_flag=True, help="Look every record up instead of trusting the state.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="ROWS",
    help="Only the first rows of each query.",
)
@click.option(
    "--key", "keys", multiple=True, metavar="KEY", help="Only rows with this key; repeatable."
)
@click.option(
    "--override",
    "rails",
    multiple=True,
    metavar="RAIL",
    help="Lift a rail for this run, such as max_updates or changed_keys; repeatable.",
)
@click.option(
    "--plan",
    type=_PATH,
    metavar="FILE",
    help="With --dry-run: write what would be sent to this file. Without: send just that.",
)
@click.option(
    "--canary",
    type=click.IntRange(min=1),
    metavar="N",
    help="Write N rows of each kind first, and stop where one does not arrive as it was sent.",
)
@click.option(
    "--detailed-exit-code",
    "detailed",
    is_flag=True,
    help="With --dry-run: exit 6, not 0, where the run would send anything.",
)
@_reports
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    metavar="N",
    help="With --dry-run: show so many rows of each mapping, the riskiest.",
)
@_printing(*_FORMATS)
@_env_file
@_choosing
def run(
    mappings: tuple[Path, ...],
    dry_run: bool,
    full: bool,
    limit: int | None,
    keys: tuple[str, ...],
    rails: tuple[str, ...],
    plan: Path | None,
    canary: int | None,
    detailed: bool,
    reports: Path | None,
    rows: int | None,
    output: Any,
) -> int:
    """Bring ChartMogul up to date with the warehouse.

    \b
    A plan is looked at first and sent later, from here or elsewhere:
      chartmogul-sync run --dry-run --plan plan.jsonl
      chartmogul-sync run --plan plan.jsonl

    The second one looks everything up that the plan lists, and sends only that, where neither the row
    nor ChartMogul has changed since: the others end as `conflict`. What would be sent and is not
    planned is skipped. A plan that was cut off can be applied again. Without MAPPING it takes the
    mappings that the plan was made for. --key and --limit make a plan of some rows, or take some of
    its rows; --full makes one that trusts no state.

    A canary is N creates and N updates of each mapping, customers first, that are read back and
    compared field by field before the others follow: canary.json in the report has the comparison.
    """
    _guard_run(dry_run=dry_run, detailed=detailed, canary=canary)
    from sync.cli.execute import Wanted, run
    from sync.cli.plan import paths_for
    from sync.engine.context import Selection
    from sync.engine.limits import read_rails

    selection = Selection(
        limit,
        frozenset(keys) if keys else None,
        full,
        read_rails(rails),
        detailed,
        canary=canary,
    )
    wanted = Wanted(output, reports, rows)
    paths = paths_for(mappings, plan, dry_run=dry_run, default=_DEFAULT)
    return run(paths, selection, wanted, dry_run=dry_run, plan=plan)


def _guard_run(*, dry_run: bool, detailed: bool, canary: int | None) -> None:
    """Raise UsageError where options are for a dry run only, or for no dry run."""
    if detailed and not dry_run:
        raise click.UsageError(
            "--detailed-exit-code is for --dry-run: a run has sent what it had to"
        )
    if canary and dry_run:
        raise click.UsageError("--canary is for a run that writes: a dry run sends nothing")


@app.command(short_help="Send the rejected rows again, read anew.")
@_one_run
@_dry_run
@_past_reports
@_printing(*_FORMATS)
@_env_file
def retry(run: str | None, dry_run: bool, reports: Path | None, output: Any) -> int:
    """Send the rows that were rejected, read anew from the warehouse, also those that are held back.

    RUN takes those of its report; without it those count that the state has as rejected now. Rows
    without a key cannot be told apart and are counted as not retried. A contact whose create is in
    doubt keeps its ten minutes. Customers go first.

    \b
    chartmogul-sync retry
    chartmogul-sync retry 20260131T100000Z --dry-run
    """
    from sync.cli.execute import Wanted
    from sync.cli.retry import retry

    return retry(run, Wanted(output, reports), dry_run=dry_run)


@app.command()
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="RUNS",
    help="How many runs to list.",
)
@_text_or_json
@_env_file
def runs(limit: int, output: Any) -> int:
    """List past runs, the newest first."""
    from sync.cli.history import runs

    return runs(limit, output)


@app.command(short_help="Show one run's changes and rejected rows.")
@_one_run
@_past_reports
@click.option("--open", "in_browser", is_flag=True, help="Open the run's page in a browser.")
@click.option(
    "--latest-dry-run", "dry", is_flag=True, help="The latest dry run, which `latest` is not."
)
@click.option(
    "--by",
    type=click.Choice(("reason", "field")),
    help="All reasons with all their values, or all fields with what is wrong and what changed.",
)
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    metavar="N",
    help="Show so many rows: of a dry run, and of each group with --by.",
)
@click.option(
    "--json", "whole", is_flag=True, callback=_note_json, help="Everything, as one JSON document."
)
@_printing(*_FORMATS, own_json=True)
@_env_file
def report(
    run: str | None,
    reports: Path | None,
    in_browser: bool,
    whole: bool,
    output: Any,
    **shown: Any,
) -> int:
    """Show one run: counts, what changed, and rejected rows by reason and value.

    RUN is a run's id, the beginning of one, or `latest`, which is the default. --json prints summary,
    errors, changes and left as one document; --format json the summary alone.

    \b
    chartmogul-sync report --by reason
    chartmogul-sync report --latest-dry-run --format markdown --output comment.md
    """
    from sync.cli.history import Shown, report

    if shown["dry"] and run is not None:
        raise click.UsageError("give RUN or --latest-dry-run, not both")
    if whole and (output.format or shown["by"]):
        raise click.UsageError(
            "--json is everything about a run: it goes with no --format and no --by"
        )
    return report(run, reports, output, Shown(whole, in_browser, **shown))


@app.command(short_help="Hold all rows against ChartMogul; write nothing.")
@_mappings
@_reports
@_printing(*_FORMATS)
@_env_file
@_choosing
def audit(mappings: tuple[Path, ...], reports: Path | None, output: Any) -> int:
    """Hold all rows against ChartMogul, field by field; nothing is written there, nor to the state.

    Rows without a record, records that differ, by field and with examples, values that others have
    edited, records that no row has, contacts that customers have twice. Exit 1 if a row is missing,
    differs, or is rejected. The report's folder holds it all as audit.json, and as a page; report RUN
    shows it again.

    \b
    Examples:
      chartmogul-sync audit
      chartmogul-sync audit mappings/customers.yml --format markdown --output audit.md
    """
    from sync.cli.audit import audit

    return audit(mappings or _DEFAULT, output, reports=reports)


@app.command(short_help="Explain one record: row, state, ChartMogul, decision.")
@click.argument("mapping", metavar="MAPPING")
@click.argument("key", metavar="KEY")
@_text_or_json
@_env_file
def explain(mapping: str, key: str, output: Any) -> int:
    """Say all there is to say of one key, and write nothing.

    The row as the driver gave it, the record it makes or what is wrong with it, what the state
    remembers, what ChartMogul shows, in what they differ, what the next run would do and why, and the
    requests that this would take. MAPPING is a file, or the name of a mapping in mappings/. KEY is what
    reports call it: a contact without an external id is CUSTOMER|EMAIL. Values are shown.

    Exit 0 where a row has the key, whatever becomes of it; 2 where none has.

    \b
    chartmogul-sync explain customers cus_17
    chartmogul-sync explain mappings/contacts.yml "cus_17|ann@example.com" --json
    """
    from sync.cli.explain import explain

    return explain(mapping, key, output)


@app.command(short_help="Put back what a run changed.")
@click.argument("run", metavar="RUN")
@click.option(
    "--dry-run", is_flag=True, help="Show what would be put back; write nothing anywhere."
)
@click.option(
    "--override",
    "rails",
    multiple=True,
    metavar="RAIL",
    help="Lift a rail for this undo, such as max_updates; repeatable.",
)
@_past_reports
@_printing(*_FORMATS)
@_env_file
def undo(run: str, dry_run: bool, rails: tuple[str, ...], reports: Path | None, output: Any) -> int:
    """Put back what a run changed, as far as ChartMogul still shows what it wrote.

    RUN is a run's id, or the beginning of one; its report has the values from before. What cannot be
    put back (created records, types of attributes, merges, values that nobody saw) is listed first.
    A row whose record was changed since is rejected, and nothing of it is written. Rows that were put
    back are skipped by later runs until they, or their mapping, change.

    \b
    Examples:
      chartmogul-sync undo 20261126T041500Z-a1b2c3 --dry-run
      chartmogul-sync undo 20261126T041500Z-a1b2c3
    """
    from sync.cli.execute import Wanted
    from sync.cli.undo import undo
    from sync.engine.limits import read_rails

    lifted = read_rails(rails)
    return undo(run, dry_run=dry_run, wanted=Wanted(output, reports), lifted=lifted)


@app.command(short_help="Show when each mapping last succeeded.")
@_mappings
@click.option("--max-age", metavar="TIME", help="Exit 1 when a last success is older: 90s, 2h, 1d.")
@_max_rejected
@_text_or_json
@_env_file
@_choosing
def status(
    mappings: tuple[Path, ...], max_age: str | None, max_rejected: str | None, output: Any
) -> int:
    """Show when each mapping last came to its end, and what broke off since.

    Exit 1 when one is unhealthy: its last success rejected too much, or everything, or is older
    than --max-age. A mapping that never succeeded counts as too old. Without mappings/, all
    mappings that the state knows are shown.
    """
    from sync.cli.status import status

    return status(mappings, max_age, max_rejected, output)


@app.command(short_help="Run again and again, when it is due.")
@_mappings
@click.option("--every", metavar="TIME", help="How often: 90s, 15m, 2h, 1d.")
@click.option("--cron", metavar="FIELDS", help="When: five cron fields, or @hourly and the like.")
@click.option("--timezone", metavar="ZONE", help="The time zone of --cron, not TZ; else UTC.")
@click.option(
    "--jitter",
    metavar="TIME",
    help="Start up to this much later, at random; else a tenth of the interval, at most 10s.",
)
@click.option(
    "--run-at-start/--no-run-at-start",
    "at_once",
    default=None,
    help="Whether to run at once; else --every does, and --cron waits for its time.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Serve /livez, /healthz and /metrics there; 0 takes a free one.",
)
@click.option(
    "--host",
    default="0.0.0.0",
    show_default=True,
    metavar="ADDRESS",
    help="The address to listen on.",
)
@click.option(
    "--max-age",
    metavar="TIME",
    help="/healthz fails when a last success is older; else three intervals, at least 1h.",
)
@_allow_host
@_max_rejected
@_reports
@_env_file
@_selecting
def schedule(
    mappings: tuple[Path, ...], select: tuple[str, ...], exclude: tuple[str, ...], **options: Any
) -> int:
    """Run again and again, when it is due, until a signal ends it.

    A run that fails is told, and the schedule goes on. Runs never overlap: what becomes due
    during a run is left out. Mappings are read anew for every run. SIGTERM ends a run in good
    order within ten seconds: 143 then, and 0 between two runs.

    Without --every and --cron each mapping runs by its own schedule:, together with what else is
    due then, customers first; what falls due during a run starts once, after it.

    \b
    Examples:
      chartmogul-sync schedule --every 15m --port 8080
      chartmogul-sync schedule --select label:nightly --cron "0 2 * * *"
    """
    from sync.cli.due_runs import Wanted
    from sync.cli.schedule import schedule
    from sync.mapping.choice import Choice

    return schedule(Wanted(mappings or _DEFAULT, choice=Choice(select, exclude), **options))


@app.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    metavar="PORT",
    help="Where to listen; 0 takes a free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="The address to listen on.",
)
@click.option("--data", type=_PATH, metavar="FILE", help="Keep its content in this file.")
@_allow_host
def sandbox(host: str, port: int, data: Path | None, allow_host: tuple[str, ...]) -> int:
    """Serve a local ChartMogul to try mappings against."""
    from sync.cli.sandbox import sandbox

    return sandbox(host, port, data, allow_host)


@app.command()
@click.option(
    "--folder",
    type=_PATH,
    default=Path("demo"),
    show_default=True,
    metavar="DIR",
    help="Where the demo keeps its files.",
)
@click.option("--fresh", is_flag=True, help="Start over.")
def demo(folder: Path, fresh: bool) -> int:
    """Sync a sample warehouse into the sandbox."""
    from sync.cli.demo import demo

    return demo(folder, fresh=fresh)


@app.command()
def schema() -> int:
    """Print the mapping format as JSON Schema."""
    from sync.cli.schema import schema

    return schema()


@app.command(short_help="Play the tests of mappings; no network.")
@_mappings
@_printing("text", "json", "junit", valued=False)
@_env_file
@_choosing
def test(mappings: tuple[Path, ...], output: Any) -> int:
    """Play NAME.tests.yml of each mapping NAME.yml against a ChartMogul in memory.

    A case has rows, as the query would give them, what ChartMogul has before and after, and which
    rows are rejected with which code. Neither warehouse nor API key is needed. Exit 1 where a case
    fails.

    \b
    Example:
      chartmogul-sync test mappings/customers.yml --format junit --output tests.xml
    """
    from sync.cli.test import test

    return test(mappings or _DEFAULT, output)


@app.command(short_help="Print dbt exposures for mappings that read models.")
@_mappings
@click.option("--owner", metavar="NAME", help="Who answers for them; else chartmogul-sync.")
@click.option("--email", metavar="ADDRESS", help="The owner's address.")
@_env_file
@_choosing
def exposures(mappings: tuple[Path, ...], owner: str | None, email: str | None) -> int:
    """Print the YAML of dbt's exposures for the mappings that read a dbt_model.

    In the dbt project it shows which models ChartMogul depends on. Mappings that name no model are
    listed in comments. Nothing is read but files.

    \b
    Example:
      chartmogul-sync exposures --email data@example.com > dbt/models/chartmogul.yml
    """
    from sync.cli.exposures import Owner, exposures

    return exposures(mappings or _DEFAULT, Owner(owner, email))


@app.command(short_help="Let the state forget what a mapping did.")
@click.argument("mapping", metavar="MAPPING")
@click.option(
    "--attribute", metavar="KEY", help="Only the type of this attribute, for its account."
)
@click.option("--undo", metavar="RUN", help="Only the marks on rows that were put back from RUN.")
@_env_file
def forget(mapping: str, attribute: str | None, undo: str | None) -> int:
    """Let the state forget what a mapping did, so that the next run looks all its records up.

    MAPPING is a file, or the name of a mapping, which may be gone. Fingerprints, refusals, dropped
    values and its history go; uuids and creates in doubt stay, so that nothing is created twice,
    and so does what another mapping keeps. Nothing is sent to ChartMogul.
    """
    from sync.cli.forget import forget

    return forget(mapping, attribute=attribute, undo=undo)


@app.command(short_help="List leases, and free those that are dead.")
@_env_file
def unlock() -> int:
    """List who holds leases on records, and free the leases that are dead.

    Dead is a lease that has run out, whose process is gone from this host, or that ends later than
    a lease can last. Of the others it is said when they end.
    """
    from sync.cli.unlock import unlock

    return unlock()


@app.command("help", short_help="Explain a code of a rejected row or warning.")
@click.argument("code", required=False, metavar="[CODE]")
def help_(code: str | None) -> int:
    """Explain a code of a rejected row, a warning or a rail: cause, cure, what the next run does.

    Without CODE all are listed.
    """
    from sync.cli.help import help_

    return help_(code)


def main() -> None:
    """Run the program; every error that a user can act on ends as a message and an exit code."""
    from sync.cli.lasting import lasting

    # Neither an ASCII pipe nor one that nobody reads any more may end a run.
    sys.stdout, sys.stderr = lasting(sys.stdout), lasting(sys.stderr)
    # In a container this is process 1, on which signals without a handler have no effect.
    signal.signal(signal.SIGTERM, _terminate)
    code = _run()
    sys.stdout.flush()
    if trouble := getattr(sys.stdout, "trouble", ""):
        from sync.cli.say import say

        # Half a document with the code of a whole one would deceive whoever reads it.
        say(f"cannot write standard output: {trouble}", to=sys.stderr)
        code = code if code in (EXIT_INTERRUPTED, EXIT_TERMINATED) else EXIT_CONFIG
    sys.exit(code)


def _terminate(_signal: int, _frame: object) -> None:
    raise SystemExit(EXIT_TERMINATED)


def _run() -> int:
    asked = _Asked()
    try:
        return int(app(prog_name="chartmogul-sync", standalone_mode=False, obj=asked) or 0)
    except click.ClickException as error:
        _show(error)
        return EXIT_CONFIG
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except Exception as error:  # whatever it is: a traceback and 1 would mean rejected rows
        from sync.cli.failure import tell
        from sync.cli.unforeseen import unforeseen

        ended = error if isinstance(error, SyncError) else unforeseen(error)
        tell(ended, as_json=asked.as_json, env_file=asked.env_file)
        return ended.exit_code


def _show(error: click.ClickException) -> None:
    """Usage and message, without anything in the arguments that a terminal obeys."""
    from sync.cli.say import say

    shown = io.StringIO()
    error.show(shown)
    say(shown.getvalue().rstrip("\n"), to=sys.stderr)


if __name__ == "__main__":
    main()
