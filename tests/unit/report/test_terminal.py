"""What the person who starts a run sees, compared as text."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.console import Console
from rich.text import Text

from sync.domain.events import Estimate, Phase
from sync.domain.record import Problem, Rejected, Stage
from sync.domain.results import Delivered, Outcome, Run, Status, Warned
from sync.report.several import Several
from sync.report.terminal import Shown, TerminalReporter, write


def screen(width=120, **kind):
    """A console that writes into memory."""
    return Console(file=io.StringIO(), width=width, **kind)


def text(console):
    """What a console has been told, without spaces at the ends of lines."""
    return "\n".join(line.rstrip() for line in console.file.getvalue().split("\n"))


def reporter_on(talk, out=None, **options):
    """A reporter whose clock stands still and whose mask is easily seen."""
    if "rows" in options:
        options["shown"] = Shown(options.pop("rows"))
    options = {"clock": lambda: 0.0, "allowance": 40.0, "mask": lambda _: "#1234", **options}
    return TerminalReporter(talk, out, **options)


def play(reporter, run, *results, phases=()):
    """A run whose rows all belong to its first mapping."""
    reporter.started(run)
    for phase, total in phases:
        reporter.phase(run.mappings[0], phase, total)
    reporter.rows(run.mappings[0], results)
    reporter.finished(run)
    reporter.close()


def test_whole_run(run, contacts, created, updated, rejected, partly, anna, unchanged, tmp_path):
    """Counts, reasons with an example each, warnings, what left, errors, the end and the files."""
    run.mappings.append(contacts)
    run.status = Status.FAILED
    (tmp_path / "r1").mkdir()
    talk = screen()
    reporter = reporter_on(talk, reports=tmp_path)
    reporter.started(run)
    customers = run.mappings[0]
    reporter.phase(customers, Phase.READ, None)
    reporter.warned(customers, "the state is empty")
    reporter.warned(None, "the disk is nearly full")
    reporter.rows(customers, [rejected, unchanged])
    reporter.left(customers, [])
    reporter.phase(customers, Phase.WRITE, 5)
    reporter.rows(customers, [created, updated, partly, rejected])
    reporter.rows(contacts, [anna])
    reporter.estimated(customers, Estimate(1, 1))
    reporter.finished(run)
    expected = f"""\
customers: reading
Warning: customers: the state is empty
Warning: the disk is nearly full
customers: writing 5 rows

            read  created  updated  unchanged  skipped  rejected  unprocessed  requests   time
customers      7        1        2          1        1         2            0         4  1.2 s
contacts   1,200        0        0          0        0         1        1,199         2  0.5 s
total      1,207        1        2          1        1         3        1,199         6  1.5 s

Rejected rows
  customers: 2 rows, invalid_country in country
    for example row 17, cus_17: this is no country
    hint: use a code
  customers: 2 rows, invalid_email in email
    for example row 17, cus_17: this is no e-mail address
  customers: 1 row, refused in attributes.plan
    row 18, cus_18: ChartMogul refused the row
    hint: mend it
  contacts: 1 row, customer_not_found in customer_external_id
    row 9, #1234: ChartMogul has no such customer
    hint: sync customers first

Warnings
  customers: 1 row, dropped in owner
    row 3, cus_3: ChartMogul ignored the owner

Changes
  customers: attributes.plan of 1 record: 1 emptied
  customers: country of 2 records: 2 changed

customers: 1 key left the query, see left.jsonl

contacts: ChartMogul answered 401: the API key is not valid
Failed in 1.5 s
Reports: {tmp_path}/r1
"""
    assert expected == text(talk)


def test_known_drops(run):
    """What ChartMogul is known not to take is one line a mapping, by field."""
    run.mappings[0].known_drops = {"owner": 1, "attributes.role": 1_200}
    talk = screen(200)
    play(reporter_on(talk), run)
    told = (
        "customers: ChartMogul does not take attributes.role of 1,200 rows, owner of 1 row; tried again by --full,"
        " by the next write of a row, and once a day for five rows of each\n"
    )
    assert told in text(talk)


def test_narrow_table(run, contacts):
    """Where the table is wider than the terminal, its columns are the mappings."""
    run.mappings.append(contacts)
    talk = screen(80)
    play(reporter_on(talk), run)
    expected = """
             customers  contacts  total
