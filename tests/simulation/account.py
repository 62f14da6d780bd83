"""ChartMogul and the way to it: the sandbox behind a network that loses, delays and garbles."""

import asyncio
import random
from collections import Counter, abc
from contextvars import Context
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from uuid import UUID

import httpx

from sync.sandbox import data_sources, merges
from sync.sandbox.answer import Answer, decode, encode
from sync.sandbox.endless import prolong, rewind
from sync.sandbox.people import Contact
from sync.sandbox.request import Incoming
from sync.sandbox.sandbox import DATA_SOURCE, Sandbox
from sync.sandbox.world import Merge
from tests.simulation.plan import DEFINE, ENTER, TAG, TYPE, UNTYPE, Deed, Plan, Scene, Trouble
from tests.simulation.rows import SEGMENTS, former

KEY = "planted-key-5d2c7e91ab"
OTHER_KEY = "planted-other-key-31f0c4d2"
OTHER_SOURCE = "ds_00000000-0000-4000-8000-000000000002"
READ_ONLY_KEY = "planted-read-only-key-77ab"
#: Requests that change what is there arrive this late at most: an older value never beats a newer one.
_LATEST = 0.5
#: Troubles whose answers are true ones all the same.
_TELLING = ("429", "503", "slow", "much white space", "shows no customer")
#: JSON that gateways answer with; none of it has a shape of ChartMogul's errors.
_FOREIGN = (
    b'{"fault":{"faultstring":"Access denied","detail":{"errorcode":"policies.denied"}}}',
    b'{"status":"blocked","ray":"7f3a"}',
    b'["blocked"]',
    b'"blocked"',
)
#: JSON that shows nothing of a record; after a removal ChartMogul answers so itself.
_NOTHING = (b"{}", b'{"message":"ok"}')
#: ChartMogul's own word for a record that it does not have.
_GONE = b'{"code":404,"message":"It does not exist","param":"contact_uuid"}'
#: Bytes of white space before an answer.
_MUCH = 200_000
#: Troubles that end a request on its way there.
_NEVER_ARRIVE = ("429", "503", "refused connection", "never answered", "a login page behind 302")


