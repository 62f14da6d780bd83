"""The lines of errors.jsonl, changes.jsonl and left.jsonl."""

from dataclasses import replace
from datetime import UTC, datetime

from sync.domain.record import Background, Problem, Rejected, Stage
from sync.domain.results import Delivered, Outcome, Warned
from sync.report import lines
from sync.report.plain import dumps


def test_errors(rejected, now):
    """Each problem of a rejected row is a line with the keys of the contract in their order."""
    expected = [
        '{"format": 1, "run_id": "r1", "mapping": "customers", "row": 17, "key": "cus_17",'
        ' "stage": "map", "code": "invalid_country", "field": "country", "value": "Germany",'
        ' "message": "this is no country", "hint": "use a code", "http_status": null,'
        ' "response": null, "attempts": 0, "at": "2026-01-31T10:00:01.500Z",'
        ' "since": "2026-01-31T10:00:01.500Z", "new": true, "name": null, "url": null}',
        '{"format": 1, "run_id": "r1", "mapping": "customers", "row": 17, "key": "cus_17",'
        ' "stage": "map", "code": "invalid_email", "field": "email",'
        ' "value": "=cmd|\' /C calc\'!A0", "message": "this is no e-mail address", "hint": "",'
        ' "http_status": null, "response": null, "attempts": 0,'
        ' "at": "2026-01-31T10:00:01.500Z", "since": "2026-01-31T10:00:01.500Z", "new": true,'
        ' "name": null, "url": null}',
    ]
    assert expected == [dumps(line) for line in lines.errors("r1", "customers", rejected, now)]


def test_error_of_a_row_that_was_rejected_before(rejected, now):
    """Since when, under which name and with its page; without a key nobody can tell since when."""
    background = Background(datetime(2026, 1, 1, tzinfo=UTC), True, "Quince", "https://x/cus_u")
    row = replace(rejected, background=background)
    told = [
        [line[name] for name in ("since", "new", "name", "url")]
        for line in lines.errors("r", "m", row, now)
    ]
    assert told == [["2026-01-01T00:00:00Z", False, "Quince", "https://x/cus_u"]] * 2
    row = Rejected(1, None, Stage.MAP, row.problems, background=Background(known=True))
    assert [line["since"] for line in lines.errors("r", "m", row, now)] == [None, None]


def test_error_of_a_request(partly, now):
    """What ChartMogul answered stands in the line."""
    (line,) = lines.errors("r1", "customers", partly.rejected, now)
    answered = line["stage"], line["http_status"], line["response"], line["attempts"]
    assert answered == ("send", 422, '{"error": "no"}', 1)


def test_error_without_key(now):
    """A row without a usable key has null there."""
    row = Rejected(1, None, Stage.MAP, (Problem("invalid_key", "the key is blank"),))
    (line,) = lines.errors("r1", "customers", row, now)
    assert (line["key"], line["field"], line["value"]) == (None, None, None)


def test_change(updated, now):
    """A written row has its changes as [before, after], and its warnings."""
    expected = (
        '{"format": 1, "run_id": "r1", "mapping": "customers", "row": 3, "key": "cus_3",'
        ' "uuid": "cus_uuid3", "outcome": "updated", "reason": "country differs",'
        ' "before_known": true, "changes": {"country": ["DE", "AT"],'
        ' "attributes.plan": ["gold", null]}, "warnings": [{"field": "owner",'
        ' "code": "dropped", "message": "ChartMogul ignored the owner"}],'
        ' "at": "2026-01-31T10:00:01.500Z"}'
    )
    assert expected == dumps(lines.change("r1", "customers", updated, now))


def test_change_of_tags_and_decimals(created, now):
    """Tags are lists, decimals exact."""
    line = lines.change("r1", "customers", created, now)
    assert line is not None
    assert dumps(line["changes"]["tags"]) == '[[], ["warehouse"]]'
    assert dumps(line["changes"]["attributes.seats"]) == "[null, 5.50]"


def test_change_of_a_rejected_row(partly, now):
    """What stuck of a rejected row is listed, its outcome is rejected."""
    line = lines.change("r1", "customers", partly, now)
    assert line is not None
    told = line["row"], line["key"], line["uuid"], line["outcome"], line["changes"]
    assert told == (18, "cus_18", "cus_uuid18", "rejected", {"country": ["DE", "AT"]})


def test_changes_are_never_cut(now):
    """A change can be undone, so the whole value before is kept."""
    row = Delivered(1, "c", Outcome.UPDATED, "", changes={"notes": ("x" * 9_000, None)})
    line = lines.change("r1", "contacts", row, now)
    assert line is not None
    assert line["changes"]["notes"] == ["x" * 9_000, None]


def test_no_line_for_what_was_not_written(unchanged, now):
    """Unchanged and skipped rows have no line."""
    assert lines.change("r1", "customers", unchanged, now) is None


def test_line_for_a_warning(now):
    """An unchanged row with a warning has one."""
    warnings = (Warned("owner", "dropped", "ignored"),)
    row = Delivered(5, "cus_5", Outcome.UNCHANGED, "nothing stuck", "u", warnings=warnings)
    line = lines.change("r1", "customers", row, now)
    assert line is not None
    assert (line["outcome"], line["changes"]) == ("unchanged", {})


def test_left(gone, now):
    """A key that left the query."""
    expected = (
        '{"format": 1, "run_id": "r1", "mapping": "customers", "key": "cus_gone",'
        ' "uuid": "cus_uuid0", "at": "2026-01-31T10:00:01.500Z"}'
    )
    assert expected == dumps(lines.left("r1", "customers", gone, now))
