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
    """The function that dlt calls with each batch."""

    def __init__(self, url: str, key: str, data_source: str) -> None:
        self._url, self._data_source, self._auth = url, data_source, (key, "")
        # Twenty workers ask for four times of what is allowed; five attempts are its default.
        self._client = Client(request_timeout=30, request_max_attempts=20)
        self.ended: Counter[str] = Counter()

    def __call__(self, rows: abc.Iterable[dict[str, Any]], table: object) -> None:
        """Deliver a batch; an error is dlt's, which repeats the batch."""
        for row in rows:
            # dlt has made times of what looks like one.
            plain = {
                key: str(value) if isinstance(value, datetime) else value
                for key, value in row.items()
            }
            self.ended[self._deliver(plain)] += 1

    def _deliver(self, row: dict[str, Any]) -> str:
        query = {"data_source_uuid": self._data_source, "external_id": str(row["id"])}
        found = self._client.get(f"{self._url}/customers", params=query, auth=self._auth)
        if entries := found.json()["entries"]:
            patched = f"{self._url}/customers/{entries[0]['uuid']}"
            self._client.patch(patched, json=bodies.changed(row), auth=self._auth)
            return "updated"
        body = bodies.new(row, self._data_source)
        self._client.post(f"{self._url}/customers", json=body, auth=self._auth)
        return "created"


def main(path: str, url: str, key: str, data_source: str, folder: str) -> None:
    """Deliver all accounts; prints how many ended how, repeated ones each time."""
    deliver = Destination(url, key, data_source)

    # dlt reads the signature of what it calls.
    def chartmogul(items: list[dict[str, Any]], table: dict[str, Any]) -> None:
        deliver(items, table)

    dlt.config["load.workers"] = _WORKERS
    dlt.config["normalize.data_writer.file_max_items"] = _BATCH
    dlt.config["runtime.dlthub_telemetry"] = False
    destination = dlt.destination(
        chartmogul, batch_size=_BATCH, loader_parallelism_strategy="parallel"
    )
    pipeline = dlt.pipeline("accounts", destination=destination(), pipelines_dir=folder)
    pipeline.run(dlt.resource(bodies.rows(path), name="accounts"))
    print(json.dumps(deliver.ended))


if __name__ == "__main__":
    main(*sys.argv[1:])
