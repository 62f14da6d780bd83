"""Workers that are broken on purpose, one promise each: a net that catches none of them catches nothing."""

from collections import abc
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, delete

from sync.chartmogul import change, customers, retry, transport, verdict, wire
from sync.chartmogul.pace import Gate, Pace, Start
from sync.destination.contacts import identity
from sync.destination.contacts.contacts import Contacts
from sync.destination.contacts.in_doubt import InDoubtCreates
from sync.destination.contacts.index import ContactIndex
from sync.destination.parents import ParentResolver
from sync.domain import overwrite, plan, planned, put_back, sameness, tags
from sync.domain.buckets import Reading, Readings
from sync.domain.own import Own
from sync.domain.plan import Absent
from sync.domain.results import Delivered, count
from sync.engine import run
from sync.engine.audit import side
from sync.engine.explanation import ExplainTask
from sync.engine.lease import RunLease
from sync.engine.read import reader
from sync.engine.read.comparison import Comparison
from sync.engine.read.decision import StateDecision, UndoneMarks
from sync.engine.read.duplicates import DuplicateKeys
from sync.engine.read.fingerprints import BucketRows
from sync.engine.read.retrials import Retrials
from sync.engine.spool import Spool
from sync.engine.undo import putter
from sync.engine.write import content, deliver, delivery, lookups, ownership, recorder, writer
from sync.engine.write.common import CommonRecords
from sync.engine.write.lookups import Lookups
from sync.engine.write.recorder import Recorder
from sync.engine.write.writer import Writer
from sync.errors import Refused, SyncError, Unavailable
from sync.report import archive, folder, log, undoable
from sync.state import buckets, leases, own_values, records
from sync.state.bucket_members import from_stored
from sync.state.keys import Keys
from sync.state.mapping_state import MappingState
from sync.state.memory import Doubt, KnownDrops, Memory, RejectedRow
from sync.state.schema import own_values as notes
from sync.state.store import Store
from sync.state.unsent import UNSENT
from sync.state.upsert import chunks
from sync.transform import build
from tests.simulation.plan import (
    DEFINE,
    ENTER,
    TAG,
    TYPE,
    UNTYPE,
    Blow,
    Companion,
    Deed,
    Pause,
    Plan,
    Scene,
    Skew,
    Trouble,
)
from tests.simulation.rows import Account, Person, Rows

_Patch = tuple[object, str, Any]


@dataclass(frozen=True, slots=True)
class Mutation:
    """How a worker is broken: what it does wrong, the promise that it breaks, and what is put in place of what."""

    what: str
    breaks: str
    patches: tuple[_Patch, ...]
    #: Worlds that are made to catch it, where chance would take long; else worlds of their seeds.
    plans: tuple[Plan, ...] = ()


@contextmanager
def mutated(name: str) -> abc.Iterator[None]:
    """While this is open, the worker is broken in this way."""
    with ExitStack() as stack:
        for owner, attribute, instead in MUTATIONS[name].patches:
            stack.enter_context(patch.object(owner, attribute, instead))
        yield


#: Steps of the loop around the moment in which an update is sent.
KILLED_AT = range(200, 320, 4)


async def _nothing(*_: Any, **__: Any) -> None:
    return None


def _ignore(*_: Any, **__: Any) -> None:
    return None


def _drop_all_notes(connection: Connection, numbers: abc.Sequence[int]) -> None:
    for part in chunks(numbers):
        connection.execute(delete(notes).where(notes.c.record.in_(part)))


def _count_deliveries_only(mapping: Any, result: Any, by: int = 1) -> None:
    if isinstance(result, Delivered):
        count(mapping, result, by)


_decide = StateDecision.decide
_foretell = deliver.Deliver._foretell
_prepare = Recorder.prepare
_partial = folder.Folder.__init__


def _call_the_uncertain_unchanged(
    self: StateDecision, record: Any, print_: bytes, memory: Any
) -> Any:
    if memory is not None and memory.uuid and memory.fingerprint is None:
        memory = replace(memory, fingerprint=print_)
    return _decide(self, record, print_, memory)


def _rows_first(self: MappingState, items: Any, fresh: Any) -> None:
    self.note(items)
    if fresh and self.locks:
        account, kind = self.scope.account, self.scope.object
        self.store.lock_types(account, kind, fresh, self.mapping, self.run_id)


def _write_in_place(self: folder.Folder, reports: Any, run_id: str) -> None:
    _partial(self, reports, run_id)
    self.partial.rename(self.final)
    self.partial = self.final


def _all_text(attributes: Any, types: Any) -> list[dict[str, Any]]:
    return [
        {"type": "String", "key": key, "value": str(value)} for key, value in attributes.items()
    ]


async def _no_gate(self: Gate, tempo: float, *, debt: float) -> Start:
    return Start(self._clock())


def _shut(self: Pace) -> None:
    self._slots = 0.0


def _absent_once_looked_up(self: Lookups, job: Any, *_: Any) -> Any:
    return replace(job, known=Absent())


def _customers_absent(self: Lookups, job: Any, complete: bool) -> Any:
    return replace(job, known=Absent()) if self.destination.listing else self.pending.trusted(job)


async def _undoubted(self: Contacts, *_: Any) -> Absent:
    return Absent()


def _rows(company: str) -> Rows:
    return Rows((Account("acc-1", company, None, "DE", "team", 5, None, None),), ())


def _back_again() -> Plan:
    """A value changes, no answer tells that it arrived, and it changes back."""
    before, after = _rows("Before"), _rows("After")
    lost = Scene(after, troubles=(Trouble("reset after", 6, 400),))
    return Plan(0, scenes=(Scene(before), lost, Scene(before)))


