"""A careful script on the official `chartmogul` client: look up, then create or modify, twenty threads."""

import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import chartmogul
from chartmogul import resource
from chartmogul.retry_request import requests_retry_session

from benchmarks.others import bodies


def _retrying(retries: int = 20, backoff_factor: float = 2, session: Any = None) -> Any:
    """The client repeats refused requests over https only; against the sandbox it shall do so too."""
    made = requests_retry_session(retries, backoff_factor, session)
    made.mount("http://", made.get_adapter("https://"))
    return made


resource.requests_retry_session = _retrying


class Script:
    """Delivers rows; a row that the client gives up on is counted, the others go on."""

    def __init__(self, url: str, key: str, data_source: str) -> None:
        self._config = chartmogul.Config(key, request_timeout=30)
        self._config.uri = url
        self._data_source = data_source

    def deliver(self, row: dict[str, Any]) -> str:
        """created, updated or the name of an error."""
        try:
            return self._deliver(row)
        except Exception as error:
            return type(error).__name__

    def _deliver(self, row: dict[str, Any]) -> str:
        place = {"data_source_uuid": self._data_source, "external_id": str(row["id"])}
        found = chartmogul.Customer.all(self._config, **place).get()
        if found.entries:
            uuid = found.entries[0].uuid
            chartmogul.Customer.modify(self._config, uuid=uuid, data=bodies.changed(row)).get()
            return "updated"
        chartmogul.Customer.create(self._config, data=place | bodies.new(row)).get()
        return "created"


def main(path: str, url: str, key: str, data_source: str) -> None:
    """Deliver all accounts and print how many ended how."""
    script = Script(url, key, data_source)
    with ThreadPoolExecutor(20) as pool:
        print(json.dumps(Counter(pool.map(script.deliver, bodies.rows(path)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
