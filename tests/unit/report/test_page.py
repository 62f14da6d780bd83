"""The page is one file that needs nothing, runs nothing but its own script, and takes no value for HTML."""

import re
import stat
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from sync.domain.audited import Audited, Example
from sync.report import archive, audit
from sync.report.files import FileReporter
from sync.report.gathered import Gathered
from sync.report.page import PAGE, render, write_beside
from sync.report.plain import loads
from sync.report.summary import summary
from sync.report.timeline import Timeline
from tests.unit.report.test_gathered import change, error

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u2028&amp;"


class Read(HTMLParser):
    """The tags of a page, and the texts of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._within = tag

    def handle_endtag(self, tag):
        self._within = ""

    def handle_data(self, data):
        if self._within in self.texts:
            self.texts[self._within].append(data)


@pytest.fixture
def page(run):
    """A page of a run whose every text wants to be HTML."""
    made = Gathered()
    more = {"name": EVIL, "url": f"https://x/{EVIL}", "response": EVIL}
    made.add_error(error(value=EVIL, message=EVIL, hint=EVIL, field=EVIL, **more))
    made.add_change(
        change(
            changes={EVIL: [EVIL, None]},
            warnings=[{"field": EVIL, "code": "dropped", "message": EVIL}],
        )
    )
    made.add_change(change(outcome="created", changes={EVIL: [None, EVIL]}))
    made.add_left({"mapping": "customers", "key": EVIL, "uuid": None})
    document = summary(run)
    document["mappings"][0]["error"] = EVIL
    document["mappings"][0]["mapping"] = EVIL
    document["environment"] = EVIL
    return render(document, made, Timeline())


def digest(text):
    """A hash as a content security policy has it."""
    return "'sha256-" + b64encode(sha256(text.encode()).digest()).decode() + "'"


def test_no_value_becomes_html(page):
    """Only the page's own tags are there, and its data says what the values were."""
    read = Read(page)
    assert [tag for tag, _ in read.tags if tag == "img"] == []
    assert [tag for tag, _ in read.tags].count("script") == 2
    data = loads(read.texts["script"][0])
    assert data["rejected"][0][0][2] == EVIL
    assert data["left"][0][0][1] == EVIL


def test_the_policy_allows_the_page_alone(page):
    """Nothing may be loaded; its one script and its one style are known by their hashes."""
    read = Read(page)
    (policy,) = [a["content"] for t, a in read.tags if a.get("http-equiv")]
    script, style = read.texts["script"][1], read.texts["style"][0]
    assert policy == (
        f"default-src 'none'; style-src {digest(style)}; script-src {digest(script)};"
        " base-uri 'none'; form-action 'none'"
    )


def test_nothing_is_outside(page):
    """No tag names another file, no tag has a style or a handler that the policy would refuse."""
    named = {name for _, attrs in Read(page).tags for name in attrs}
    assert named & {"src", "srcset", "style", "href"} == set()
    assert [name for name in named if name.startswith("on")] == []
    assert re.findall(r"url\(|@import|fetch\(|innerHTML|eval\(", page) == []


def test_it_says_what_a_code_means(page):
    """The cure and what the next run does stand with the rows."""
    assert "Write the code in SQL" in page
    assert "Next run" in page


def test_words_that_differ_stand_with_their_rows(run):
    """And none of them above all."""
    made = Gathered()
    made.add_error(error(1, message="again in row 2"))
    made.add_error(error(2, message="again in row 1"))
    read = Read(render(summary(run), made, Timeline()))
    rows = loads(read.texts["script"][0])["rejected"][0]
    assert [row[5] for row in rows] == ["again in row 2", "again in row 1"]


def test_only_new_is_offered_where_that_is_known(run):
    """Lines of an older version do not say whether they are new: nothing is called new then."""
    for new, offered in ({}, False), ({"new": False}, False), ({"new": True}, True):
        made = Gathered()
        made.add_error(error(**new))
        assert ("only new" in render(summary(run), made, Timeline())) is offered


def test_an_uneventful_run_has_a_page_too(run):
    """`report` makes one of any run."""
    text = render(summary(run), Gathered(), Timeline())
    assert "What changed" in text
    assert 'class="tools"' not in text


def test_requests_over_time(run, now):
    """Bars where requests were made; none for a run that made none, or was over in a moment."""
    line = Timeline()
    line.note(now, 0)
    line.end(now.replace(minute=59), 120)
    assert 'class="chart"' in render(summary(run), Gathered(), line)
    line = Timeline()
    line.note(now, 0)
    line.end(now + timedelta(seconds=7), 120)
    for short in (line, Timeline()):
        assert 'class="chart"' not in render(summary(run), Gathered(), short)


