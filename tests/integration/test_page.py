"""A run's page in a real browser: its script runs under its own policy, and shows what it should."""

import re
from collections import abc
from pathlib import Path

import pytest

from sync.domain.record import Object
from sync.domain.results import MappingRun, Run, Status
from sync.report.gathered import MOST, Gathered
from sync.report.page import render
from sync.report.summary import summary
from sync.report.timeline import Timeline
from tests.support.browser import Browser, Tab, browser
from tests.unit.report.conftest import NOW
from tests.unit.report.test_gathered import change, error
from tests.unit.report.test_page import EVIL

__all__ = ["browser"]


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """As many rejected rows as a page holds, with values that want to be HTML."""
    made = Gathered()
    for row in range(MOST - 10):
        made.add_error(error(row, value=f"land {row % 3}", name=EVIL, new=row % 5 == 0))
    for row in range(5):
        made.add_error(error(row, "attribute_type", "attributes.seats", f"many {row}"))
    made.add_error(error(7, url="https://app.chartmogul.com/7"))
    made.add_error(error(8, url="javascript:alert(1)"))
    made.add_change(change(changes={"city": ["Bonn", EVIL]}))
    made.add_error({**error(1, "null_value", "email", None), "mapping": "contacts"})
    run = Run("r1", False, NOW, [mapping(one) for one in ("customers", "contacts")])
    run.finished_at, run.status = NOW, Status.SUCCEEDED
    file = tmp_path / "report.html"
    file.write_text(render(summary(run), made, Timeline()), encoding="utf-8")
    return file


def mapping(name: str) -> MappingRun:
    """A mapping whose rows are on the page."""
    file = f"mappings/{name}.yml"
    return MappingRun(name, file, Object.CUSTOMER, "upsert", "ds_1", Status.SUCCEEDED)


def rows(document: str) -> int:
    """How many rows are drawn."""
    return len(re.findall(r'<div class="row">', document))


def test_the_first_group_is_open(browser: Browser, page: Path):
    """Few of its rows are drawn, so that ten thousand stay fluent; the rest is offered, value by value."""
    document = browser.shows(page)
    assert 0 < rows(document) < 200
    assert "land 1" in document.split("<script")[0]
    assert re.search(r"Show 100 of 3,\d+ more rows", document)


def test_values_stay_text(browser: Browser, page: Path):
    """No value becomes a tag, and only a secure link is one."""
    shown = browser.shows(page, "#cus_7").split("<script")[0]
    assert "<img" not in shown
    assert "&lt;img src=x" in shown
    assert re.findall(r'href="([^"]*)"', shown) == ["https://app.chartmogul.com/7"]
    assert 'href="javascript' not in browser.shows(page, "#cus_8")


def test_a_link_that_searches(browser: Browser, page: Path):
    """What it names is found, in rows and in the names of groups; groups without a hit are hidden."""
    document = browser.shows(page, "#attribute_type%20many")
    assert ">5 rows</output>" in document
    assert rows(document) == 5
    assert document.count('class="group"') == 4
    assert len(re.findall(r'<details class="group"[^>]* hidden', document)) == 3


#: The rows that are drawn, and the names of the groups that are shown and of those that are open.
DRAWN = "document.querySelectorAll('.row').length"
SHOWN = (
    "[...document.querySelectorAll('.group:not([hidden]) summary .title')].map(e => e.innerText)"
)
OPEN = "document.querySelectorAll('.group[open]:not([hidden])').length"
FOUND = "document.querySelector('.found').textContent"
#: Ends once the answer to what was typed is painted; how many milliseconds that took.
ANSWERED = """
new Promise((done) => {
  const found = document.querySelector('.found'), began = performance.now();
  new MutationObserver(() => requestAnimationFrame(() => setTimeout(() => done(performance.now() - began))))
    .observe(found, { childList: true, characterData: true, subtree: true });
  const field = document.querySelector('[name=q]');
  field.value = '%s';
  field.dispatchEvent(new Event('input', { bubbles: true }));
})
"""
#: Ends once something was painted; when that was, in milliseconds after the page was asked for.
PAINTED = """
new Promise((done) => new PerformanceObserver((seen) => {
  for (const one of seen.getEntriesByName('first-contentful-paint')) done(one.startTime);
}).observe({ type: 'paint', buffered: true }))
"""


@pytest.fixture
def tab(browser: Browser, page: Path) -> abc.Iterator[Tab]:
    """The page as a person has it, in a window of a laptop."""
    with browser.tab() as tab:
        tab.show(1400)
        tab.open(page.as_uri())
        yield tab