def killed_and_back(step: int) -> Plan:
    """A value changes, the process is killed at this step of delivering it, and it changes back."""
    before, after = _rows("Before"), _rows("After")
    killed = Scene(after, blows=(Blow("kill", step),))
    return Plan(0, scenes=(Scene(before), killed, Scene(before)))


def _killed_at_commit(number: int) -> Plan:
    """The first run is killed at one of its commits."""
    return Plan(0, scenes=(Scene(_rows("Any"), blows=(Blow("kill at a commit", number),)),))


async def _by_id_alone(self: Contacts, record: Any, parent: Any) -> Any:
    if await self._is_asked_for(record, parent):
        return self._among(record, parent, [])
    return self._among(record, parent, await self.index.of_customer(parent))


def _there_without_its_id() -> Plan:
    """A row that is mended later, of a contact that ChartMogul has by its e-mail, beside one that is known."""
    ada = Person("acc-1", "per-1", "ada@firms.example", "Ada", None, None)
    ben = Person("acc-2", "per-2", "benn@firms.example", "Ben", None, None, bad="email")
    accounts = (*_rows("Any").accounts, replace(_rows("Other").accounts[0], id="acc-2"))
    before, after = Rows(accounts, (ada, ben)), Rows(accounts, (ada, replace(ben, bad="")))
    return Plan(0, present=("acc-2", "per-2"), scenes=(Scene(before), Scene(after)))


def _under_another_customer() -> Plan:
    """ChartMogul has Ben's contact under Ada's customer, and filters none by their ids; the state knows Ada's."""
    ada = Person("acc-1", "per-1", "ada@firms.example", "Ada", None, None)
    ben = Person("acc-2", "per-2", "benn@firms.example", "Ben", None, None)
    accounts = (*_rows("Any").accounts, replace(_rows("Other").accounts[0], id="acc-2"))
    rows = Rows(accounts, (ada, ben))
    ignored = (("contact_external_id_filter", "ignored"),)
    there = Plan(0, present=("acc-1", "acc-2"), astray=(ben.key,), switches=ignored)
    return replace(there, scenes=(Scene(rows), Scene(rows)))


def _behind_a_page() -> Plan:
    """A contact is created, a firewall answers in ChartMogul's place, and look-ups show it late."""
    account = Account("acc-1", "Any", None, "DE", "team", 5, None, None)
    person = Person("acc-1", "p-1", "ada@quince.example", "Ada", None, None)
    rows = Rows((account,), (person,))
    page = Trouble("a firewall's page", 1, 1, "contacts")
    return Plan(0, stale=280.0, scenes=(Scene(rows, troubles=(page,)), Scene(rows), Scene(rows)))


ADA = Person("acc-1", "per-1", "ada@firms.example", "Ada", None, "buyer")


def _with_ada(ada: Person = ADA) -> Rows:
    """One account that stays as it is, and one person."""
    return replace(_rows("Any"), people=(ada,))


def _defined_later() -> Plan:
    """An attribute is dropped, and defined when all is delivered but for it."""
    defined = Scene(_with_ada(), deeds=(Deed(DEFINE, 0, 0),))
    return Plan(0, undefined=True, scenes=(Scene(_with_ada()), defined), kinds=("drops",))


def _waits_for_ever() -> Plan:
    """Two values are pinned; the row of one becomes bad, and waits longest for the next try from then on."""
    [one] = _rows("Any").accounts
    two = replace(one, id="acc-2")
    later = Scene(Rows((one, replace(two, bad="country")), ()), deeds=(Deed(DEFINE, 0, 0),))
    keys = ("acc-1", "acc-2")
    scenes = (Scene(Rows((one, two), ())), later)
    return Plan(0, present=keys, pinned=keys, scenes=scenes, kinds=("drops", "pins"))


_try_first = Spool.try_first


def _try_any_first(self: Spool, field: str, most: int, but: Any = ()) -> None:
    _try_first(self, field, most)


def _killed_a_day_ahead() -> Plan:
    """A process whose clock is a day ahead is killed on another machine; one of another data source ends after it."""
    scene = Scene(
        _with_ada(),
        blows=(Blow("kill at a create", 1),),
        clocks=(Skew(86_400.0),),
        companions=(Companion(1.0, source=1),),
        elsewhere=True,
    )
    return Plan(0, scenes=(scene,))


def _left_alone(*deeds: Deed, lost: bool = False) -> Plan:
    """A company changes twice, in a mapping that leaves edits; the answers to the first change may be lost."""
    troubles = (Trouble("reset after", 1, 400, "updates"),) if lost else ()
    scenes = (
        Scene(_rows("First")),
        Scene(_rows("Second"), troubles=troubles, deeds=deeds),
        Scene(_rows("Third")),
    )
    return Plan(0, scenes=scenes, overwrite="unless_edited", kinds=("edits",))


def _deleted_between() -> Plan:
    """A customer is deleted, and only a contact of it has changed when that is found."""
    changed = _with_ada(replace(ADA, first_name="Augusta"))
    deleted = Scene(changed, deeds=(Deed("delete a customer", 0, 0),))
    return Plan(0, scenes=(Scene(_with_ada()), deleted), kinds=("deletions",))


def _stopped_in_mid_write() -> Plan:
    """A process is stopped for longer than its lease lasts, while requests wait for their turn; another one runs."""
    [one] = _rows("Any").accounts
    accounts = tuple(replace(one, id=f"acc-{number}") for number in range(80))
    later = Rows(tuple(replace(account, company="Later") for account in accounts), ())
    scene = Scene(
        Rows(accounts, ()),
        pauses=(Pause(30, 600.0, "request"),),
        second=300.0,
        later=later,
        elsewhere=True,
    )
    return Plan(0, scenes=(scene,))


def _nothing_modified() -> Plan:
    """What changes is dropped, all of it: ChartMogul says that the update changes nothing."""
    switches = (("not_modified", "nothing_changed"), ("attributes_not_modified", "nothing_changed"))
    scenes = (Scene(_with_ada()), Scene(_with_ada(replace(ADA, role="user"))))
    return Plan(0, undefined=True, switches=switches, scenes=scenes)


