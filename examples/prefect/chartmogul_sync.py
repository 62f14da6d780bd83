"""A flow that brings ChartMogul up to date with the warehouse. `python chartmogul_sync.py` serves it, every 15 minutes.

Variables such as CHARTMOGUL_API_KEY_FILE and WAREHOUSE_URL are those of the process's environment; so is PATH, on
which `chartmogul-sync` is found, best in an environment of its own.
"""

import json
import os
import subprocess
from typing import Any

from prefect import flow, get_run_logger, task

MAPPINGS = os.environ.get("SYNC_MAPPINGS_FOLDER", "mappings")
#: 3: a server said no or nothing; 5: another process holds the lease; 130, 143: interrupted. All else stays as it is.
AGAIN = {3, 5, 130, 143}


class Ended(Exception):
    """The program ended with another exit code than 0."""

    def __init__(self, code: int) -> None:
        super().__init__(f"chartmogul-sync ended with {code}: see its log")
        self.code = code


def may_pass(_task: Any, _run: Any, state: Any) -> bool:
    """Whether trying again can help."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, Ended) and error.code in AGAIN


@task(retries=3, retry_delay_seconds=120, retry_condition_fn=may_pass, timeout_seconds=6 * 3600)
def sync(mappings: str) -> dict[str, dict[str, int]]:
    """One run; the counts of each mapping."""
    command = ["chartmogul-sync", "run", "--json", mappings]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Ended(done.returncode)
    summary = json.loads(done.stdout)
    get_run_logger().info("run %s: %s", summary["run_id"], summary["status"])
    return {one["mapping"]: one["rows"] for one in summary["mappings"]}


@flow(name="chartmogul-sync")
def chartmogul_sync(mappings: str = MAPPINGS) -> dict[str, dict[str, int]]:
    """One task; call those that build the tables which the mappings read before it."""
    return sync(mappings)


if __name__ == "__main__":
    # One at a time: two at once would only meet each other's lease.
    chartmogul_sync.serve(name="every-15-minutes", cron="*/15 * * * *", limit=1)
