"""`unlock`: who holds leases, and freeing those that are dead."""

from sync.cli.config import settings_alone
from sync.cli.say import say
from sync.errors import EXIT_OK
from sync.state.leases import Freed, Holder, told
from sync.state.store import Store


def unlock() -> int:
    """List the leases of the state, and free the dead ones; 0.

    Raises:
        StateError: there is no state, or it cannot be used.
    """
    settings = settings_alone()
    store = Store.open(settings.state_url, create=False)
    try:
        found = store.leases.free()
    finally:
        store.close()
    for one in found:
        say(_freed(one) if isinstance(one, Freed) else _held(one))
    if not found:
        say("No leases: nothing is being written, and nothing is locked.")
    return EXIT_OK


def _freed(freed: Freed) -> str:
    return f"{_who(freed.holder)}\n  freed: {freed.reason}"


def _held(holder: Holder) -> str:
    return (
        f"{_who(holder)}\n  held: unless it is renewed, it ends at {told(holder.expires)}."
        " End the process, or wait; a run goes on by itself then."
    )


def _who(holder: Holder) -> str:
    account, data_source, object_ = holder.place
    return (
        f"{object_}s of {data_source} in {account}: process {holder.process.pid} on {holder.process.host},"
        f" run {holder.owner}, last renewed at {told(holder.renewed)}"
    )
