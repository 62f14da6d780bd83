"""The sandbox's page in a real browser: by keyboard, at every width, and with no script whatever it holds."""

import pytest

from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import KEY, Sandbox
from tests.support.browser import Browser, browser
from tests.unit.sandbox.caller import Caller

__all__ = ["browser"]

EVIL = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"


@pytest.fixture
def root():
    """An account with two sheets of customers, contacts, and names that want to be HTML."""
    sandbox = Sandbox(rate=None)
    call = Caller(sandbox, KEY)
    for number in range(60):
        made = call.create(f"c{number}", company=f"Company {number:02}", city=EVIL)
        call.contact(made, first_name=f"Ada {number:02}", notes="x" * 400)
    call.patch(made, country=EVIL * 5)
    with RunningSandbox(sandbox) as running:
        yield running.root


def test_by_keyboard(browser: Browser, root: str):
    """Tab goes to the search, Enter searches, contacts open with Enter, and sheets are links."""
    with browser.tab() as tab:
        tab.show(1400)
        tab.open(root)
        tab.run("document.querySelector('[name=q]').focus()")
        tab.type("ada 07")
        tab.press("Enter")
        tab.wait()
        assert tab.run("document.querySelectorAll('#customers .one').length") == 1
        assert tab.run("document.querySelector('#customers details').open")
        tab.run("document.querySelector('#customers summary').focus()")
        tab.press("Enter")
        assert not tab.run("document.querySelector('#customers details').open")
        tab.open(root)
        tab.run("document.querySelector('#customers [rel=next]').focus()")
        tab.press("Enter")
        tab.wait()
        assert tab.run("document.querySelectorAll('#customers .one').length") == 10
        assert tab.run("location.hash") == "#customers"


def test_everything_is_reached_by_tab(browser: Browser, root: str):
    """In the order in which it is read, and what has the focus shows it."""
    with browser.tab() as tab:
        tab.show(1400)
        tab.open(root)
        reached = []
        for _ in range(11):
            tab.press("Tab")
            reached.append(
                tab.run("(({tagName, name, textContent}) => name || textContent.trim().split(/\\s/)[0] || tagName)"
                        "(document.activeElement)")
            )  # fmt: skip
            assert tab.run("getComputedStyle(document.activeElement).outlineStyle") != "none"
        links = ["customers", "contacts", "requests", "attributes", "data"]
        assert reached == ["To", *links, "q", "only", "Show", "1", "1"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 900, 1400])
def test_at_every_width(browser: Browser, root: str, width: int, dark: bool):
    """Nothing is wider than the window, also with all opened, and every text can be read on its ground."""
    with browser.tab() as tab:
        tab.show(width, dark=dark)
        tab.open(root)
        tab.run("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert tab.run("document.documentElement.scrollWidth") <= width
        ink, ground = tab.run(
            "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
        )
        assert (_light(ink) > _light(ground)) == dark
        assert abs(_light(ink) - _light(ground)) > 500


def test_no_value_becomes_a_script(browser: Browser, root: str):
    """None runs, nothing is asked of the network but the page, and the policy has nothing to refuse."""
    with browser.tab() as tab:
        tab.open(f"{root}/?q=img")
        assert tab.run("document.title") == "Sandbox · ChartMogul sandbox"
        assert tab.run("document.querySelectorAll('script, main img').length") == 0
        assert (tab.said, [url for url in tab.asked if not url.startswith("data:")]) == (
            [],
            [f"{root}/?q=img"],
        )


def _light(color: str) -> int:
    """How light `rgb(1, 2, 3)` is."""
    return sum(int(part) for part in color.removeprefix("rgb(").removesuffix(")").split(","))
