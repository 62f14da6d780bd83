"""Sends calls: slots and turns, attempts and waits."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_result

from sync.chartmogul import account, retry, verdict
from sync.chartmogul.exchange import Answer, Exchange
from sync.chartmogul.health import Health
from sync.chartmogul.pace import Pace, Turn
from sync.chartmogul.permit import Permit
from sync.chartmogul.verdict import Failure
from sync.chartmogul.wire import Call, Misread
from sync.domain.results import Requests
from sync.errors import Answered, Denied, RailError, Refused, Unavailable

T = TypeVar("T")

#: What is asked in a pause, and how often, in seconds.
_QUESTION = account.get()
_BETWEEN_QUESTIONS = 5.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits depend on, handed in.

    `sleep` may return early; with `stopping` true no repeat follows. `roll` gives a number from
    0 to 1.
    """

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    stopping: Callable[[], bool] = lambda: False
    roll: Callable[[], float] = random.random
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Transport:
    """Sends calls through one HTTP client, and counts the requests.

    Args:
        http: from `open_http`; a request as a whole may take as long as its read timeout.
        pace: shared by all that one process asks of one account.
        health: shared by all transports to one API.
        waiting: how to wait between attempts.
        requests: where requests are counted.
        budget: the most requests that may be counted; None for no limit.
        permits: rights that every write needs at the moment in which it is sent; a client without any only reads.
        denials: the answer that no request can get round, once there was one; nothing is sent after it.
    """

    http: httpx.AsyncClient = field(repr=False)
    pace: Pace
    health: Health = field(default_factory=lambda: Health(time.monotonic))
    waiting: Waiting = field(default_factory=Waiting)
    requests: Requests = field(default_factory=Requests)
    budget: int | None = None
    permits: tuple[Permit, ...] = ()
    denials: list[Denied] = field(default_factory=list)

    def counting(self, requests: Requests, budget: int | None = None) -> "Transport":
        """A transport on the same connections that counts its own requests."""
        return replace(self, requests=requests, budget=budget)

    def at(self, pace: Pace) -> "Transport":
        """A transport on the same connections that keeps another pace."""
        return replace(self, pace=pace)

    def under(self, permit: Permit) -> "Transport":
        """A transport on the same connections whose writes need this permit, too."""
        return replace(self, permits=(*self.permits, permit))

    async def send(self, call: Call, read: Callable[[Any], T]) -> "Received[T]":
        """Send a call, again where that may help and does no harm, and read its answer.

        `read` gets the answer's JSON, None for an empty body, and raises Misread for a wrong shape.

        Raises:
            Refused, NotFound, AlreadyExists, Denied: what ChartMogul answered.
            Unavailable: all attempts are spent, or none more is allowed.
            Outage: nobody had a usable answer for too long.
            RailError: another request would be over the budget.
            SyncError: a permit says why a write is not sent.
        """
        sending = _Sending(self, call, read)
        with self.health.asking():
            result = await sending.send()
            while isinstance(result, Failure) and retry.may_repeat(call, result):
                if not await self._paused(result):
                    break
                result = await sending.send()
        if isinstance(result, Failure):
            raise sending.unavailable(result)
        return Received(result, sending.attempts, sending.status, sending.sent)

    async def _paused(self, failure: Failure) -> bool:
        """Wait while nobody is answered; whether there was such a pause, and the failure was part of it.

        Raises:
            Outage: it lasted too long.
        """
        health, paused = self.health, self.health.asking_again.locked()
        async with health.asking_again:
            while health.is_failing and not self.waiting.stopping():
                if not isinstance(await _Sending(self, _QUESTION, bool).attempt(), Failure):
                    break
                paused = True
                health.pause(failure.message)
                await self.waiting.sleep(_BETWEEN_QUESTIONS)
        return paused and not self.waiting.stopping()


@dataclass(frozen=True, slots=True)
class Received(Generic[T]):
    """What was read from an answer, its status, and how many attempts it took.

    `repeated`: an earlier attempt may have been carried out.
    """

    value: T
    attempts: int
    status: int
    repeated: bool


