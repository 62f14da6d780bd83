"""errors.csv opens safely wherever it is opened."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.report.lines import ERROR_COLUMNS, errors
from sync.report.spreadsheet import Sheet, cell, defuse

STARTS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")


def write(*values):
    """A sheet with a row for each value."""
    file = io.StringIO(newline="")
    line = dict.fromkeys(ERROR_COLUMNS, None)
    Sheet(file).write({**line, "format": 1, "value": value} for value in values)
    return file.getvalue()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Germany", "Germany"),
        ("=1+1", "'=1+1"),
        ("+49 30 1234", "'+49 30 1234"),
        ("-1+cmd", "'-1+cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("  =1", "'  =1"),
        ("\n=1", "'\n'=1"),
        ("\uff1d1", "'\uff1d1"),
        ("-5", "-5"),
        ("-5.25", "-5.25"),
        ("- 5", "'- 5"),
        ("a=b", "a=b"),
        ("a;=1", "a;'=1"),
        ('a;"=1&"', 'a;\'"=1&"'),
        ("a-b; c", "a-b; c"),
        ("", ""),
    ],
)
def test_defuse(text, expected):
    """What starts a formula gets an apostrophe; negative numbers and other text stay."""
    assert expected == defuse(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "true"),
        (-7, "-7"),
        (["a", 1], '["a", 1]'),
        ("x", "x"),
    ],
)
def test_cell(value, expected):
    """A cell is flat: null is empty, a list is JSON."""
    assert expected == cell(value)


def test_whole_file(rejected, partly, now):
    """The columns of errors.jsonl, a row for each problem, lines that end as RFC 4180 says."""
    file = io.StringIO(newline="")
    sheet = Sheet(file)
    sheet.write(errors("r1", "customers", rejected, now))
    sheet.write(errors("r1", "customers", partly.rejected, now))
    expected = (
        "format,run_id,mapping,row,key,stage,code,field,value,message,hint,http_status,response,"
        "attempts,at,since,new,name,url\r\n"
        "1,r1,customers,17,cus_17,map,invalid_country,country,Germany,this is no country,"
        "use a code,,,0,2026-01-31T10:00:01.500Z,2026-01-31T10:00:01.500Z,true,,\r\n"
        "1,r1,customers,17,cus_17,map,invalid_email,email,'=cmd|' /C calc'!A0,"
        "this is no e-mail address,,,,0,2026-01-31T10:00:01.500Z,2026-01-31T10:00:01.500Z,true,,\r\n"
        "1,r1,customers,18,cus_18,send,refused,attributes.plan,x,ChartMogul refused the row,"
        'mend it,422,"{""error"": ""no""}",1,2026-01-31T10:00:01.500Z,2026-01-31T10:00:01.500Z,true,,\r\n'
    )
    assert expected == file.getvalue()


dangerous = st.text(st.sampled_from(" \t\r\n;,\"'=+-@\uff1d1a\x00\u00a0"), max_size=12)


@given(st.lists(dangerous, max_size=4))
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_starts_a_formula(separator, values):
    """However a spreadsheet splits the file, no cell begins as a formula does."""
    text = write(*values)
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
        for content in row:
            shown = content.lstrip(' \t\r\n\x00\u00a0"')
            assert shown.removeprefix("-").isdigit() or not shown.startswith(STARTS)


@given(dangerous)
def test_no_cell_starts_with_a_tab(text):
    """Tabs and carriage returns, which some spreadsheets skip, start no cell either."""
    assert not defuse(text).lstrip(" \n\u00a0").startswith(("\t", "\r"))


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), max_size=5))
def test_nothing_is_lost(values):
    """The file reads back as it was written: quotes, commas and line breaks included."""
    rows = list(csv.DictReader(io.StringIO(write(*values), newline="")))
    assert [defuse(value) for value in values] == [row["value"] for row in rows]
