"""A run's page in a real browser: its script runs under its own policy, and shows what it should."""

import re
from pathlib import Path

import pytest

from sync.domain.record import Object
from sync.domain.results import MappingRun, Run, Status
from sync.report.gathered import MOST, Gathered
from sync.report.page import render
from sync.report.summary import summary
from sync.report.timeline import Timeline
from tests.support.browser import Browser, browser
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
    mapping = MappingRun(
        "customers", "mappings/customers.yml", Object.CUSTOMER, "upsert", "ds_1", Status.SUCCEEDED
    )
    run = Run("r1", False, NOW, [mapping], finished_at=NOW, status=Status.SUCCEEDED)
    file = tmp_path / "report.html"
    file.write_text(render(summary(run), made, Timeline()), encoding="utf-8")
    return file


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
    assert document.count('class="group"') == 3
    assert len(re.findall(r'<details class="group"[^>]* hidden', document)) == 2
