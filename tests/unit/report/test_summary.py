"""summary.json as the contract has it."""

from datetime import UTC, datetime
from decimal import Decimal

from sync.domain.results import Run
from sync.report.plain import loads
from sync.report.summary import dumps, summary

START = datetime(2026, 1, 31, tzinfo=UTC)


def test_summary(run):
    """The document has the keys of the contract in their order, and only the methods in use."""
    expected = """{
  "format": 1,
  "tool": "0.1.0",
  "run_id": "r1",
  "dry_run": false,
  "started_at": "2026-01-31T10:00:00Z",
  "finished_at": "2026-01-31T10:00:01.500Z",
  "status": "completed_with_errors",
  "exit_code": 1,
  "environment": null,
  "undid": null,
  "mappings": [
    {
      "mapping": "customers",
      "file": "mappings/customers.yml",
      "object": "customer",
      "mode": "upsert",
      "data_source": "ds_1",
      "account": null,
      "status": "completed_with_errors",
      "error": null,
      "reason": null,
      "warnings": 1,
      "left": 1,
      "seconds": 1.2,
      "rows": {
        "read": 7,
        "created": 1,
        "updated": 2,
        "unchanged": 1,
        "skipped": 1,
        "rejected": 2,
        "unprocessed": 0
      },
      "requests": {
        "total": 4,
        "GET": 1,
        "POST": 2,
        "PATCH": 1,
        "retried": 1,
        "throttled": 0
      },
      "rejected_new": 0,
      "mended": 0,
      "rejected_by_code": {},
      "undone": 0,
      "known_drops": {},
      "overridden": [],
      "mrr": null,
      "new_types": {},
      "not_retried": 0,
      "unmet": 0,
      "not_put_back": [],
      "estimate": null
    }
  ]
}"""
    assert expected == dumps(summary(run))


def test_rows_add_up(contacts):
    """What was fetched but not decided is unprocessed, so that the rows add up to read."""
    document = summary(Run("r", False, START, [contacts]))
    rows = document["mappings"][0]["rows"]
    assert rows["unprocessed"] == 1_199
    assert rows.pop("read") == sum(rows.values())


def test_unfinished(contacts):
    """What is not known yet is null."""
    contacts.status = None
    document = summary(Run("r", True, START, [contacts]))
    known = document["finished_at"], document["status"], document["mappings"][0]["status"]
    assert known == (None, None, None)


def test_round_trip(run):
    """What is printed reads back as the same document."""
    document = summary(run)
    document["mappings"][0]["seconds"] = Decimal("1.2")
    assert document == loads(dumps(summary(run)))
