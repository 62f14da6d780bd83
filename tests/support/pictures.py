"""The pictures of the README, in docs/pictures: `python -m tests.support.pictures` takes them anew.

A run of the demo, as a terminal of 100 columns shows it, and the page that it leaves, as Chromium draws it.
"""

import io
import os
import re
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tests.support.browser import Browser, find
from tests.support.terminals import on_a_terminal

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
_COLUMNS, _LINES = 100, 60
_PAGE = (1100, 900)
#: Quiet colours that can be read on dark ground, whatever the page around is.
_THEME = TerminalTheme(
    (24, 28, 36),
    (220, 226, 235),
    [
        (59, 66, 82), (255, 135, 135), (127, 219, 160), (245, 200, 105),
        (130, 170, 255), (210, 160, 255), (120, 210, 220), (220, 226, 235),
    ],
)  # fmt: skip
#: The drawing of a terminal, without the fonts that rich would have a reader's browser fetch.
_DRAWING = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""


def said(*arguments: str) -> str:
    """What the program prints on a terminal, with its colours."""
    sized = {**os.environ, "COLUMNS": str(_COLUMNS), "LINES": "50", "TERM": "xterm-256color"}
    sized.pop("NO_COLOR", None)
    return on_a_terminal(arguments, sized)


def first_run(text: str) -> str:
    """The first run of the demo without its progress, which a picture cannot show."""
    run = text.partition("The first run:")[2].partition("The second run")[0]
    settled = run.rpartition("\x1b[?25h")[2]
    return re.sub(r"\x1b\[\d*[AKJ]|\r", "", settled).strip("\n")


def drawn(command: str, text: str) -> str:
    """A command and what it said, as SVG."""
    console = Console(width=_COLUMNS, record=True, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ {command}", style="bold"))
    for line in text.splitlines()[:_LINES]:
        console.print(Text.from_ansi(line), no_wrap=True, overflow="crop")
    svg = console.export_svg(
        title="chartmogul-sync", theme=_THEME, code_format=_DRAWING, unique_id="terminal"
    )
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def seen(page: Path) -> bytes:
    """The top of a page, as PNG."""
    program = find()
    if program is None:
        sys.exit("Chromium is needed (Debian: chromium)")
    with tempfile.TemporaryDirectory() as profile, Browser(program, Path(profile)).tab() as tab:
        tab.show(*_PAGE)
        tab.call("Emulation.setScrollbarsHidden", hidden=True)
        tab.open(page.as_uri())
        return tab.picture()


def take() -> None:
    """Run the demo and take both pictures."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        text = said("demo", "--folder", folder)
        report = Path(folder) / "reports"
        first = min(one for one in report.iterdir() if one.name != "latest")
        run = first_run(text).replace(folder, "demo")
        (FOLDER / "terminal.svg").write_text(drawn("chartmogul-sync run", run), encoding="utf-8")
        (FOLDER / "report.png").write_bytes(seen(first / "report.html"))


if __name__ == "__main__":
    take()
