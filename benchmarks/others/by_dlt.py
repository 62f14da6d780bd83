"""A custom destination of `dlt`: look up, then create or patch.

dlt reads, keeps the rows in files of twenty, hands them to twenty workers, repeats a batch whose destination raised,
and comes with a client that repeats what was refused. What is delivered, and whether, is the user's own code.
"""

import json
import sys
from collections import Counter, abc
from datetime import datetime
from typing import Any

import dlt
from dlt.sources.helpers.requests import Client

from benchmarks.others import bodies

_WORKERS = 20
_BATCH = 20


class Destination:
    """Delivers batches, one row after the other."""

    def __init__(self, url: str, key: str, data_source: str) -> None:
        self._url, self._data_source, self._auth = url, data_source, (key, "")
        # Twenty workers ask for four times of what is allowed; five attempts are its default.
        self._client = Client(request_timeout=30, request_max_attempts=20)
        self.ended: Counter[str] = Counter()

    def deliver(self, rows: abc.Iterable[dict[str, Any]]) -> None:
        """Deliver a batch; an error is dlt's, which repeats the batch."""
        for row in rows:
            self.ended[self._deliver({key: _told(value) for key, value in row.items()})] += 1

    def _deliver(self, row: dict[str, Any]) -> str:
        place = {"data_source_uuid": self._data_source, "external_id": str(row["id"])}
        found = self._client.get(f"{self._url}/customers", params=place, auth=self._auth)
        if entries := found.json()["entries"]:
            patched = f"{self._url}/customers/{entries[0]['uuid']}"
            self._client.patch(patched, json=bodies.changed(row), auth=self._auth)
            return "updated"
        body = place | bodies.new(row)
        self._client.post(f"{self._url}/customers", json=body, auth=self._auth)
        return "created"


def _told(value: Any) -> Any:
    """dlt has made times, in UTC, of what looks like one."""
    return str(value.replace(tzinfo=None)) if isinstance(value, datetime) else value


def main(path: str, url: str, key: str, data_source: str, folder: str) -> None:
    """Deliver all accounts; prints how many ended how, repeated ones each time."""
    target = Destination(url, key, data_source)

    # dlt reads the signature of what it calls.
    def chartmogul(items: list[dict[str, Any]], table: dict[str, Any]) -> None:
        target.deliver(items)

    dlt.config["load.workers"] = _WORKERS
    dlt.config["normalize.data_writer.file_max_items"] = _BATCH
    dlt.config["runtime.dlthub_telemetry"] = False
    destination = dlt.destination(
        chartmogul, batch_size=_BATCH, loader_parallelism_strategy="parallel"
    )
    pipeline = dlt.pipeline("accounts", destination=destination(), pipelines_dir=folder)
    pipeline.run(dlt.resource(bodies.rows(path), name="accounts"))
    print(json.dumps(target.ended))


if __name__ == "__main__":
    main(*sys.argv[1:])