@dataclass(slots=True)
class _Sending(Generic[T]):
    """One call on its way, with all its attempts."""

    transport: Transport
    call: Call
    read: Callable[[Any], T]
    attempts: int = field(default=0, init=False)
    sent: bool = field(default=False, init=False)
    failure: Failure | None = field(default=None, init=False)
    status: int = field(default=0, init=False)
    asked: bool = field(default=False, init=False)
    told_to_wait: int = field(default=0, init=False)

    async def send(self) -> T | Failure:
        """All the attempts that there are."""
        self.told_to_wait = 0
        retrying = AsyncRetrying(
            retry=retry_if_result(self.may_repeat),
            stop=self.is_over,
            wait=self.seconds_before_next,
            sleep=self.transport.waiting.sleep,
            retry_error_callback=_last_result,
        )
        result: T | Failure = await retrying(self.attempt)
        return result

    async def attempt(self) -> T | Failure:
        """One request; a failure that time may heal is returned, everything else is raised."""
        if self.failure and self.transport.waiting.stopping():
            return self.failure
        try:
            async with self.transport.pace.start() as turn:
                self._claim()
                self._count()
                result = await self._exchange(turn)
        except (Refused, Denied) as error:
            if isinstance(error, Denied) and error.answered.status in verdict.DENIALS:
                self.transport.denials.append(error)
            error.answered.attempts = self.attempts
            self.transport.pace.succeeded()
            self.transport.health.answered()
            raise
        if isinstance(result, Failure):
            self._note(result)
            if result.forbidden and not self.asked:
                self.asked = True
                await self._ask_whose_key()
        else:
            self.transport.pace.succeeded()
            self.transport.health.answered()
        return result

    async def _ask_whose_key(self) -> None:
        """Somebody on the way forbids a request: all of them, if this one is forbidden as well.

        Raises:
            Denied: it is; what is garbled about it is the answer to the request before.
        """
        with suppress(RailError):
            try:
                await _Sending(self.transport, _QUESTION, bool).attempt()
            except Denied as denied:
                answered = replace(denied.answered, garbled=True)
                raise Denied(denied.message, answered, denied.hint) from denied

    def may_repeat(self, result: T | Failure) -> bool:
        """Whether this result calls for another attempt."""
        return isinstance(result, Failure) and retry.may_repeat(self.call, result)

    def is_over(self, state: RetryCallState) -> bool:
        """Whether the attempts are spent, or nobody has the time for more."""
        spent = retry.is_spent(state.attempt_number, self.told_to_wait)
        return spent or self.transport.waiting.stopping()

    def seconds_before_next(self, state: RetryCallState) -> float:
        """How long to wait before the next attempt."""
        failure, roll = _failure_of(state), self.transport.waiting.roll()
        attempt = retry.of_its_kind(failure, state.attempt_number, self.told_to_wait)
        return retry.seconds_before(attempt, failure.retry_after, roll)

    def unavailable(self, failure: Failure) -> Unavailable:
        """The error that remains; sent, if any of the attempts may have been carried out."""
        answered = Answered(failure.status, failure.body, self.attempts, garbled=failure.foreign)
        asked_for = failure.retry_after or 0.0
        return Unavailable(
            failure.message, answered, sent=self.sent, busy=failure.busy, retry_after=asked_for
        )

    def _claim(self) -> None:
        """Raise where a request must not be sent now: nothing may come between this and its sending."""
        if self.transport.denials:
            raise _unsent(self.transport.denials[0])
        if self.call.method == "GET":
            return
        if not self.transport.permits:
            raise RuntimeError("a client that only reads is about to write")
        for permit in self.transport.permits:
            permit.require()

    def _count(self) -> None:
        requests, budget = self.transport.requests, self.transport.budget
        if budget is not None and requests.total >= budget:
            raise RailError(
                f"{requests.total:,} requests are made, and limits.max_requests is {budget:,}",
                "what was sent is recorded: let the next run go on, raise limits.max_requests in the mapping,"
                " or lift it once with --override max_requests",
                "max_requests",
            )
        requests.methods[self.call.method] = requests.methods.get(self.call.method, 0) + 1
        requests.retried += self.attempts > 0
        self.attempts += 1

    def _note(self, failure: Failure) -> None:
        self.failure = failure
        self.sent |= failure.sent
        self.told_to_wait += failure.asks_to_wait
        self.transport.requests.throttled += failure.asks_to_wait
        if failure.throttled:
            self.transport.pace.throttled()
            self.transport.health.told_to_wait()
            return
        if failure.busy:
            self.transport.pace.crowded()
        self.transport.health.failed(failure.message)

    async def _exchange(self, turn: Turn) -> T | Failure:
        """Send the request and read its answer, whatever it is."""
        http, pace = self.transport.http, self.transport.pace
        answer = await Exchange(http, self.call, pace, turn, self._claim).carry_out()
        return answer if isinstance(answer, Failure) else self._read(answer)

    def _read(self, answer: Answer) -> T | Failure:
        asked = retry.read_retry_after(answer.retry_after, self.transport.waiting.now())
        match verdict.judge(self.call, answer.status, answer.body, answer.location, asked):
            case Failure() as failure:
                return failure
            case None:
                return self._read_good(answer)
            case error:
                raise error

    def _read_good(self, answer: Answer) -> T | Failure:
        try:
            self.status = answer.status
            return self.read(answer.data(self.call))
        except Misread as error:
            # Somebody else answered (a proxy, a login page), or the answer was cut off.
            message = f"{self.call.name} was answered {answer.status}, but {error}"
            return Failure(message, True, answer.status, answer.show())


def _unsent(denied: Denied) -> Denied:
    """The denial as that of a request that never left: nothing of it is in doubt."""
    return Denied(denied.message, replace(denied.answered, garbled=False), denied.hint)


def _failure_of(state: RetryCallState) -> Failure:
    result = _last_result(state)
    assert isinstance(result, Failure), "only failures are tried again"
    return result


def _last_result(state: RetryCallState) -> Any:
    assert state.outcome is not None, "asked after an attempt only"
    return state.outcome.result()
