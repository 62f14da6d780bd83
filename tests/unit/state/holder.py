"""A process that takes a lease in SYNC_STATE_URL, says so, and waits to be ended."""

import os
import sys

from sync.domain.record import Object
from sync.state.store import Store


def main(url: str) -> None:
    """Hold the lease of ds_1's customers until standard input closes, then leave without giving it back."""
    store = Store.open(url)
    store.leases.take([store.scope("acc_1", "ds_1", Object.CUSTOMER)], "run_of_holder")
    sys.stdout.write("held\n")
    sys.stdout.flush()
    sys.stdin.read()
    store.close()


main(os.environ["SYNC_STATE_URL"])