def _shown_without_its_customer() -> Plan:
    """Contacts change, all of which are listed, and the answers to that show no customer."""
    some = [replace(ADA, id=f"per-{n}", email=f"ada.{n}@firms.example") for n in range(8)]
    before = replace(_with_ada(), people=tuple(some))
    after = replace(before, people=tuple(replace(one, first_name="Augusta") for one in some))
    trouble = Trouble("shows no customer", 1, 99, "updates")
    return Plan(0, scenes=(Scene(before), Scene(after, troubles=(trouble,))))


def _said_to_be_gone() -> Plan:
    """Contacts change, all of which are listed, and for a moment ChartMogul says that one does not exist."""
    calm, changed = _shown_without_its_customer().scenes
    return Plan(
        0, scenes=(calm, replace(changed, troubles=(Trouble("said to be gone", 1, 1, "updates"),)))
    )


async def _forget_alone(self: Contacts, uuid: str, _: Any) -> None:
    self.index.drop(uuid)


def _looks_like_nobody() -> Plan:
    """A contact of nobody has the external id and the e-mail of a row's."""
    listed = (("lone_contacts_listed", True),)
    return Plan(0, nobodies=(ADA.key,), switches=listed, scenes=(Scene(_with_ada()),))


def _an_hour_behind() -> Plan:
    """A contact's create is lost by a process whose clock is an hour behind; a minute later it is right."""
    lost = (Trouble("reset before", 1, 1, "contacts"),)
    wrong = Scene(_with_ada(), troubles=lost, clocks=(Skew(-3600.0),))
    return Plan(0, scenes=(wrong, Scene(_with_ada())))


def _edited_since(**changed: Any) -> Plan:
    """A plan is made of a row that has changed, then people edit its company and country, then it is applied."""
    before = _rows("Company")
    row = replace(before.accounts[0], **changed)
    after = Scene(Rows((row,), ()), kind="apply", deeds=(Deed("edit", 0, 0),))
    return Plan(0, scenes=(Scene(before), after))


#: ChartMogul refuses an update that touches a value which somebody has pinned.
REFUSES = (("pinned_writes", "refused"),)


def _refused_in_silence(answer: str = "304 empty") -> Plan:
    """ChartMogul refuses an update of a pinned value, and somebody on the way answers that nothing changed."""
    trouble = Trouble(f"stranger {answer} after", 1, 1, "updates")
    scene = Scene(_rows("Company"), troubles=(trouble,))
    return Plan(0, present=("acc-1",), pinned=("acc-1",), switches=REFUSES, scenes=(scene,))


def _refused_and_deleted() -> Plan:
    """ChartMogul refuses an update of a pinned value, and people delete the customer before the next run."""
    rows = _rows("Company")
    scenes = (Scene(rows), Scene(rows, deeds=(Deed("delete a customer", 0, 0),)))
    return Plan(0, present=("acc-1",), pinned=("acc-1",), switches=REFUSES, scenes=scenes)


def _refused_and_gone() -> Plan:
    """ChartMogul refuses an update of a pinned value; people delete the customer, and a contact of it changes."""
    changed = _with_ada(replace(ADA, first_name="Augusta"))
    deleted = Scene(changed, deeds=(Deed("delete a customer", 0, 0),))
    told: dict[str, Any] = {"present": ("acc-1",), "pinned": ("acc-1",), "switches": REFUSES}
    return Plan(0, scenes=(Scene(_with_ada()), deleted), kinds=("deletions",), **told)


def _many_countries() -> Plan:
    """Forty rows have a country, which some of them lose in the end, foretold by a dry run."""
    [row] = _rows("Any").accounts
    rows = Rows(tuple(replace(row, id=f"acc-{number}") for number in range(40)), ())
    return Plan(0, scenes=(Scene(rows),), kinds=("plans",))


def _many_states() -> Plan:
    """Forty rows have a state, which some of them lose with their country in the end."""
    [row] = _rows("Any").accounts
    accounts = (replace(row, id=f"acc-{n}", country="US", state="NY") for n in range(40))
    return Plan(0, scenes=(Scene(Rows(tuple(accounts), ())),), kinds=("plans",), states=True)


def _many_tags() -> Plan:
    """Two mappings bring twenty customers a tag, which leaves some of them in the end, foretold by a dry run."""
    [row] = _rows("Any").accounts
    accounts = (replace(row, id=f"acc-{n}", segments="vip", teams="vip") for n in range(20))
    rows = Rows(tuple(accounts), ())
    return Plan(0, scenes=(Scene(rows),), kinds=("plans",), tagged=True, doubled=True)


def _audited() -> Plan:
    """All is there, and an audit looks at it."""
    return Plan(0, scenes=(Scene(_with_ada()),), kinds=("looks",))


def _explained() -> Plan:
    """People have edited a record, and it is explained."""
    edited = Scene(_rows("Any"), deeds=(Deed("edit", 0, 0),))
    return Plan(0, scenes=(Scene(_rows("Any")), edited), kinds=("looks",))


def _is_refused(kind: Any) -> Plan:
    """ChartMogul refuses an update of a pinned value, and another process asks for more."""
    scenes = (Scene(_rows("Company")), Scene(_rows("Company"), kind=kind))
    return Plan(0, present=("acc-1",), pinned=("acc-1",), switches=REFUSES, scenes=scenes)


def _dies_in_the_mine() -> Plan:
    """ChartMogul drops an attribute of three contacts, of which one goes first."""
    people = tuple(replace(ADA, id=f"per-{n}", email=f"ada{n}@firms.example") for n in range(3))
    rows = replace(_with_ada(), people=people)
    return Plan(0, undefined=True, scenes=(Scene(rows, canary=1),))


