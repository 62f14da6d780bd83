"""Mapping files of any kind: sound, or every problem in words; in no case code, files or secrets."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import ConfigError
from sync.mapping.loader import load
from sync.report.failure import errors_text
from tests.fuzz import odd
from tests.fuzz.effort import fuzz
from tests.support import planted_secrets

ROOT = Path(__file__).parents[2]
SOUND = [file.read_text() for file in sorted((ROOT / "mappings").glob("*.yml"))]
HIDDEN = planted_secrets.MARK
ENVIRONMENT = {
    "WAREHOUSE_URL": f"postgresql://reader:{HIDDEN}@127.0.0.1:9/db",
    "CHARTMOGUL_API_KEY": HIDDEN,
    "CHARTMOGUL_DATA_SOURCE": "ds_1",
}
#: What YAML and references give a meaning.
PARTS = (
    "!!python/object/apply:os.system ['exit 1']", "!!python/name:os.environ ", "!!binary ", "!!set ", "!x ",
    "&a ", "*a", "<<: *a", "- ", "? ", ": ", "{", "}", "[", "]", ",", "#", "|\n", ">-\n", "'", '"', "\\",
    "---\n", "...\n", "%YAML 1.1\n", "~", "NO", "0x1F", "1e999", ".inf", "9" * 30, "\t", "\n", "    ",
    "${CHARTMOGUL_API_KEY}", "${WAREHOUSE_URL}", "${X:-y}", "${", "$${X}", "\\ud800", "\\x1b", "/etc/hostname",
    "query_file: ../x.sql\n", "url: ", "api_key: ", "constant: ", "column: ", "attributes: ",
)  # fmt: skip
parts = st.sampled_from(PARTS) | odd.texts


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A sound mapping with a few pieces taken out, put in, or doubled."""
    text = draw(st.sampled_from(SOUND))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(text)))
        end = min(len(text), begin + draw(st.integers(0, 30)))
        piece = draw(parts | st.just(text[begin:end] * 2) | st.just(""))
        text = text[:begin] + piece + text[end:]
    return text


@st.composite
def rewritten(draw: st.DrawFn) -> str:
    """A sound mapping with another value behind one of its keys."""
    lines = draw(st.sampled_from(SOUND)).splitlines(keepends=True)
    at = draw(st.sampled_from([n for n, line in enumerate(lines) if ": " in line]))
    key = lines[at].partition(": ")[0]
    return "".join([*lines[:at], f"{key}: {draw(parts)}\n", *lines[at + 1 :]])


def outcome(file: Path) -> tuple[str, str]:
    """What the user is told, and what a log of the result would show."""
    try:
        (loaded,) = load([file], ENVIRONMENT)
    except ConfigError as error:
        return errors_text(error), repr(error)
    return "", repr(loaded)


KINDS = {"any": odd.texts | st.text(), "mutated": mutated(), "rewritten": rewritten()}


@pytest.mark.parametrize("kind", KINDS)
def test_mappings(kind, tmp_path):
    """Nothing but ConfigError; its words are printable and hold nothing of the environment."""
    file = tmp_path / "any.yml"

    @fuzz
    @given(KINDS[kind])
    def any_mapping(text):
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        told, shown = outcome(file)
        assert told.replace("\n", "").isprintable()
        assert HIDDEN not in told + shown

    any_mapping()
