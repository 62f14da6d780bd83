"""A DAG that brings ChartMogul up to date with the warehouse, after what feeds the mappings.

Variables such as CHARTMOGUL_API_KEY_FILE and WAREHOUSE_URL are those of the worker's environment; so is PATH, on
which `chartmogul-sync` is found, best in an environment of its own.
"""

import json
import subprocess
from datetime import datetime, timedelta
from typing import Any

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task
from airflow.exceptions import AirflowException, AirflowFailException

MAPPINGS = "/opt/airflow/mappings"
#: 3: a server said no or nothing; 5: another process holds the lease; 130, 143: interrupted. All else stays as it is.
AGAIN = {3, 5, 130, 143}


@dag(
    schedule="*/15 * * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,  # a run brings everything up to date, whenever it comes
    max_active_runs=1,
    tags=["chartmogul"],
)
def chartmogul_sync() -> None:
    """One task; put it behind those that build the tables which the mappings read."""

    @task(retries=3, retry_delay=timedelta(minutes=2), execution_timeout=timedelta(hours=6))
    def sync() -> dict[str, Any]:
        command = ["chartmogul-sync", "run", "--json", MAPPINGS]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode in AGAIN:
            raise AirflowException(f"chartmogul-sync ended with {done.returncode}; trying again")
        if done.returncode:
            raise AirflowFailException(f"chartmogul-sync ended with {done.returncode}: see its log")
        summary = json.loads(done.stdout)
        return {one["mapping"]: one["rows"] for one in summary["mappings"]}

    sync()


chartmogul_sync()