def _hold_back(self: StateDecision, record: Any, fingerprint: Any, memory: Any) -> Any:
    held = memory.held
    if held is None or self.full or held.fingerprint != self.marks.held(fingerprint):
        return None
    return _held_back(replace(self, resend=False), record, fingerprint, memory)


_held_back = StateDecision._held_back


def _never_there(job: Any, _: Any) -> Any:
    return replace(job, known=Absent())


#: Somebody adds the tag "trial".
TRIAL = Deed(TAG, 0, 5)


def _with_tags(*told: tuple[str | None, Deed | None]) -> Plan:
    """One account that brings these tags from scene to scene; before some of them somebody adds one."""
    [row] = _rows("Any").accounts
    scenes = tuple(
        Scene(Rows((replace(row, segments=said),), ()), deeds=(deed,) if deed else ())
        for said, deed in told
    )
    return Plan(0, scenes=scenes, tagged=True, kinds=("tags",))


def _killed_at_a_removal() -> Plan:
    """A tag goes and another comes; the process is killed between the two, and the row is as it was again."""
    plan = _with_tags(("b2b", None), ("eu", None), ("b2b", None))
    first, then, last = plan.scenes
    killed = replace(then, blows=(Blow("kill at a removal", 1),))
    return replace(plan, scenes=(first, killed, last))


def _wanted_by_another() -> Plan:
    """Two mappings bring one tag, and the one that has added it brings it no more."""
    [row] = _rows("Any").accounts
    scenes = tuple(
        Scene(Rows((replace(row, segments=said, teams="eu"),), ())) for said in ("eu", None)
    )
    return Plan(0, scenes=scenes, tagged=True, doubled=True, kinds=("tags", "teams"))


async def _never_named(self: ContactIndex, uuid: str, *, known: bool) -> Absent:
    return Absent(deleted=known)


def _named_by_uuid() -> Plan:
    """A contact is there, and a row knows it by its uuid."""
    present = ("acc-1", "per-1")
    return Plan(0, present=present, by_uuid=True, scenes=(Scene(_with_ada()),), kinds=("uuids",))


def _new_key() -> Plan:
    """A customer that is known gets another key, which its row tells."""
    before = _with_ada()
    return Plan(0, scenes=(Scene(before), Scene(before.renamed(["acc-1"]))), renaming=True)


def _in_words() -> Plan:
    """A row says its country in words."""
    [row] = _rows("Any").accounts
    return Plan(0, scenes=(Scene(Rows((replace(row, worded=True),), ())),), mapped=True)


_fill = build._fill


def _cast_first(fields: Any, slot: Any, raw: Any, problems: Any) -> None:
    _fill(fields, replace(slot, map=None), raw, problems)
    value = fields.get(slot.field)
    if slot.map and value is not None:
        fields[slot.field] = slot.map.get(str(value), value)


def answers_lost(*, present: bool, kind: Any = "run") -> Plan:
    """No answer tells what became of a first write, in a mapping that leaves edits; then the row has another key."""
    [before] = _rows("Company").accounts
    after = Rows((replace(before, country="US", seats=6),), ()).renamed([before.id])
    lost = Scene(Rows((before,), ()), troubles=(Trouble("504 after", 6, 400),))
    told: dict[str, Any] = {"overwrite": "unless_edited", "renaming": True, "kinds": ("plans",)}
    held = (before.id,) if present else ()
    return Plan(0, present=held, scenes=(lost, Scene(after, kind=kind)), **told)


def _made_again() -> Plan:
    """People delete a customer, the create in its place is not answered nor shown, and its row changes again."""
    lost = Trouble("no body", 1, 1, "customers")
    deleted = Deed("delete a customer", 0, 0)
    again = Scene(_rows("After"), deeds=(deleted,), troubles=(lost,), pause=1000.0)
    scenes = (Scene(_rows("Before")), again, Scene(_rows("Later"), pause=1000.0))
    return Plan(0, overwrite="unless_edited", stale=290.0, scenes=scenes)


def _put_back(*deeds: Deed) -> Plan:
    """A company changes, people do something, and the run that changed it is put back."""
    undo = Scene(_rows("After"), kind="undo", deeds=deeds)
    scenes = (Scene(_rows("Before")), Scene(_rows("After")), undo)
    return Plan(0, scenes=scenes, kinds=("undos",))


def _turned_round() -> Plan:
    """Two customers become one, of which one row is told, and the warehouse gives the rows in another order."""
    [row] = _rows("Any").accounts
    rows = Rows((row, replace(row, id="acc-2", company="Other")), ())
    merged = Scene(rows, kind="full", deeds=(Deed("merge", 0, 0),))
    return Plan(0, scenes=(Scene(rows), merged), kinds=("orders",))


def _put_back_after_an_outage() -> Plan:
    """A value changes, people edit others, which a run is about to write over as an outage begins; an undo follows."""
    before = _rows("Any")
    after = Rows((replace(before.accounts[0], seats=6),), ())
    edited, outage = Deed("edit", 0, 0), Trouble("503", 6, 400)
    full = Scene(after, kind="full", deeds=(edited,), troubles=(outage,))
    undo = Scene(after, kind="undo")
    return Plan(0, scenes=(Scene(before), Scene(after), full, undo), kinds=("undos",))


def _taken_back(*lost: Trouble) -> Plan:
    """People type a value, which a run leaves, and take it back: what the mapping wrote is there again.

    `lost` is why nobody knows of the mapping's write.
    """
    before = Scene(_rows("Before"), troubles=lost)
    typed = Scene(_rows("After"), deeds=(Deed(TYPE, 0, 0),))
    back = Scene(_rows("After"), deeds=(Deed(UNTYPE, 0, 0),))
    return Plan(0, overwrite="unless_edited", scenes=(before, typed, back))