read                 7     1,200  1,207
created              1         0      1
updated              2         0      2
unchanged            1         0      1
skipped              1         0      1
rejected             2         1      3
unprocessed          0     1,199  1,199
requests             4         2      6
time             1.2 s     0.5 s  1.5 s
"""
    assert text(talk).startswith(expected)


def test_many_mappings(run, customers):
    """A narrow terminal shows as many mappings side by side as it has room for."""
    run.mappings = [customers] * 9
    talk = screen(60)
    play(reporter_on(talk), run)
    heads = [line for line in text(talk).split("\n") if "customers" in line]
    assert [line.count("customers") for line in heads if "left" not in line] == [4, 4, 1]
    assert max(map(len, text(talk).split("\n"))) <= 60


def test_all_well(run, customers):
    """A finished run has no column of unprocessed rows, and one mapping needs no total."""
    customers.left = 0
    run.status = Status.SUCCEEDED
    talk = screen()
    play(reporter_on(talk), run)
    expected = """
           read  created  updated  unchanged  skipped  rejected  requests   time
customers     7        1        2          1        1         2         4  1.2 s

Succeeded in 1.5 s
"""
    assert expected == text(talk)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.COMPLETED_WITH_ERRORS, "Completed, with 2 rejected rows in 1.5 s"),
        (Status.FAILED, "Failed in 1.5 s"),
        (Status.STOPPED, "Stopped by a limit in 1.5 s"),
        (Status.INTERRUPTED, "Interrupted in 1.5 s"),
        (None, "Broken off in 1.5 s"),
    ],
)
def test_endings(run, status, expected):
    """The last line says in words how the run ended."""
    run.status = status
    talk = screen()
    play(reporter_on(talk), run)
    assert expected == text(talk).split("\n")[-2]


def test_nothing_known(now):
    """A run that fails before it knows anything still says so."""
    talk = screen()
    play_nothing = Run("r1", False, now, [], status=Status.LOCKED)
    reporter = reporter_on(talk)
    reporter.started(play_nothing)
    reporter.finished(play_nothing)
    assert text(talk) == "\nLocked: the same records are being written elsewhere\n"


def test_one_error_of_many_mappings(run, customers, contacts):
    """An error that struck several mappings is told once."""
    customers.error = contacts.error = "ChartMogul answered 401:\nthe API key\x1b is not valid"
    run.mappings.append(contacts)
    talk = screen()
    play(reporter_on(talk), run)
    expected = "customers, contacts: ChartMogul answered 401: the API key\\x1b is not valid\n"
    assert expected in text(talk)


def test_most_frequent_reasons(run):
    """Five reasons are shown at length, the most frequent first; others are named, and the rest is counted."""
    rows = [
        Rejected(number, f"c{number}", Stage.MAP, (Problem(f"code_{number % 27}", "no", "f"),))
        for number in range(1, 81)
    ]
    talk = screen()
    play(reporter_on(talk), run, *rows)
    lines = text(talk).split("\n")
    assert [line for line in lines if "code_" in line or "…" in line] == [
        *(f"  customers: 3 rows, code_{number} in f" for number in range(1, 21)),
        "  … and 7 other reasons, see report --by reason",
    ]
    assert sum("for example row" in line for line in lines) == 5


def test_dry_run(run, customers, contacts, created, updated, unseen, unchanged, tmp_path):
    """Standard output has the riskiest changes first, field by field, creates in a line each, and the cost."""
    run.dry_run = True
    customers.new_types = {"seats": "Integer"}
    contacts.error = None
    run.mappings.append(contacts)
    talk, out = screen(), screen()
    reporter = reporter_on(talk, out, rows=3, reports=tmp_path)
    reporter.started(run)
    reporter.rows(customers, [unseen, unchanged, updated])
    reporter.rows(customers, [created, replace(created, row=1_000)])
    reporter.estimated(customers, Estimate(1_234, 65.2))
    reporter.estimated(contacts, Estimate(0, 0))
    reporter.finished(run)
    expected = f"""\
