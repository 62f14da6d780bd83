"""A dry run that is looked at by a program, then the run. `python chartmogul_sync.py` does both.

Variables such as CHARTMOGUL_API_KEY_FILE and WAREHOUSE_URL are those of the process's environment, or of `.env`.
"""

import logging
import os
import sys

from sync import run, validate
from sync.errors import SyncError, told

MAPPINGS = os.environ.get("SYNC_MAPPINGS_FOLDER", "mappings")
#: More creates in one night than this are looked at by somebody first.
MOST_CREATES = 1000
log = logging.getLogger("nightly")


class TooMany(Exception):
    """A dry run found more creates than anybody expects."""


def nightly(mappings: str = MAPPINGS) -> dict[str, int]:
    """How many records were created and updated, by mapping."""
    for warning in validate(mappings).warnings:
        log.warning("%s", warning)
    planned = run(mappings, dry_run=True)
    creates = sum(one.rows.created for one in planned.mappings)
    if creates > MOST_CREATES:
        raise TooMany(f"{creates} records would be created: see report {planned.run_id}")
    done = run(mappings)
    for one in done.mappings:
        if one.status != "succeeded":
            codes = dict(one.rejected_by_code)
            log.error("%s: %s, %s", one.mapping, one.status, one.error or f"rejected: {codes}")
    return {one.mapping: one.rows.created + one.rows.updated for one in done.mappings}


if __name__ == "__main__":
    logging.basicConfig(
        level=logging.INFO
    )  # the steps of each run, too: they go to the logger `sync`
    try:
        log.info("written: %s", nightly())
    except SyncError as error:
        sys.exit(told(error))
    except TooMany as error:
        sys.exit(str(error))