def _left_out_for_a_while() -> Plan:
    """A field leaves the mapping, its column changes, and it comes back: what is there is the mapping's own."""
    without = Scene(_rows("After"), lacking=("company",))
    scenes = (Scene(_rows("Before")), without, Scene(_rows("After")))
    return Plan(0, overwrite="unless_edited", scenes=scenes)


def _moved_to_a_state() -> Plan:
    """A country changes to the US, people enter a state there, and the run that changed it is put back."""
    before = _rows("Any")
    moved = Rows((replace(before.accounts[0], country="US"),), ())
    undo = Scene(moved, kind="undo", deeds=(Deed(ENTER, 0, 0),))
    return Plan(0, scenes=(Scene(before), Scene(moved), undo), kinds=("undos",))


def _back_at_any_rate(changes: Any, shown: Any, shape: Any) -> Any:
    stands = {n: (b, a if n == "tags" else shown.get(n)) for n, (b, a) in changes.items()}
    return put_back.put_back(stands, shown, shape)


def _hold_back_for_ever(self: StateDecision, record: Any, fingerprint: Any, memory: Any) -> Any:
    held = memory and self._held_back(record, fingerprint, memory)
    return held or _decide(self, record, fingerprint, memory)


# Of mappings by fingerprints

_differing, _write_down = Comparison._differing, BucketRows.write_down
#: What the last question for buckets was answered.
_answered: dict[int, Reading] = {}


def _note_the_answer(self: Comparison, stored: Any) -> Any:
    _answered.clear()
    _answered.update(self.query.buckets(stored.salt, self.key))
    return _differing(self, stored)


def _keep_the_answer(self: BucketRows, state: Any, skipping: bool) -> None:
    for bucket in self.read & _answered.keys():
        self._sums[bucket] = _answered[bucket]
    _write_down(self, state, skipping)


def _cancel_out(self: Reading, other: Reading) -> Reading:
    return Reading(self.count + other.count, self.total ^ other.total)


def _cancel_all_out(self: Readings) -> Reading:
    return sum(self.values(), Reading())


def _add_by_xor(self: Readings, buckets: Any, hashes: Any) -> None:
    for bucket, one in zip(buckets, hashes, strict=True):
        self[bucket] = _cancel_out(self.get(bucket, Reading()), Reading(1, one))


def _all_are_sound(_: Any, __: Any, settling: Any, numbers: Any) -> dict[int, int]:
    return {number: settling.rows[from_stored(number)] for number in numbers}


def _written_meanwhile() -> Plan:
    """A value changes, and changes again while it is read; then it is what it was at first."""
    first, then = Scene(_rows("First")), Scene(_rows("Then"), between=_rows("Meanwhile"))
    return Plan(0, scenes=(first, then, Scene(_rows("Then"))), buckets=7)


def _pair_for_pair() -> Plan:
    """Two equal rows go, and two other equal rows come, after a run that found nothing to do."""
    [one] = _rows("Any").accounts
    two, stays = replace(one, id="acc-2"), replace(one, id="acc-3")
    before, after = Scene(Rows((one, one, stays), ())), Scene(Rows((two, two, stays), ()))
    return Plan(0, scenes=(before, before, after), buckets=65_536)


def _refused_for_a_while() -> Plan:
    """A value changes, and ChartMogul has a bad minute."""
    bad = (Trouble("502 before", 1, 6, "updates"),)
    scenes = (Scene(_rows("Before")), Scene(_rows("After"), troubles=bad))
    return Plan(0, scenes=scenes, buckets=7)


def _busy_and_shut() -> Plan:
    """A read is told to wait four times, and then answered twice by a proxy."""
    busy = Trouble("429", 2, 5, "reads")
    page = Trouble("stranger 404 page before", 6, 7, "reads")
    return Plan(0, present=("acc-1",), scenes=(Scene(_rows("Any"), troubles=(busy, page)),))


def _no_changes(*_: Any) -> dict[str, Any]:
    return {}


def _as_it_is(operation: Any, *_: Any) -> Any:
    return operation


async def _say_nothing_of_empty_fields(self: deliver.Deliver, planned: Any) -> Any:
    delivery = await _foretell(self, planned)
    if not isinstance(delivery.result, Delivered):
        return delivery
    told = {name: pair for name, pair in delivery.result.changes.items() if pair[1] is not None}
    return replace(delivery, result=replace(delivery.result, changes=told))


def _withdrawn(at: int) -> Plan:
    """A row changes a tag, and the key is withdrawn before this request."""
    [row] = _rows("Any").accounts
    before, after = (Rows((replace(row, segments=tag),), ()) for tag in ("trial", "eu"))
    scenes = (Scene(before), Scene(after, blows=(Blow("revoke", at, 0.0),)))
    return Plan(0, scenes=scenes, tagged=True, kinds=("tags",))


def _no_row_survives(error: SyncError) -> Any:
    if isinstance(error, Refused | Unavailable):
        return error
    raise error


def _forget_who_is_absent(self: Recorder, delivery: Any) -> Any:
    return replace(_prepare(self, delivery), absent=None)


def _crowd() -> Plan:
    """Two processes create sixty records each, in one account."""
    row = _rows("Any").accounts[0]
    rows = Rows(tuple(replace(row, id=f"acc-{n}") for n in range(60)), ())
    scene = Scene(rows, companions=(Companion(0.0, source=1),))
    return Plan(0, latency=0.01, kinds=("fleet",), scenes=(scene,))


