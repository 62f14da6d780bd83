"""A TCP proxy that carries HTTP between the program and the sandbox, and goes wrong on purpose."""

import asyncio
import random
import re
import socket
import struct
import time
from collections import Counter, abc
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from threading import Thread
from types import TracebackType

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
#: Closing such a socket sends RST instead of FIN.
_NO_LINGER = struct.pack("ii", 1, 0)
#: What is sliced comes in at most so many pieces.
_PIECES = 200


class Trick(StrEnum):
    """How one exchange goes wrong."""

    RESET_BEFORE = "reset before"  # the request never arrives
    RESET_AFTER = "reset after"  # it takes effect, and its answer is lost
    CUT = "cut"  # it takes effect, and half of its answer arrives
    LATE_REQUEST = "late request"  # it arrives when nobody waits for its answer any more
    LATE_ANSWER = "late answer"  # it arrives at once, its answer too late
    SLICE = "slice"  # all of it arrives, in small pieces


#: Those after which the program has no answer.
CUTS = tuple(trick for trick in Trick if trick is not Trick.SLICE)


@dataclass(slots=True)
class Weather:
    """The share of exchanges that go wrong, how they do, and for how many seconds what is late is held."""

    rate: float = 0.0
    tricks: abc.Sequence[Trick] = tuple(Trick)
    late: tuple[float, float] = (1.2, 2.5)


class Proxy:
    """Listens on a free port while it is entered; `weather` may change at any time, `counts` says what happened.

    What became of a request does not depend on whether its sender lives: once here, it arrives.
    """

    def __init__(self, port: int, chance: random.Random) -> None:
        self.weather = Weather()
        self.counts: Counter[Trick] = Counter()
        self._to = port
        self._chance = chance
        self._under_way = 0
        #: The loop itself keeps no task alive.
        self._serving: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._thread = Thread(target=self._run, name="proxy")

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> "Proxy":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def calm(self, seconds: float = 30) -> None:
        """Do everything right from now on, and wait until all that was held back has arrived."""
        self.weather = Weather()
        until = time.monotonic() + seconds
        time.sleep(0.2)  # what a killed process has sent may still lie in the socket
        while self._under_way:
            assert time.monotonic() < until, f"{self._under_way} requests never end"
            time.sleep(0.02)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._listen())

    async def _listen(self) -> None:
        server = await asyncio.start_server(self._serve, sock=self._listener)
        await self._over.wait()
        server.close()

    async def _serve(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        far, forth = await asyncio.open_connection("127.0.0.1", self._to)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                while await self._exchange(near, back, far, forth):
                    pass
        finally:
            back.close()
            forth.close()
            self._serving.discard(task)

    async def _exchange(
        self,
        near: asyncio.StreamReader,
        back: asyncio.StreamWriter,
        far: asyncio.StreamReader,
        forth: asyncio.StreamWriter,
    ) -> bool:
        """One request and its answer; whether the connection still serves."""
        request = await _message(near)
        self._under_way += 1
        try:
            trick = self._draw()
            if trick is Trick.RESET_BEFORE:
                return _reset(back)
            if trick is Trick.LATE_REQUEST:
                await self._hold()
            await _send(forth, request, trick)
            answer = await _message(far)
            if trick is Trick.LATE_ANSWER:
                await self._hold()
            if trick is Trick.RESET_AFTER:
                return _reset(back)
            if trick is Trick.CUT:
                back.write(answer[: len(answer) // 2])
                await back.drain()
                return False
            await _send(back, answer, trick)
            return True
        finally:
            self._under_way -= 1

    def _draw(self) -> Trick | None:
        weather = self.weather
        if self._chance.random() >= weather.rate:
            return None
        trick = self._chance.choice(weather.tricks)
        self.counts[trick] += 1
        return trick

    async def _hold(self) -> None:
        await asyncio.sleep(self._chance.uniform(*self.weather.late))


def _reset(writer: asyncio.StreamWriter) -> bool:
    connection = writer.get_extra_info("socket")
    with suppress(OSError):  # the other side was faster
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    writer.transport.abort()
    return False


async def _message(reader: asyncio.StreamReader) -> bytes:
    """A whole HTTP message, request or answer; neither side here sends chunks."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return head + (await reader.readexactly(int(length[1])) if length else b"")


async def _send(writer: asyncio.StreamWriter, message: bytes, trick: Trick | None) -> None:
    size = max(1, len(message) // _PIECES) if trick is Trick.SLICE else len(message)
    for start in range(0, len(message), size):
        writer.write(message[start : start + size])
        await writer.drain()
        if size < len(message):
            await asyncio.sleep(0.001)