class Caller(Protocol):
    """The process that a request comes from."""

    name: str
    dead: bool

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Where it lives."""
        ...

    def point(self) -> None:
        """Something happens here; the process may die of it."""
        ...


@dataclass(frozen=True, slots=True)
class Effect:
    """A request that reached ChartMogul: who sent it, and what was answered."""

    caller: str
    at: float
    method: str
    path: str
    body: Any
    status: int
    answer: Any

    @property
    def writes(self) -> bool:
        """Whether it asked for a change."""
        return self.method != "GET"

    @property
    def created(self) -> bool:
        """Whether it made a customer or a contact."""
        made = self.path in ("/v1/customers", "/v1/contacts")
        return made and self.method == "POST" and self.status in (200, 201)


@dataclass(slots=True)
class Asked:
    """A create of a contact that left a process; `sure` where its answer tells what became of it."""

    caller: str
    at: float
    key: str
    sure: bool = False


@dataclass(slots=True, eq=False)
class _Request:
    """A request that is on its way."""

    caller: Caller
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    trouble: Trouble | None = None
    #: When it reaches ChartMogul, if it does.
    due: float = 0.0
    #: The answer that waits for a process that is stopped.
    answer: Answer | None = None
    #: It is under way without its process: whatever this does, it arrives, or not.
    gone: bool = False
    #: What it did, once it has arrived.
    effect: Effect | None = None

    @property
    def creates(self) -> bool:
        return self.method == "POST" and self.path in ("/v1/customers", "/v1/contacts")

    @property
    def sorts(self) -> tuple[str, ...]:
        """What troubles may be about, see Trouble."""
        if self.creates:
            return ("all", self.path.removeprefix("/v1/"))
        if self.method in ("GET", "PATCH"):
            return ("all", "reads" if self.method == "GET" else "updates")
        return ("all", "attributes")


@dataclass(slots=True)
class Account:
    """One ChartMogul account in one world. `now` gives seconds since the world began."""

    plan: Plan
    now: abc.Callable[[], float]
    note: abc.Callable[[str], None]
    epoch: float
    key: str = KEY
    name: str = "acc_00000000-0000-4000-8000-000000000000"
    sandbox: Sandbox = field(init=False)
    effects: list[Effect] = field(default_factory=list, init=False)
    #: Creates of contacts, as they left their processes.
    asked: list[Asked] = field(default_factory=list, init=False)
    #: Kinds of trouble that struck, for the closing line.
    struck: dict[str, int] = field(default_factory=dict, init=False)
    scene: Scene | None = field(default=None, init=False)
    revoked: str = field(default="", init=False)
    #: What people deleted: by uuid, which keys it stood for.
    graves: dict[str, list[tuple[str, str]]] = field(default_factory=dict, init=False)
    #: How many requests had taken effect before that, by uuid.
    buried: dict[str, int] = field(default_factory=dict, init=False)
    #: By uuid, the company that people typed last, while no process was under way.
    typed: dict[str, str] = field(default_factory=dict, init=False)
    #: What it took the place of.
    _replaced: dict[str, str | None] = field(default_factory=dict, init=False)
    #: Whoever has last added a tag to a customer, by uuid and folded tag: a process, or people.
    taggers: dict[tuple[str, str], str] = field(default_factory=dict, init=False)
    #: Every tag that a process has ever added: who, to which customer, folded.
    tagged: set[tuple[str, str, str]] = field(default_factory=set, init=False)
    #: Tags that a process took off, with who had added each.
    untagged: list[tuple[str, str, str, str, int]] = field(default_factory=list, init=False)
    #: What was answered to whoever asked, and as it was.
    answered: list[Effect] = field(default_factory=list, init=False)
    #: Contacts of nobody that were there beforehand, as they were.
    nobodies: dict[str, Contact] = field(default_factory=dict, init=False)
    #: Processes that a stranger told that nothing will do.
    shut_out: set[str] = field(default_factory=set, init=False)
    _count: Counter[str] = field(default_factory=Counter, init=False)
    _late: list[tuple[float, _Request]] = field(default_factory=list, init=False)
    _way: list[_Request] = field(default_factory=list, init=False)
    #: When what arrives now was due; None: now.
    _moment: float | None = field(default=None, init=False)
    _dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.plan.seed + 1)
        self.sandbox = Sandbox(
            key=self.key,
            account={"id": self.name},
            definitions=() if self.plan.undefined else ("role",),
            read_only_key=READ_ONLY_KEY,
            rate=None,  # what the invariants count, the sandbox need not
            parallel=None,
            stale=self.plan.stale,
            clock=lambda: self.epoch + (self.now() if self._moment is None else self._moment),
            new_uuid=lambda: UUID(int=self._dice.getrandbits(128), version=4),
        )
        other = data_sources.make(OTHER_SOURCE, "Other", self.epoch)
        self.sandbox.world.sources[OTHER_SOURCE] = other

    def open(self, scene: Scene | None) -> None:
        """A scene begins; None: nothing goes wrong any more, and look-ups show everything."""
        self.scene, self.revoked = scene, ""
        self._count = Counter[str]()
        if scene is None:
            self.sandbox.set(stale=0.0)
        for deed in self._deeds():  # those that come before the first request
            self._do(deed)

    def lose(self, caller: Caller, arrives: float) -> None:
        """The process is dead: what it has on its way gets there so many seconds later, or never."""
        for request in [one for one in self._way if one.caller is caller]:
            self._way.remove(request)
            if arrives >= 0:
                self._delay(request, arrives)

    def hold(self, caller: Caller) -> None:
        """The process is stopped: what it has handed to the network arrives all the same."""
        for request in [one for one in self._way if one.caller is caller and not one.gone]:
            kind = request.trouble.kind if request.trouble else ""
            seconds = request.trouble.seconds if request.trouble else 0.0
            left = max(request.due - self.now(), 0.0)
            if kind == "arrives late":
                request.gone = True
                self._way.remove(request)
                self._delay(request, left + seconds)
            elif not _is_lost(kind):
                request.gone = True
                wait = left + (seconds if kind == "slow" else 0.0)
                caller.loop.call_later(wait, self._arrive_alone, request, context=Context())

    def _arrive_alone(self, request: _Request) -> None:
        if request in self._way:
            request.answer = self._arrive(request)

    def _delay(self, request: _Request, seconds: float) -> None:
        late = seconds if request.creates else min(seconds, _LATEST)
        self._late.append((self.now() + late, request))

    async def answer(
        self, caller: Caller, sent: httpx.Request, fate: abc.Callable[[], None] | None = None
    ) -> httpx.Response:
        """What becomes of one request; `fate` strikes its caller while it is on its way."""
        request = _Request(
            caller,
            sent.method,
            sent.url.path,
            dict(sent.url.params),
            dict(sent.headers),
            sent.content,
        )
        self._count.update(request.sorts)
        trouble = self._trouble(request)
        if trouble is not None:
            self.struck[trouble.kind] = self.struck.get(trouble.kind, 0) + 1
            self.note(f"{trouble.kind} ({trouble.seconds:g} s): {sent.method} {sent.url.path}")
        for deed in self._deeds():
            self._do(deed)
        request.trouble = trouble
        asked = self._asked(request)
        self._way.append(request)
        if fate is not None:
            fate()
        seconds = self.plan.latency * self._dice.uniform(0.3, 1.0)
        request.due = self.now() + seconds
        await asyncio.sleep(seconds)
        caller.point()
        try:
            response = await self._meet(request, trouble)
            if trouble is None and request.effect is not None:
                self.answered.append(request.effect)
            if asked is not None:
                asked.sure = trouble is None or trouble.kind in _TELLING
            return response
        except httpx.ConnectError:
            if asked is not None:
                asked.sure = True
            raise
        finally:
            if request in self._way:
                self._way.remove(request)

    def _asked(self, request: _Request) -> Asked | None:
        if (request.method, request.path) != ("POST", "/v1/contacts"):
            return None
        body = decode(request.body)
        source = body["data_source_uuid"]
        key = _of_source(body.get("external_id") or body["email"].lower(), source)
        asked = Asked(request.caller.name, self.now(), key)
        self.asked.append(asked)
        return asked

    async def _meet(self, request: _Request, trouble: Trouble | None) -> httpx.Response:
        kind, seconds = (trouble.kind, trouble.seconds) if trouble else ("", 0.0)
        match kind.split(" ")[0], kind:
            case "429" | "503", _:
                wait = {"retry-after": f"{seconds:.0f}"} if seconds > 1 else {}
                return httpx.Response(int(kind), headers=wait, content=b'{"code":1}')
            case "500" | "502" | "504", _:
                if kind.endswith("after"):
                    self._arrive(request)
                return httpx.Response(int(kind[:3]), content=b"<html>Bad Gateway</html>")
            case _, "reset before":
                raise httpx.ReadError("reset")
            case _, "reset after":
                self._arrive(request)
                raise httpx.ReadError("reset")
            case _, "arrives late":
                if not request.gone:
                    self._delay(request, seconds)
                raise httpx.ReadError("reset")
            case _, "refused connection":
                raise httpx.ConnectError("refused")
            case _, "never answered":
                await asyncio.sleep(100_000)
            case _, "a login page behind 302":
                return httpx.Response(302, headers={"location": "https://login.example/"})
            case _, "said to be gone" if request.method == "PATCH":
                return httpx.Response(404, content=_GONE)
            case "stranger", _:
                if _is_general(kind, request.path):
                    self.shut_out.add(request.caller.name)
                if kind.endswith("after"):
                    self._arrive(request)
                return _stranger(kind, self._dice.randrange(len(_FOREIGN)))
            case _, "slow":
                await asyncio.sleep(seconds)
        answer = self._arrive(request)
        if kind == "answered too late":
            await asyncio.sleep(100_000)
        await asyncio.sleep(self.plan.latency * self._dice.uniform(0.3, 1.0))
        request.caller.point()
        if kind == "shows no customer" and request.method == "PATCH":
            answer = _of_nobody(answer)
        if kind.startswith("endless"):
            answer = prolong(kind.split(" ")[1], answer, self._count["all"])  # type: ignore[arg-type]
        return _garbled(answer, kind)

    def _trouble(self, request: _Request) -> Trouble | None:
        for trouble in self.scene.troubles if self.scene else ():
            if (
                trouble.about in request.sorts
                and trouble.first <= self._count[trouble.about] <= trouble.last
            ):
                return trouble
        return None

    def _deeds(self) -> list[Deed]:
        deeds = self.scene.deeds if self.scene else ()
        return [deed for deed in deeds if deed.before == self._count["all"]]

    def catch_up(self) -> None:
        """Let everything arrive that is due."""
        due = sorted((one for one in self._late if one[0] <= self.now()), key=lambda one: one[0])
        self._late = [one for one in self._late if one[0] > self.now()]
        for self._moment, request in due:
            self._carry_out(request, self._moment)
        self._moment = None

    def _arrive(self, request: _Request) -> Answer:
        """The request reaches ChartMogul, after those that were due before it."""
        if request.answer is not None:
            return request.answer  # it came while the process was stopped
        self.catch_up()
        if request in self._way:
            self._way.remove(request)
        return self._carry_out(request, self.now())

    def _carry_out(self, request: _Request, at: float) -> Answer:
        sandbox = self.sandbox
        if self.revoked:
            sandbox.key, sandbox.read_only_key = (
                "another",
                self.key if "only" in self.revoked else None,
            )
        else:
            sandbox.key, sandbox.read_only_key = self.key, READ_ONLY_KEY
        query: abc.Mapping[str, str] = request.query
        if "cursor" in query:
            query = rewind(Incoming(request.method, request.path, query, {}, b"", at)).query
        before = self._tags(request)
        answer = sandbox.answer(request.method, request.path, query, request.headers, request.body)
        self._note_tags(request, before)
        request.effect = Effect(
            request.caller.name,
            at,
            request.method,
            request.path,
            decode(request.body) if request.body else None,
            answer.status,
            answer.json if answer.headers.get("content-type") == "application/json" else None,
        )
        self.effects.append(request.effect)
        return answer

    def _tags(self, request: _Request) -> dict[str, set[str]]:
        """The tags of all customers, folded, where a request may change some."""
        if request.method == "GET" or not request.path.startswith("/v1/customers"):
            return {}
        held = self.sandbox.world.customers
        return {uuid: {tag.casefold() for tag in one.tags} for uuid, one in held.items()}

    def _note_tags(self, request: _Request, before: abc.Mapping[str, set[str]]) -> None:
        """Note who added which tags, and which were taken off."""
        who = request.caller.name
        for uuid, now in self._tags(request).items():
            had = before.get(uuid, set())
            self.taggers |= {(uuid, tag): who for tag in now - had}
            self.tagged |= {(who, uuid, tag) for tag in now - had}
            for tag in sorted(had - now):
                added_by = self.taggers.pop((uuid, tag), "somebody")
                self.untagged.append((who, uuid, tag, added_by, len(self.effects)))

    def _carry_tags(self, from_: str, into: str) -> None:
        """What a customer is merged into has its tags, which are those of whoever had added them."""
        carried = {(into, tag): who for (uuid, tag), who in self.taggers.items() if uuid == from_}
        self.taggers = carried | self.taggers
        self.tagged |= {(who, into, tag) for who, uuid, tag in self.tagged if uuid == from_}

    # What people do

    def _do(self, deed: Deed) -> None:
        world = self.sandbox.world
        ours = [one.uuid for one in world.customers.values() if self._is_ours(one.pairs)]
        contacts = list(world.contacts)
        if deed.what == "merge" and len(ours) > 1:
            from_, into = ours[deed.pick % len(ours)], ours[(deed.pick // 7 + 1) % len(ours)]
            if from_ != into:
                self.note(f"people merge {from_} into {into}")
                world.merges.append(Merge(0, from_, into))
                merges.carry_out(world, self.epoch + self.now())
                self._carry_tags(from_, into)
        elif deed.what == "delete a customer" and ours:
            self.note(f"people delete {ours[deed.pick % len(ours)]}")
            self._bury(ours[deed.pick % len(ours)])
            world.delete(ours[deed.pick % len(ours)])
        elif deed.what == "delete a contact" and contacts:
            self.note(f"people delete {contacts[deed.pick % len(contacts)]}")
            self._bury_contact(contacts[deed.pick % len(contacts)])
            world.drop_contact(contacts[deed.pick % len(contacts)])
        elif deed.what == DEFINE:
            self.note("people define the attribute of contacts")
            world.definitions.add("role")
        elif deed.what == TYPE and ours:
            self.catch_up()  # what was on its way has arrived by then
            customer = world.customers[ours[deed.pick % len(ours)]]
            self.note(f"people type into {customer.uuid}")
            if customer.company != self.typed.get(customer.uuid, ""):
                self._replaced[customer.uuid] = customer.company
            self.typed[customer.uuid] = f"Typed {deed.pick}"
            world.put(replace(customer, company=f"Typed {deed.pick}"))
        elif deed.what == UNTYPE:
            self.catch_up()
            there = [
                uuid
                for uuid, company in self.typed.items()
                if uuid in world.customers and world.customers[uuid].company == company
            ]
            if there:
                uuid = there[deed.pick % len(there)]
                self.note(f"people take back what they typed into {uuid}")
                del self.typed[uuid]
                world.put(replace(world.customers[uuid], company=self._replaced[uuid]))
        elif deed.what == TAG and ours:
            self.catch_up()
            customer = world.customers[ours[deed.pick % len(ours)]]
            tag = SEGMENTS[deed.pick % len(SEGMENTS)].strip()
            if tag.casefold() not in {one.casefold() for one in customer.tags}:
                self.note(f"people add {tag} to {customer.uuid}")
                self.taggers[customer.uuid, tag.casefold()] = "people"
                world.put(replace(customer, tags=(*customer.tags, tag)))
        elif deed.what == ENTER and ours:
            customer = world.customers[ours[deed.pick % len(ours)]]
            if customer.country == "US":
                self.note(f"people enter a state of {customer.uuid}")
                world.put(replace(customer, state="TX"))
        elif deed.what == "edit" and ours:
            self.typed.pop(ours[deed.pick % len(ours)], None)
            customer = world.customers[ours[deed.pick % len(ours)]]
            self.note(f"people edit {customer.uuid}")
            world.put(replace(customer, company="Edited", country="FR"))

    def _bury(self, uuid: str) -> None:
        world = self.sandbox.world
        self.graves[uuid] = [("customer", key) for _, key in world.customers[uuid].pairs]
        self.buried[uuid] = len(self.effects)
        for contact in list(world.contacts.values()):
            if contact.customer_uuid == uuid:
                self._bury_contact(contact.uuid)

    def _bury_contact(self, uuid: str) -> None:
        if uuid in self.graves:
            return  # with its customer, while that told whose it was
        contact = self.sandbox.world.contacts[uuid]
        customer = self.sandbox.world.customers.get(contact.customer_uuid or "")
        keys = (
            [f"{key}|{(contact.email or '').lower()}" for _, key in customer.pairs]
            if customer
            else []
        )
        self.graves[uuid] = [("contact by e-mail", key) for key in keys]
        self.buried[uuid] = len(self.effects)
        names = (contact.external_id or "", (contact.email or "").lower())
        its = {_of_source(name, contact.data_source_uuid) for name in names}
        for asked in self.asked:  # it was there: what became of its create is in doubt no longer
            asked.sure = asked.sure or asked.key in its
        if contact.external_id:
            self.graves[uuid].append(("contact", contact.external_id))
            return
        for person in (one for scene in self.plan.scenes for one in scene.rows.people):
            told = f"{former(person.customer)}|{person.email.lower()}"
            if person.id and told in map(former, keys):
                self.graves[uuid].append(("contact", person.id))

    def _is_ours(self, pairs: abc.Iterable[tuple[str, str]]) -> bool:
        return any(source == DATA_SOURCE for source, _ in pairs)


def _of_source(key: str, source: str | None) -> str:
    """What a contact is known by here: of two data sources each may have one of a key."""
    return key if source == DATA_SOURCE else f"{key} of another source"


def _is_lost(kind: str) -> bool:
    """Whether a request with this trouble never reaches ChartMogul."""
    return kind.endswith("before") or kind in _NEVER_ARRIVE


def _stranger(kind: str, which: int) -> httpx.Response:
    """An answer of a proxy, a firewall or a gateway."""
    _, number, form, _ = kind.split(" ")
    body, kind_of_body = b"", "text/plain"
    if form == "page":
        body, kind_of_body = b"<html><title>Access denied</title></html>", "text/html"
    elif form == "json":
        body, kind_of_body = _FOREIGN[which], "application/json"
    elif form == "nothing":
        body, kind_of_body = _NOTHING[which % len(_NOTHING)], "application/json"
    headers = {"content-type": kind_of_body}
    return httpx.Response(int(number), headers=headers, content=body, extensions={"stranger": True})


def _is_general(kind: str, path: str) -> bool:
    """Whether a stranger's answer is about all requests: 403 to the account, 404 to a path that names no record."""
    if "403" in kind:
        return path.endswith("/account")
    return "404" in kind and path in ("/v1/account", "/v1/customers", "/v1/contacts")


def _of_nobody(answer: Answer) -> Answer:
    """The answer, which shows no customer of a contact: as after a merge, whatever became of the contact."""
    shown = decode(answer.body) if answer.body else None
    if not isinstance(shown, dict) or "customer_uuid" not in shown:
        return answer
    return replace(answer, body=encode(shown | {"customer_uuid": None}))


def _garbled(answer: Answer, kind: str) -> httpx.Response:
    body = answer.body
    headers = dict(answer.headers)
    match kind:
        case "half a body":
            body = body[: len(body) // 2]
        case "no body":
            body = b""
        case "a firewall's page":
            return httpx.Response(413, content=b"<html><title>Blocked</title></html>")
        case "a page of HTML":
            body, headers = b"<html><title>Sign in</title></html>", {"content-type": "text/html"}
        case "null" if body:
            body = b"null"
        case "much white space" if body:
            body = b" " * _MUCH + body
    foreign = {"stranger": True} if body != answer.body and "much" not in kind else {}
    return httpx.Response(answer.status, headers=headers, content=body, extensions=foreign)