customers: locks for good the types of seats (Integer)
customers: empties attributes.plan of 1 record
customers: would create 2 and update 2
~ update cus_3  (country differs)
    country: DE → AT
    attributes.plan: gold → (empty)
    warning: owner: ChartMogul ignored the owner
~ update cus_4  (the hash of country changed)
    country: (unknown) → AT
+ create cus_2  company Müller & Söhne, attributes.seats 5.50, tags warehouse
… and 1 more in {tmp_path}/r1/changes.jsonl
The real run would take 1,234 requests, about 1 min 5 s.

contacts: would change nothing
The real run would send nothing.

"""
    assert expected == text(out)
    assert "Dry run, nothing was sent: completed, with 3 rejected rows in 1.5 s\n" in text(talk)


def test_dry_run_without_estimate(run, created):
    """A dry run that broke off before it knew the cost, and that keeps no files."""
    run.dry_run = True
    out = screen()
    play(reporter_on(screen(), out, rows=0), run, created)
    expected = "customers: would create 1 and update 0\n… and 1 more in changes.jsonl\n\n"
    assert expected == text(out)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (0, "broke off before anything was known to change"),
        (1, "would create 1 and update 0, as far as it came"),
    ],
)
def test_dry_run_that_broke_off(run, customers, created, rows, told):
    """It does not say that nothing would change: of the rows that it has not come to nobody knows."""
    run.dry_run, customers.error = True, "the warehouse is down"
    out = screen()
    reporter = reporter_on(screen(), out, rows=3)
    reporter.started(run)
    reporter.rows(customers, [created] * rows)
    reporter.estimated(customers, Estimate(0, 0))
    reporter.finished(run)
    assert f"customers: {told}\n" in text(out)
    assert "The real run" not in text(out)


def test_nothing_on_standard_output(run, created):
    """A real run prints nothing there, and neither does a dry run whose output is JSON."""
    out, talk = screen(), screen()
    play(reporter_on(talk, out), run, created)
    run.dry_run = True
    play(reporter_on(talk), run, created)
    assert text(out) == ""


def test_no_values_on_standard_error(run, customers, contacts, created, updated, rejected, anna):
    """Values and e-mail addresses stay out of progress and summary."""
    run.mappings.append(contacts)
    talk = screen()
    play(reporter_on(talk), run, created, updated, rejected, anna)
    seen = text(talk)
    values = ("Germany", "calc", "anna", "example.com", "Müller", "gold")
    assert [value for value in values if value in seen] == []


def test_values_cannot_draw(run, customers):
    """Markup and control characters in data come out as text."""
    run.dry_run = True
    evil = "[red]x[/red]\x1b[2J:smile:"
    row = Delivered(
        1,
        evil,
        Outcome.UPDATED,
        evil,
        changes={f"attributes.{evil}": (evil, evil)},
        warnings=(Warned(evil, evil, evil),),
    )
    bad = Rejected(2, evil, Stage.MAP, (Problem(evil, evil, evil, evil, evil),))
    talk, out = screen(force_terminal=True, no_color=True), screen()
    play(reporter_on(talk, out), run, row, bad)
    safe = "[red]x[/red]\\x1b[2J:smile:"
    assert f"~ update {safe}  ({safe})\n    attributes.{safe}: {safe} → {safe}\n" in text(out)
    assert "\x1b[2J" not in text(talk)
    assert f"row 2, {safe}: {safe}\n" in text(talk)


def test_progress_on_a_terminal(run, customers):
    """A terminal has one line that changes, gone at the end, and the cursor back."""
    talk = screen(force_terminal=True, color_system=None)
    reporter = reporter_on(talk)
    reporter.started(run)
    reporter.phase(customers, Phase.WRITE, 5)
    reporter.warned(customers, "careful")
    reporter.finished(run)
    written = talk.file.getvalue()
    assert "customers: writing 0 of 5 rows, 0 of 40 requests/s" in written
    assert written.index("\x1b[?25l") < written.index("\x1b[?25h")
    assert "\x1b[2K" in written


def test_crash_gives_the_cursor_back(run):
    """Closing without an end leaves the terminal usable."""
    talk = screen(force_terminal=True)
    reporter = reporter_on(talk)
    reporter.started(run)
    reporter.close()
    assert "\x1b[?25h" in talk.file.getvalue()


def test_no_colour(run, rejected, monkeypatch):
    """With NO_COLOR nothing is coloured."""
    monkeypatch.setenv("NO_COLOR", "1")
    talk = screen(force_terminal=True)
    play(reporter_on(talk), run, rejected)
    assert not any(f"\x1b[{code}m" in talk.file.getvalue() for code in (31, 32, 33))


def test_long_messages_keep_their_indent(run):
    """On a terminal a message goes on below its own beginning; in a file it stays one line."""
    row = Rejected(1, "c", Stage.MAP, (Problem("code", "word " * 12 + "end"),))
    talk, file = screen(40, force_terminal=True, color_system=None), screen(40)
    play(reporter_on(talk), run, row)
    play(reporter_on(file), run, row)
    assert "    row 1, c: word word word word word\n    word word" in text(talk)
    assert f"    row 1, c: {'word ' * 12}end\n" in text(file)


class Loud:
    """A reporter that writes down what it hears, and fails where it is told to."""

    def __init__(self, heard, broken=""):
        self.heard = heard
        self.broken = broken

    def __getattr__(self, name):
        def hear(*_):
            self.heard.append(name)
            if name == self.broken:
                raise OSError(name)

        return hear


CALLS = ["started", "phase", "rows", "left", "warned", "estimated", "finished", "close"]


def test_several_hear_everything(run, customers):
    """Each reporter hears each call, in their order."""
    heard: list[str] = []
    several = Several(Loud(heard), Loud(heard))
    several.started(run)
    several.phase(customers, Phase.READ, None)
    several.rows(customers, [])
    several.left(customers, [])
    several.warned(None, "x")
    several.estimated(customers, Estimate(1, 1))
    several.finished(run)
    several.close()
    assert [name for name in CALLS for _ in range(2)] == heard


@pytest.mark.parametrize("name", ["finished", "close"])
def test_one_broken_reporter(run, name):
    """When one fails at the end, the others still end well, and the failure is told."""
    heard: list[str] = []
    several = Several(Loud(heard, name), Loud(heard))
    with pytest.raises(OSError, match=name):
        several.finished(run) if name == "finished" else several.close()
    assert [name, name] == heard


def test_times_need_no_end(customers):
    """A run without an end has no duration."""
    talk = screen()
    play(
        reporter_on(talk),
        Run("r", False, datetime(2026, 1, 1, tzinfo=UTC), [customers], status=Status.FAILED),
    )
    assert text(talk).endswith("\nFailed\n")


def test_an_address_is_never_broken():
    """However narrow the terminal is, so that it can be opened and copied; words around it are."""
    file = screen(40, force_terminal=True, color_system=None)
    address = f"https://app.chartmogul.com/#/customers/{'cus_' + '0' * 36}"
    write(file, Text(f"    {address}", style="dim"))
    write(file, Text("  a line of words that is longer than any narrow terminal"))
    lines = file.file.getvalue().splitlines()
    assert lines == [
        f"    {address}",
        "  a line of words that is longer than",
        "  any narrow terminal",
    ]