MUTATIONS: dict[str, Mutation] = {
    "uncounted": Mutation(
        "rejected rows are not counted",
        "counts",
        ((recorder, "count", _count_deliveries_only),),
    ),
    "repeats": Mutation(
        "the first row of a repeated key wins, the others vanish",
        "counts",
        ((DuplicateKeys, "add", _ignore),),
    ),
    "blind retry": Mutation(
        "a create is repeated although it may have been carried out",
        "no_duplicates",
        ((retry, "may_repeat", lambda call, failure: True),),
    ),
    "hurried": Mutation(
        "being told to wait counts as an attempt that ended in trouble",
        "strangers_end_nothing",
        ((retry, "is_spent", lambda attempts, told: attempts >= retry.ATTEMPTS),),
        plans=(_busy_and_shut(),),
    ),
    "no note": Mutation(
        "a contact's create is not noted before it is sent",
        "no_duplicates",
        ((InDoubtCreates, "mark_sent", _nothing),),
    ),
    "no doubt": Mutation(
        "a create in doubt is forgotten by the next run",
        "no_duplicates",
        ((Contacts, "_judge_doubt", _undoubted),),
    ),
    "no look": Mutation(
        "what the state does not know counts as absent, without a look",
        "no_duplicates",
        (
            (Lookups, "looked_up", _absent_once_looked_up),
            (Lookups, "_unlisted", _customers_absent),
            (Contacts, "resolve", _undoubted),
        ),
    ),
    "uncertain": Mutation(
        "a row whose request was lost counts as unchanged in the next run",
        "delivered",
        ((StateDecision, "decide", _call_the_uncertain_unchanged),),
    ),
    "certain": Mutation(
        "a lost update leaves the old fingerprint in place, as if nothing had been sent",
        "delivered",
        (
            (recorder, "RejectedRow", lambda key, code, **named: RejectedRow(key, code)),
            (MappingState, "announce", _nothing),
        ),
        plans=(_back_again(),),
    ),
    "unannounced": Mutation(
        "an update is not noted before it is sent, and a process that is killed leaves no trace of it",
        "delivered",
        ((MappingState, "announce", _nothing),),
        plans=tuple(map(killed_and_back, KILLED_AT)),
    ),
    "believed": Mutation(
        "nobody looks whether an answer shows what was sent",
        "delivered",
        ((change.Change, "_stuck", lambda self, key, value: True),),
    ),
    "restless": Mutation(
        "nothing that ChartMogul shows ever equals what is wanted",
        "settled",
        ((plan, "same", lambda *_: False), (sameness, "same", lambda *_: False)),
    ),
    "in earnest": Mutation(
        "a dry run writes",
        "dry_runs_write_nothing",
        (
            (deliver.Deliver, "foretold", _nothing),
            (Writer, "_foretell", Writer._deliver),
            (deliver.Deliver, "_claim_lease", _ignore),
            (transport._Sending, "_claim", _ignore),
        ),
    ),
    "traces": Mutation(
        "a dry run opens the state for writing",
        "dry_runs_write_nothing",
        ((Store, "open_read_only", Store.open),),
    ),
    "unpaced": Mutation(
        "requests start whenever somebody wants to",
        "within_the_limits",
        ((Gate, "let_through", _no_gate), (Pace, "share", _ignore)),
    ),
    "unshared": Mutation(
        "one process knows nothing of what the others on its state send",
        "within_the_limits_together",
        ((Pace, "share", _ignore),),
        plans=(_crowd(),),
    ),
    "all text": Mutation(
        "attributes are written as text, whatever the mapping says",
        "types_hold",
        ((customers, "typed", _all_text),),
    ),
    "types last": Mutation(
        "types are noted after the rows that locked them, where a crash forgets them",
        "types_hold",
        ((MappingState, "_write", _rows_first),),
        plans=tuple(_killed_at_commit(number) for number in range(1, 60)),
    ),
    "outspoken log": Mutation(
        "logs name keys as they are",
        "nothing_leaks",
        ((log, "named", lambda key, mask: key),),
    ),
    "outspoken state": Mutation(
        "the state holds keys as they are",
        "nothing_leaks",
        ((Keys, "stored", lambda self, key: key),),
    ),
    "half a report": Mutation(
        "reports are written where they will stand in the end",
        "reports_are_whole",
        ((folder.Folder, "__init__", _write_in_place),),
    ),
    "all is well": Mutation(
        "the exit code is 0, whatever happened",
        "exit_codes_tell",
        ((run, "gravest", lambda codes: 0),),
    ),
    "patience": Mutation(
        "what is under way may take its time when the process is asked to end",
        "asked_to_end",
        ((Writer, "_cut_short", _nothing),),
    ),
    "no lease": Mutation(
        "leases are given to everybody",
        "one_at_a_time",
        ((leases, "take", _ignore), (RunLease, "require", _ignore)),
    ),
    "a bad key": Mutation(
        "a refused key is the row's fault",
        "a_bad_key_ends_it",
        ((verdict, "DENIALS", {}),),
    ),
    "shut": Mutation(
        "after a 503 no connection is ever used again",
        "ends",
        ((Pace, "crowded", _shut),),
    ),
    "to the letter": Mutation(
        "texts are one value only to the letter: an e-mail in another case is another one",
        "no_duplicates",
        ((sameness, "same_text", lambda wanted, seen, shape: wanted == seen),),
    ),
    "the id alone": Mutation(
        "that nobody bears a contact's external id counts as its absence, whatever e-mails are there",
        "no_duplicates",
        ((Contacts, "resolve", _by_id_alone),),
        plans=(_there_without_its_id(),),
    ),
    "in its list alone": Mutation(
        "a contact that its customer's list does not show is created, whoever bears its external id elsewhere",
        "no_duplicates",
        ((ContactIndex, "know_all_of", _nothing),),
        plans=(_under_another_customer(),),
    ),
    "a page settles": Mutation(
        "a firewall's page settles a create, as if ChartMogul had refused it",
        "no_duplicates",
        ((verdict, "_is_own", lambda data, status: True),),
        plans=(_behind_a_page(),),
    ),
    "dropped for ever": Mutation(
        "what ChartMogul dropped is never tried again",
        "tried_again",
        ((Retrials, "entry", _ignore),),
        plans=(_defined_later(),),
    ),
    "impatient": Mutation(
        "where a row that waits for a try is rejected, the others stand in for it in every run",
        "settled",
        ((Spool, "try_first", _try_any_first),),
        plans=(_waits_for_ever(),),
    ),
    "a day ahead": Mutation(
        "a lease that a clock left in the future is waited for until then",
        "exit_codes_tell",
        ((leases, "bring_back", _ignore),),
        plans=(_killed_a_day_ahead(),),
    ),
    "heedless": Mutation(
        "a value that somebody typed is overwritten, though the mapping leaves it",
        "edits_survive",
        ((overwrite._Judge, "_fate", lambda *_: "sent"),),
        plans=(_left_alone(Deed(TYPE, 0, 0)),),
    ),
    "forgetful": Mutation(
        "a mapping forgets what it wrote, and takes its own values for edits",
        "delivered",
        ((Memory, "own", property(lambda _: Own())),),
        plans=(_left_alone(),),
    ),
    "unasked": Mutation(
        "what a write asks for is not noted before it is sent: an answer that is lost makes an edit of it",
        "delivered",
        ((MappingState, "ask", _nothing),),
        plans=(_left_alone(lost=True),),
    ),
    "kept to itself": Mutation(
        "what contacts learn of a customer that was deleted, its own mapping never knows",
        "made_again",
        ((ParentResolver, "_learn", _nothing),),
        plans=(_deleted_between(),),
    ),
    "unclaimed": Mutation(
        "the lease is not looked at when a request is sent, after it has waited for its turn",
        "one_at_a_time",
        ((transport._Sending, "_claim", _ignore),),
        plans=(_stopped_in_mid_write(),),
    ),
    "modified": Mutation(
        "304 is a redirect",
        "delivered",
        ((verdict, "NOT_MODIFIED", -1),),
        plans=(_nothing_modified(),),
    ),
    "taken at its word": Mutation(
        "an answer that shows nothing of a record is taken for all that was sent",
        "delivered",
        ((wire.Call, "tells_enough", lambda *_: True),),
        plans=(_refused_in_silence("200 nothing"),),
    ),
    "nobody's at once": Mutation(
        "a contact is taken for nobody's because the answer to its change shows no customer",
        "no_duplicates",
        ((change.Change, "_look", _nothing), (Contacts, "_doubt", _forget_alone)),
        plans=(_shown_without_its_customer(),),
    ),
    "gone at once": Mutation(
        "a contact that is said to be gone is not looked for anew, but in what was listed before",
        "no_duplicates",
        ((Contacts, "_doubt", _forget_alone),),
        plans=(_said_to_be_gone(),),
    ),
    "everybody's": Mutation(
        "a contact of nobody is taken for the row's",
        "others_are_left_alone",
        ((identity, "is_ours", lambda *_: True),),
        plans=(_looks_like_nobody(),),
    ),
    "by the wall": Mutation(
        "a create in doubt is as old as the wall clock says",
        "waits_hold",
        ((Doubt, "since", property(lambda self: self.asked_at)),),
        plans=(_an_hour_behind(),),
    ),
    "a field more": Mutation(
        "a plan's apply sends all that differs of what is planned",
        "plans_hold",
        ((planned, "_listed", lambda operation, *_: operation),),
        plans=(_edited_since(seats=77),),
    ),
    "no before": Mutation(
        "a plan's apply does not look whether ChartMogul still shows the values before",
        "plans_hold",
        ((planned, "_of_chartmogul", lambda *_: []),),
        plans=(_edited_since(company="Another"),),
    ),
    "by its new name": Mutation(
        "nobody asks what key a record had before",
        "no_duplicates",
        ((build, "_former", _ignore),),
        plans=(_new_key(),),
    ),
    "left behind": Mutation(
        "what was asked for by the key that a record had before is somebody else's",
        "delivered",
        (
            (own_values, "asked_for", lambda *_: set[int]()),
            (lookups, "_is_kept", lambda _: False),
        ),
        plans=(answers_lost(present=False), answers_lost(present=True)),
    ),
    "buried": Mutation(
        "what was asked for in place of a deleted record is forgotten with it",
        "delivered",
        ((own_values, "disclaim", _drop_all_notes),),
        plans=(_made_again(),),
    ),
    "cast first": Mutation(
        "a value is cast before anybody looks up what it stands for",
        "delivered",
        ((build, "_fill", _cast_first),),
        plans=(_in_words(),),
    ),
    "audits in the dark": Mutation(
        "an audit counts rows as missing that are there",
        "audits_are_true",
        ((side, "known_by", _never_there),),
        plans=(_audited(),),
    ),
    "explains at random": Mutation(
        "an explanation says of every record that nothing differs",
        "explanations_are_true",
        ((ExplainTask, "_compare", _ignore),),
        plans=(_explained(),),
    ),
    "no second try": Mutation(
        "a retry leaves what is held back as it is",
        "retries_ask_again",
        ((StateDecision, "_held_back", _hold_back),),
        plans=(_is_refused("retry"),),
    ),
    "deaf to the canary": Mutation(
        "nobody minds whether the first rows arrived as they were sent",
        "canaries_sing",
        ((writer, "judge", _ignore),),
        plans=(_dies_in_the_mine(),),
    ),
    "anybody's tags": Mutation(
        "a tag that a row lacks is taken off, whoever has added it",
        "tags_of_others_stay",
        ((tags, "outdated", lambda shown, wanted, *_: tags.without(shown or (), wanted)),),
        plans=(_with_tags(("eu", None), ("eu,b2b", TRIAL)),),
    ),
    "shown before": Mutation(
        "a tag that the look before had shown counts as added by the request after it",
        "tags_of_others_stay",
        ((ownership, "added_by", lambda _, changes: tags.texts(changes["tags"][1])),),
        plans=(_with_tags((None, None), ("trial,eu", TRIAL), (None, None)),),
    ),
    "tags for good": Mutation(
        "a tag is never taken off",
        "tags_go",
        ((plan, "_outdated", lambda *_: ()),),
        plans=(_with_tags(("b2b,eu", None), ("eu", None)),),
    ),
    "killed at a removal": Mutation(
        "a removal of tags is not noted before it is sent, and a process that is killed after it leaves no trace of it",
        "delivered",
        ((MappingState, "announce", _nothing),),
        plans=(_killed_at_a_removal(),),
    ),
    "the other one's": Mutation(
        "a mapping takes off a tag of its own that another one wants as well",
        "both_mappings_tag",
        ((tags.OwnTags, "removable", property(lambda self: self.added | self.added_for_others)),),
        plans=(_wanted_by_another(),),
    ),
    "no such uuid": Mutation(
        "a contact that its row names by its uuid is never found",
        "known_by_uuid",
        ((ContactIndex, "named", _never_named),),
        plans=(_named_by_uuid(),),
    ),
    "over an edit": Mutation(
        "an undo puts values back over what people have typed since",
        "put_back",
        ((putter, "put_back", _back_at_any_rate),),
        plans=(_put_back(Deed("edit", 0, 0)),),
    ),
    "once edited": Mutation(
        "what a mapping wrote before somebody's edit is not its own any more, though the edit is taken back",
        "delivered",
        ((ownership.Ownership, "_replaced", lambda *_: frozenset()),),
        plans=(_taken_back(), _taken_back(Trouble("504 after", 6, 400))),
    ),
    "left out": Mutation(
        "a field that has left the mapping for a while is somebody else's when it comes back",
        "delivered",
        ((ownership.Ownership, "_left", lambda *_: {}),),
        plans=(_left_out_for_a_while(),),
    ),
    "over a state": Mutation(
        "an undo puts a country back, whatever state it takes along",
        "put_back",
        ((put_back, "_lost_with", lambda *_: []),),
        plans=(_moved_to_a_state(),),
    ),
    "back and forth": Mutation(
        "what was put back is sent again by the next run",
        "stays_undone",
        ((UndoneMarks, "hold", lambda *_: False),),
        plans=(_put_back(),),
    ),
    "turned round": Mutation(
        "of two rows of a merged customer each overwrites the other once the warehouse gives them in another order",
        "settled",
        ((reader, "yields", lambda _: False),),
        plans=(_turned_round(),),
    ),
    "unknown": Mutation(
        "what was sent before a run broke off that would have sent the same again is known to nobody,"
        " and is sent again once it was put back",
        "stays_undone",
        ((records, "ABOUT_TO_BE_SENT", UNSENT),),
        plans=(_put_back_after_an_outage(),),
    ),
    "undone undo": Mutation(
        "an undo can be put back like any run",
        "undone_for_good",
        ((undoable, "folder_of", archive.find),),
        plans=(_put_back(),),
    ),
    "untold": Mutation(
        "what ChartMogul does not take is told once, and never again",
        "delivered",
        ((Store, "known_drops", lambda *_: KnownDrops()),),
        plans=(_refused_in_silence(),),
    ),
    "nameless": Mutation(
        "which record a refused row stands for is forgotten, so that nobody finds it deleted",
        "made_again",
        ((delivery, "_met", _ignore),),
        plans=(_refused_and_gone(),),
    ),
    "held for ever": Mutation(
        "a row that ChartMogul refused once is held back by --full, too",
        "delivered",
        ((StateDecision, "decide", _hold_back_for_ever),),
        plans=(_refused_and_deleted(),),
    ),
    "hearsay": Mutation(
        "of a bucket is kept what an earlier question was answered, and not what was fetched",
        "delivered",
        (
            (Comparison, "_differing", _note_the_answer),
            (BucketRows, "write_down", _keep_the_answer),
        ),
        plans=(_written_meanwhile(),),
    ),
    "xor": Mutation(
        "hashes of rows cancel each other out",
        "counts",
        (
            (Reading, "__add__", _cancel_out),
            (Readings, "total", property(_cancel_all_out)),
            (Readings, "add", _add_by_xor),
        ),
        plans=(_pair_for_pair(),),
    ),
    "closed": Mutation(
        "a bucket is closed over a rejected row",
        "delivered",
        ((buckets, "_sound", _all_are_sound), (BucketRows, "leave_open", _ignore)),
        plans=(_refused_for_a_while(),),
    ),
    "unsaid": Mutation(
        "a dry run does not list what it would empty",
        "as_foretold",
        ((deliver.Deliver, "_foretell", _say_nothing_of_empty_fields),),
        plans=(_many_countries(),),
    ),
    "forgotten half": Mutation(
        "what was done of a record when the run ended is told to nobody",
        "answers_are_told",
        ((change, "_survivable", _no_row_survives),),
        plans=tuple(map(_withdrawn, range(1, 8))),
    ),
    "stateless": Mutation(
        "nobody tells of a state that ChartMogul drops beside another country",
        "all_is_told",
        (
            (content, "taken_along", _no_changes),
            (content, "with_what_goes", _as_it_is),
        ),
        plans=(_many_states(),),
    ),
    "let go": Mutation(
        "a dry run does not know what the mapping before would let go of",
        "as_foretold",
        ((CommonRecords, "note_tags", _ignore),),
        plans=(_many_tags(),),
    ),
    "orphaned": Mutation(
        "a dry run forgets whom it would create before it comes to their contacts",
        "as_foretold",
        ((Recorder, "prepare", _forget_who_is_absent),),
        plans=(Plan(0, scenes=(Scene(_with_ada()),), kinds=("plans",)),),
    ),
}
