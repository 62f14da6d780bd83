"""The sockets of a client of ClickHouse: it has no way to end a request that waits for its answer but to hang up."""

import socket
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

_HELD: "WeakKeyDictionary[Any, WeakSet[Any]]" = WeakKeyDictionary()


def hold(client: Any) -> None:
    """Let a client have connections of its own, which are known from now on; by default all clients share theirs."""
    from urllib3 import PoolManager

    shared = client.http
    if type(shared) is not PoolManager:  # a proxy's: what it asks for is not ours to copy
        return
    held = _HELD.setdefault(client, WeakSet())
    own = PoolManager(**shared.connection_pool_kw)
    own.pool_classes_by_scheme = {
        scheme: _holding(pool, held) for scheme, pool in shared.pool_classes_by_scheme.items()
    }
    client.http = own


def hang_up(client: Any) -> None:
    """End what waits for an answer, in whatever thread; closing alone would wait with it."""
    for connection in list(_HELD.get(client, ())):
        with suppress(OSError, AttributeError):  # it has ended in this very moment
            connection.sock.shutdown(socket.SHUT_RDWR)


def _holding(pool: Any, held: "WeakSet[Any]") -> Any:
    """A class of urllib3's pools whose connections are held as soon as they are open."""

    class Connection(pool.ConnectionCls):  # type: ignore[misc]  # which class that is shows only now
        def connect(self) -> None:
            super().connect()
            held.add(self)

    return type(pool.__name__, (pool,), {"ConnectionCls": Connection})
