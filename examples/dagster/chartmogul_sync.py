"""An asset that brings ChartMogul up to date with the warehouse, and a schedule for it.

Variables such as CHARTMOGUL_API_KEY_FILE and WAREHOUSE_URL are those of the code location's environment; so is PATH,
on which `chartmogul-sync` is found, best in an environment of its own.
"""

import json
import os
import subprocess

import dagster as dg

MAPPINGS = os.environ.get("SYNC_MAPPINGS_FOLDER", "mappings")
#: 3: a server said no or nothing; 5: another process holds the lease; 130, 143: interrupted. All else stays as it is.
AGAIN = {3, 5, 130, 143}


@dg.asset(
    # deps=["dim_accounts"]: the assets that the mappings read
    group_name="chartmogul",
    retry_policy=dg.RetryPolicy(max_retries=3, delay=120),
    pool="chartmogul_sync",  # with a limit of 1: two at once would only meet each other's lease
)
def chartmogul(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Customers and contacts in ChartMogul, as the mappings say."""
    command = ["chartmogul-sync", "run", "--json", MAPPINGS]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise dg.Failure(
            f"chartmogul-sync ended with {done.returncode}: see its log",
            allow_retries=done.returncode in AGAIN,
        )
    summary = json.loads(done.stdout)
    context.log.info("run %s: %s", summary["run_id"], summary["status"])
    counts = {
        f"{one['mapping']}/{outcome}": count
        for one in summary["mappings"]
        for outcome, count in one["rows"].items()
    }
    return dg.MaterializeResult(metadata={"run_id": summary["run_id"], **counts})


job = dg.define_asset_job("chartmogul_sync", selection=[chartmogul])
defs = dg.Definitions(
    assets=[chartmogul],
    jobs=[job],
    schedules=[dg.ScheduleDefinition(job=job, cron_schedule="*/15 * * * *")],
)