def test_search(tab: Tab):
    """Words that are typed narrow all groups, say how much is left, and give it all back."""
    tab.press("/")
    assert tab.run("document.activeElement.name") == "q"
    tab.run(ANSWERED % "cus_77 germany")
    assert tab.run(FOUND) == "0 rows"
    tab.run(ANSWERED % "attribute_type many")
    assert (tab.run(FOUND), tab.run(SHOWN)) == ("5 rows", ["attribute_type attributes.seats"])
    tab.press("Escape")
    assert (tab.run(FOUND), len(tab.run(SHOWN))) == ("", 4)


def test_filters(tab: Tab):
    """By mapping, and by what is new since the last run; both together leave what passes both."""
    choose = (
        "(e => { e.value = 'contacts'; e.dispatchEvent(new Event('input', {bubbles: true})); })"
    )
    tab.run(f"{choose}(document.querySelector('[name=mapping]'))")
    tab.run(ANSWERED % " ")
    assert (tab.run(FOUND), tab.run(SHOWN)) == ("1 row", ["null_value email"])
    tab.press("n")
    assert tab.run("document.querySelector('[name=new]').checked")
    assert tab.run(FOUND) == "0 rows"
    tab.press("Escape")
    tab.press("n")
    assert tab.run(FOUND) == "1,999 rows"  # a fifth of the rejected rows, and what was changed


def test_by_keyboard(tab: Tab):
    """j and k go through the groups, Enter opens and closes one, and what has the focus can be seen."""
    focused = "document.activeElement.innerText.split('\\n')[0]"
    tab.press("j")
    first = tab.run(focused)
    assert tab.run("getComputedStyle(document.activeElement).outlineStyle") != "none"
    tab.press("j")
    assert tab.run(focused) != first
    before = tab.run(OPEN)
    tab.press("Enter")
    assert tab.run(OPEN) == before + 1
    tab.press("Enter")
    assert tab.run(OPEN) == before
    tab.press("k")
    assert tab.run(focused) == first


def test_ten_thousand_rows_are_fluent(tab: Tab):
    """First paint and a filter's answer come before anybody waits, on a machine that does other things as well."""
    assert (
        tab.run("JSON.parse(document.getElementById('data').textContent).rejected.flat().length")
        == MOST - 2
    )
    assert tab.run(DRAWN) < 200
    assert tab.run(PAINTED) < 3_000
    assert tab.run(ANSWERED % "land 2") < 1_000
    assert tab.run(DRAWN) < 400


def test_nothing_but_the_page_is_asked_for(tab: Tab, page: Path):
    """Neither when it opens nor while it is used, and nothing was refused by its policy."""
    tab.run("document.querySelectorAll('.group').forEach(one => one.open = true)")
    tab.run(ANSWERED % "img")
    assert [url for url in tab.asked if not url.startswith("data:")] == [page.as_uri()]
    assert tab.said == []


def test_no_value_is_carried_out(tab: Tab):
    """A script, an image or a link in a row's value stays what it is: text."""
    tab.run("window.alert = () => { document.title = 'taken'; }")
    tab.run("document.querySelectorAll('.group').forEach(one => one.open = true)")
    assert tab.run("document.title") == "r1 · chartmogul-sync"
    assert tab.run("document.querySelectorAll('img, main script, a[href^=javascript]').length") == 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 900, 1400, 1920])
def test_at_every_width(tab: Tab, page: Path, width: int, dark: bool):
    """Nothing is wider than the window, also with all open; ink and paper are apart."""
    tab.show(width, dark=dark)
    tab.run("document.querySelectorAll('.group').forEach(one => one.open = true)")
    assert tab.run("document.documentElement.scrollWidth") <= width
    paper = tab.run("getComputedStyle(document.documentElement).getPropertyValue('--paper')")
    assert (paper.strip().lower() == "#ffffff") != dark


def test_a_value_counts_all_its_rows(browser: Browser, tmp_path: Path):
    """Also those that have no room on the page; one row more is offered as one row."""
    made = Gathered()
    for row in range(MOST + 200):
        made.add_error(error(row, value=f"land {row % 3}", hint=f"write {row % 3}"))
    for row in range(6):
        made.add_error(error(row, "invalid_email", "email", "one"))
    made.add_error(error(7, "invalid_email", "email", "two"))
    made.add_error(error(8, "invalid_email", "email", "two"))
    run = Run("r1", False, NOW, [mapping("customers")])
    run.finished_at, run.status = NOW, Status.SUCCEEDED
    file = tmp_path / "many.html"
    file.write_text(render(summary(run), made, Timeline()), encoding="utf-8")
    document = browser.shows(file).split("<script")[0]
    assert "3,400 rows, 3,334 on this page" in document
    assert document.count("Hint: write 0") == 1
    assert "Show 1 more row<" in browser.shows(file, "#invalid_email")
    assert ", 3,334 on this page" not in browser.shows(file, "#land%200").split("<script")[0]