def test_money_and_newly_rejected(run):
    """What the summary knows beyond its first version is shown."""
    document = summary(run)
    document["mappings"][0] |= {
        "mrr": {"known": 2, "of": 3, "sum_cents": 123456, "largest": []},
        "rejected_new": 4,
        "mended": 1,
        "overridden": ["max_updates"],
        "known_drops": {"owner": 1},
    }
    text = render(document, Gathered(), Timeline())
    for part in (
        "2 of 3 customers: 1,234.56",
        "4 newly rejected",
        "1 mended",
        "max_updates",
        "</code> of 1 row<",
    ):
        assert part in text
    document["mappings"][0]["mrr"] |= {"known": 0, "sum_cents": 0}
    assert "MRR known of 0 of 3 customers</span>" in render(document, Gathered(), Timeline())


@pytest.mark.parametrize("dry_run", [False, True])
def test_which_runs_write_it(tmp_path, run, unchanged, created, now, dry_run):
    """A dry run always; a real one where anything happened."""
    run.dry_run = dry_run
    for name, results in (("still", [unchanged]), ("busy", [created])):
        run.id = name
        reporter = FileReporter(tmp_path, lambda: now)
        reporter.started(run)
        reporter.rows(run.mappings[0], results)
        reporter.finished(run)
    written = {name: (tmp_path / name / PAGE).exists() for name in ("still", "busy")}
    assert written == {"still": dry_run, "busy": True}
    assert stat.S_IMODE((tmp_path / "busy" / PAGE).stat().st_mode) == 0o600


def test_of_a_run_that_wrote_none(tmp_path, run, unchanged, rejected, now):
    """It is made from the files, for the owner alone, and a page that is there stays."""
    reporter = FileReporter(tmp_path, lambda: now)
    reporter.started(run)
    reporter.rows(run.mappings[0], [unchanged, rejected])
    reporter.finished(run)
    page = tmp_path / run.id / PAGE
    page.unlink()
    assert archive.page(tmp_path / run.id) == page
    assert rejected.problems[0].code in page.read_text()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    write_beside(page.parent, "mine")
    assert archive.page(tmp_path / run.id).read_text() == "mine"
    assert sorted(path.name for path in page.parent.iterdir() if path.name[0] == ".") == []


def test_an_audit_and_an_undo_take_no_value_for_html(run):
    """What an audit found, and what an undo leaves as it is, hold keys, which stay text."""
    run.mappings[0].audited = Audited(deleted=1, extra=1, extra_examples=(EVIL,))
    run.mappings[0].audited.differs(EVIL, Example(1, EVIL, EVIL, None, edited=True))
    text = render(summary(run), Gathered(), Timeline(), audit.document(run))
    assert "<h1>Audit " in text
    run.undid, run.mappings[0].not_put_back = EVIL, (EVIL,)
    both = text + render(summary(run), Gathered(), Timeline())
    assert "Cannot be put back: &lt;/script&gt;" in both
    assert [tag for tag, _ in Read(both).tags if tag in ("img", "script")] == ["script"] * 4


def test_no_hint_stands_for_all_rows_where_they_have_different_ones(run):
    """Each row has its own then, and the group has none."""
    made = Gathered()
    made.add_error(error(1))
    made.add_error(error(2, value="UK", hint="write GB"))
    page = render(summary(run), made, Timeline())
    data = loads(Read(page).texts["script"][0])
    assert "<b>Hint</b>" not in page
    assert [row[6] for row in data["rejected"][0]] == ["write DE", "write GB"]


def test_a_dry_run_says_what_it_would_lock_and_take(run):
    """Both are on its page as on the terminal; of a run, what it has locked."""
    document = summary(run) | {"dry_run": True}
    more = {"new_types": {"seats": "Integer"}, "estimate": {"requests": 22, "seconds": 0.9}}
    document["mappings"] = [document["mappings"][0] | more]
    page = render(document, Gathered(), Timeline())
    assert "Locks for good the types of seats (Integer)" in page
    assert "<dt>Would take</dt><dd>22 requests, about 1 s</dd>" in page
    done = render(document | {"dry_run": False}, Gathered(), Timeline())
    assert "Locked for good the types of seats (Integer)" in done
    assert "Would take" not in done
