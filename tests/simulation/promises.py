"""The promises, held against a world that was played: each check yields what it finds broken."""

import json
import sqlite3
from bisect import bisect_left
from collections import Counter, abc
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from itertools import accumulate, pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sync.domain.plan import Seen
from sync.domain.results import Status
from sync.errors import EXIT_LOCKED, EXIT_REJECTED, EXIT_TERMINATED, ConfigError
from sync.report import undoable
from sync.report.audit import document
from sync.sandbox.countries import state_code
from sync.sandbox.people import Customer
from sync.sandbox.sandbox import DATA_SOURCE
from sync.sandbox.world import World as Held
from tests.simulation.account import KEY, OTHER_KEY, READ_ONLY_KEY, Asked, Effect
from tests.simulation.plan import Scene
from tests.simulation.rows import PERSONAL, Account, Person, Rows, former
from tests.simulation.worker import Worker
from tests.simulation.world import TYPES, Looked, Planned, Undone, World

Broken = abc.Iterator[str]

#: Seconds for which a create in doubt is not repeated, and which it may take from its note to its leaving.
_DOUBT, _ON_ITS_WAY = 600.0, 60.0
#: Seconds for which a lease may last after its process, and some more.
_LEASE = 100.0
_SECRETS = (PERSONAL, KEY, OTHER_KEY, READ_ONLY_KEY)
#: How often a process may ask for the same page: attempts, for each reason that it may have to read a list again.
_SAME_QUESTION = 40
#: Codes of rows that ChartMogul itself has refused, in this run or in one before it.
_REFUSED = ("refused", "held_back")


def _workers(world: World) -> list[Worker]:
    played = [worker for played in world.played for worker in played.workers]
    looks = [looked.worker for looked in world.looks]
    return played + world.rehearsals + world.foretold + world.early + looks + world.last


def _report(world: World, worker: Worker) -> Path | None:
    folder = world.folder / "reports" / worker.run.id if worker.run else None
    return folder if folder and folder.exists() else None


def _lines(folder: Path, name: str) -> list[Any]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def ends(world: World) -> Broken:
    """Every process comes to an end, by itself or by an error that a user can read."""
    for worker in _workers(world):
        if not worker.dead and worker.run is None and worker.exit_code is None:
            yield f"{worker.name} ended with {worker.error!r}"


def counts(world: World) -> Broken:
    """Every row is counted once, and the report has a line for each that was written or rejected."""
    for worker in _workers(world):
        for mapping in worker.run.mappings if worker.run else ():
            rows = mapping.rows
            name = f"{worker.name}, {mapping.mapping}: {rows}"
            if rows.unprocessed < 0:
                yield f"more rows are decided than read; {name}"
            if mapping.status in (Status.SUCCEEDED, Status.COMPLETED_WITH_ERRORS):
                given = _given(world, worker, mapping.mapping)
                moving = world.plan.buckets and worker.scene.between is not None
                told = moving or given is None or rows.read == given
                if rows.unprocessed or not told:
                    yield f"of {given} rows not all are decided; {name}"
        folder = _report(world, worker)
        if folder is not None:
            yield from _tally(worker, folder)


def _given(world: World, worker: Worker, mapping: str) -> int | None:
    """How many rows a mapping has: those of its query, or what a run did that is put back; None: some of them."""
    if worker.retries is not None or worker.explained is not None or mapping == "known":
        return None
    if worker.undoes is None:
        return len(worker.scene.rows.of(world.plan.all_queries[mapping]))
    return sum(name == mapping for name, _ in world.undone[worker.name].lines)


def _tally(worker: Worker, folder: Path) -> Broken:
    errors, changes = _lines(folder, "errors.jsonl"), _lines(folder, "changes.jsonl")
    assert worker.run is not None
    for mapping in worker.run.mappings:
        rejected = {e["row"] for e in errors if e["mapping"] == mapping.mapping}
        wrote = Counter(c["outcome"] for c in changes if c["mapping"] == mapping.mapping)
        found = (len(rejected), wrote["created"], wrote["updated"])
        told = (mapping.rows.rejected, mapping.rows.created, mapping.rows.updated)
        if found != told:
            yield f"{worker.name}, {mapping.mapping}: summary tells {told}, lines tell {found}"


def no_duplicates(world: World) -> Broken:
    """No customer and no contact is created twice."""
    graves = world.account.graves.values()
    deleted = Counter((what, former(key)) for keys in graves for what, key in keys)
    merged = world.plan.merging
    mine = [e for e in world.account.effects if e.created and _is_judged(e)]
    made = Counter(map(_identity, mine))
    for identity, count in made.items():
        if count > 1 + deleted[identity] and not (merged and identity[0] == "contact by e-mail"):
            yield f"{identity} was created {count} times"
        if count == 1 and identity[-1] in world.initial and not (deleted[identity] or merged):
            yield f"{identity} was there, and was created"


def _is_judged(effect: Effect) -> bool:
    """Whether it is about the data source that the world is judged by."""
    return bool(effect.body["data_source_uuid"] == DATA_SOURCE)


def _identity(effect: Effect) -> tuple[str, str]:
    body = effect.body
    if effect.path == "/v1/customers":
        return ("customer", former(body["external_id"]))
    if body.get("external_id"):
        return ("contact", body["external_id"])
    customer = effect.answer.get("customer_external_id") or body["customer_uuid"]
    return ("contact by e-mail", f"{former(customer)}|{body['email'].lower()}")


def waits_hold(world: World) -> Broken:
    """A create of a contact that is in doubt is not repeated by another process for ten minutes."""
    last: dict[str, Asked] = {}
    for asked in world.account.asked:
        before = last.get(asked.key)
        if before and not before.sure and before.caller != asked.caller:
            waited = asked.at - before.at
            if waited + _seems_longer(world, before, asked) < _DOUBT - _ON_ITS_WAY:
                yield f"{asked.caller} repeated a create in doubt after {waited:.0f} s: {asked.key}"
        last[asked.key] = asked


def _seems_longer(world: World, before: Asked, asked: Asked) -> float:
    """By how much a wait may seem longer to a process on a third machine, after that of the create and of who met it.

    A file has no clock of its own: what one machine has noted another one can only hold against its own wall clock.
    """
    workers = _workers(world)
    here = next(one for one in workers if one.name == asked.caller)
    if world.plan.server_clock or not here.scene.elsewhere:
        return 0.0
    now = here.skew.at(asked.at - here.opened)
    met = (one for one in workers if before.at < one.began < asked.at and one is not here)
    skews = [one.skew.at(at - one.opened) for one in met for at in (one.began, one.ended)]
    return max([0.0, *(now - skew for skew in skews)])


def delivered(world: World) -> Broken:
    """After the faults one more run brings every good row to ChartMogul, and nothing else is there."""
    last = world.last[0]
    if last.run is None or last.run.exit_code not in (0, EXIT_REJECTED):
        yield f"the calm run ended so: {last.error or last.exit_code}"
        return
    folder = _report(world, last)
    assert folder is not None, "a calm run has a report"
    lines = _lines(folder, "errors.jsonl")
    rejected = {(e["mapping"], _named(world, e)): e["code"] for e in lines}
    known = _known_drops(folder)
    excused = {"same_record", "ambiguous_contact", "contact_moved", "customer_not_found"}
    rows = last.scene.rows
    for mapping, number, row in _good(world, rows):
        code = rejected.get((mapping, number))
        if code == "edited" and _is_edited(world, row):
            continue
        if code is not None:
            refused = code in _REFUSED and _is_shut(world, row)
            astray = code == "contact_moved" and _is_astray(world, row)
            if not (world.plan.merging and code in excused) and not refused and not astray:
                yield f"{mapping} row {number} is good, and was rejected: {code}"
        elif problem := _differs(world, row):
            untaken = Counter((mapping, name) for name in _untaken(world, row))
            if not untaken or not untaken <= known:
                yield f"{mapping} row {number}: {problem}"
            known -= untaken  # a drop that is told of excuses one row


def _named(world: World, line: abc.Mapping[str, Any]) -> int | str | None:
    """What names the row of a report's line; where not all rows are read, their numbers are those of that reading."""
    name: int | str | None = line["key" if world.plan.buckets else "row"]
    return name


def _good(world: World, rows: Rows) -> abc.Iterator[tuple[str, int | str, Account | Person]]:
    """The rows that can be delivered, with the mapping and what names them in reports."""
    there = set()
    for mapping, query in world.plan.queries.items():
        given: tuple[Account | Person, ...] = rows.of(query)
        same: dict[str, list[Any]] = {}
        for row in given:
            key = row.id if isinstance(row, Account) else row.key
            same.setdefault("" if row.bad == "null key" else key, []).append(row.values)
        told: set[str] = set()
        for number, row in enumerate(given, 1):
            key = row.id if isinstance(row, Account) else row.key
            if row.bad or len(set(same[key])) > 1 or key in told:
                continue
            told.add(key)  # what becomes of the first of equal rows is said of that one only
            if isinstance(row, Account):
                there.add(row.id)
            elif row.customer not in there:
                continue
            yield mapping, key if world.plan.buckets else number, row


def _is_astray(world: World, row: Account | Person) -> bool:
    """Whether ChartMogul had the contact of a row under another customer: nobody but people can move it."""
    return isinstance(row, Person) and row.key in world.plan.astray


def _known_drops(folder: Path) -> Counter[tuple[str, str]]:
    """Of how many rows a run says that ChartMogul does not take a field; by mapping and field."""
    summary = json.loads((folder / "summary.json").read_text())
    drops = {one["mapping"]: one["known_drops"] for one in summary["mappings"]}
    return Counter({(name, field): n for name, of in drops.items() for field, n in of.items()})


def _is_shut(world: World, row: Account | Person) -> bool:
    """Whether ChartMogul refuses all of an update of a row's record, because of a value that is pinned in it.

    The pin is the record's: after a merge it meets the rows of both customers.
    """
    shown = _bearer(world, row)
    if dict(world.plan.switches).get("pinned_writes") != "refused" or isinstance(shown, str):
        return False
    pinned = [name for name in row.fields if name in shown["pinned"]]
    return any(not _same(name, row.fields[name], shown.get(name)) for name in pinned)


def _untaken(world: World, row: Account | Person) -> list[str]:
    """What a record lacks that ChartMogul refuses to be written, by its names in reports; else nothing.

    Where somebody on the way answers such an update in ChartMogul's place that all is well, it looks as if
    ChartMogul had dropped the values, and a run can only tell so.
    """
    shown = _bearer(world, row)
    if isinstance(shown, str) or not _is_shut(world, row):
        return []
    found = [
        f"attributes.{name}" if name in (*TYPES, "role") else name
        for name in _lacking(world, row, shown)
    ]
    if isinstance(row, Account):
        return found if row.tags <= _folded(shown["tags"]) else [*found, "tags"]
    return found if shown["external_id"] == row.id else [*found, "external_id"]


def _bearer(world: World, row: Account | Person) -> dict[str, Any] | str:
    """The record of a row, be it one that has not taken the row's external id."""
    shown = _shown(world, row, world.held)
    if isinstance(shown, str) and isinstance(row, Person):
        alike = _contact(world, replace(row, id=None), world.held)
        return alike if isinstance(alike, str) or alike["external_id"] is None else shown
    return shown


def _differs(world: World, row: Account | Person) -> str:
    shown = _shown(world, row, world.held)
    if isinstance(shown, str):
        return shown
    for name in _lacking(world, row, shown):
        return f"{name} is {shown.get(name)!r}, not {row.fields[name]!r}"
    if isinstance(row, Account) and not row.tags <= _folded(shown["tags"]):
        return f"of the tags {sorted(row.tags)} there are {shown['tags']}"
    return ""


def _folded(tags: abc.Iterable[str]) -> set[str]:
    return {tag.casefold() for tag in tags}


def tags_of_others_stay(world: World) -> Broken:
    """A tag that no process has added is never removed.

    An undo goes by what its run did, and by what ChartMogul shows: a tag that this run has added, and that somebody
    put there again after it was taken off, goes like any value that is as the run wrote it. So does one that was taken
    off by a process that was killed before it noted so, and was put there again before any other one looked.
    """
    killed = {worker.name for worker in _workers(world) if worker.dead}
    noting = {worker.name for worker in _workers(world) if _notes_what_it_sees(worker)}
    for account in filter(None, (world.account, world.other)):
        unnoted: dict[tuple[str, str], int] = {}
        for who, uuid, tag, added_by, at in account.untagged:
            undone = world.undone.get(who)
            its_own = undone is not None and (undone.run.name, uuid, tag) in account.tagged
            since = unnoted.pop((uuid, tag), None)
            others = [e for e in account.effects[since:at] if e.caller in noting]
            unseen = since is not None and not any(_lacks_tag(e, uuid, tag) for e in others)
            if not (added_by.startswith("process") or its_own or unseen):
                yield f"{who} took {tag} off {uuid}, which {added_by} had added"
            if who in killed:
                unnoted[uuid, tag] = at


def _notes_what_it_sees(worker: Worker) -> bool:
    """Whether a process is a run, and came to its end; others note nothing of records that they merely saw."""
    runs = not worker.scene.looks and worker.undoes is None
    return runs and worker.exit_code in (0, EXIT_REJECTED)


def _lacks_tag(effect: Effect, uuid: str, tag: str) -> bool:
    """Whether an answer shows a customer without a tag."""
    return any(tag not in _folded(one["attributes"]["tags"]) for one in _shows(effect, uuid))


def _shows(effect: Effect, uuid: str) -> list[abc.Mapping[str, Any]]:
    """What an answer shows of a record."""
    answer = effect.answer if isinstance(effect.answer, dict) else {}
    return [one for one in answer.get("entries", [answer]) if one.get("uuid") == uuid]


def tags_go(world: World) -> Broken:
    """Where nothing goes wrong, a tag that a process has added is gone once its row has it no more."""
    plan = world.plan
    quiet = not (plan.meddling or plan.dropping or plan.undoing or plan.yielding or plan.renaming)
    scenes = plan.scenes if quiet and plan.live_check == "changed" and not plan.stale else ()
    calm = all(s.kind in ("run", "full") and not _struck(s) for s in scenes)
    if not scenes or not calm or world.last[0].run is None:
        return
    for _, _, row in _good(world, world.last[0].scene.rows):
        shown = _shown(world, row, world.held)
        if isinstance(row, Account) and not isinstance(shown, str):
            wanted = row.tags | (row.team_tags if plan.doubled else set())
            if more := _folded(shown["tags"]) - wanted:
                yield f"the row of {row.id} has {sorted(more)} no more, and its customer has"


def both_mappings_tag(world: World) -> Broken:
    """What a second mapping brings is there, and neither takes off what the other one wants."""
    last = world.last[0]
    if not world.plan.doubled or last.run is None:
        return
    folder = _report(world, last)
    lines = _lines(folder, "errors.jsonl") if folder else []
    rejected = {e["key"] for e in lines if e["mapping"] == "teams"}
    for _, _, row in _good(world, last.scene.rows):
        shown = _shown(world, row, world.held)
        if isinstance(row, Person) or isinstance(shown, str) or row.id in rejected:
            continue
        if missing := row.team_tags - _folded(shown["tags"]):
            yield f"the second mapping wants {sorted(missing)} on {row.id}: {shown['tags']}"


def _struck(scene: Scene) -> bool:
    """Whether anything befell a scene."""
    befell = (scene.troubles, scene.blows, scene.deeds, scene.pauses, scene.companions)
    return any(befell) or scene.second is not None or bool(scene.clocks)


def _lacking(
    world: World, row: Account | Person, shown: abc.Mapping[str, Any]
) -> abc.Iterator[str]:
    """The fields of a row whose values its record lacks, and for which there is no excuse."""
    elsewhere = not _same("country", row.fields.get("country"), shown.get("country"))
    for name, wanted in row.fields.items():
        held = shown.get(name)
        if name == "state" and world.plan.yielding and elsewhere:
            continue  # a state is nothing in another country
        if name in shown["pinned"] or (name == "role" and world.plan.undefined):
            continue
        strange = world.plan.undoing or world.plan.merging or _is_foreign(name, held)
        if world.plan.yielding and strange:
            continue  # what was put back, or came with a merged record, is somebody else's, too
        if world.plan.overwrite == "if_empty" and held not in (None, ""):
            continue
        if world.plan.overwrite == "if_empty" and wanted is None:
            continue
        if not _same(name, wanted, held) and (held or wanted is not None):
            yield name


def _is_foreign(name: str, held: Any) -> bool:
    """Whether a value is one that people, or scripts, have entered."""
    if name == "company":
        return held in ("By hand", "Edited", "Pinned") or str(held).startswith("Typed")
    return (name, held) in (("country", "FR"), ("state", "TX"), ("seats", 1), ("title", "Pinned"))


def _is_edited(world: World, row: Account | Person) -> bool:
    """Whether a record holds a value of somebody else's, for which its row may be rejected."""
    shown = _bearer(world, row)
    if world.plan.overwrite != "reject_edited" or isinstance(shown, str):
        return False
    # What was put back is somebody else's, and so is what the other one of two merged customers brought.
    merged = isinstance(row, Account) and len(shown["external_ids"]) > 1
    foreign = (_is_foreign(name, shown.get(name)) for name in row.fields)
    return world.plan.undoing or merged or any(foreign)


def edits_survive(world: World) -> Broken:
    """What people have typed stays, wherever a mapping leaves it."""
    if not world.plan.yielding or world.plan.merging:
        return
    held = world.account.sandbox.world.customers
    for uuid, company in world.account.typed.items():
        if uuid in held and held[uuid].company != company:
            yield f"people typed {company} into {uuid}, and it is {held[uuid].company}"


def known_by_uuid(world: World) -> Broken:
    """A contact that its row names by its uuid is brought to what the row says, or is told to be gone."""
    last = world.last[0]
    folder = _report(world, last)
    if not world.plan.by_uuid or folder is None or last.exit_code not in (0, EXIT_REJECTED):
        return
    lines = _lines(folder, "errors.jsonl")
    rejected = {e["key"]: e["code"] for e in lines if e["mapping"] == "known"}
    wanted = {one.key: one.phone for one in reversed(last.scene.rows.people)}
    for key, uuid in world.uuids.items():
        held, code = world.held.contacts.get(uuid), rejected.get(uuid)
        if key not in wanted or (world.plan.overwrite == "if_empty" and held and held.phone):
            continue
        if held is None or held.customer_uuid is None:
            if code != "not_found":
                yield f"{uuid} is gone, and its code is {code}"
        elif code not in (None, "edited", *_REFUSED) or (
            code is None and held.phone != wanted[key]
        ):
            yield f"{uuid} has {held.phone}, not {wanted[key]}, and its code is {code}"


def phones_arrive(world: World) -> Broken:
    """What a second mapping brings of contacts is there, beside what the first one brings."""
    last = world.last[0]
    folder = _report(world, last)
    if not world.plan.phoned or folder is None or last.exit_code not in (0, EXIT_REJECTED):
        return
    rejected = {e["key"] for e in _lines(folder, "errors.jsonl") if e["mapping"] == "phones"}
    for _, _, row in _good(world, last.scene.rows):
        shown = _shown(world, row, world.held)
        if isinstance(row, Account) or isinstance(shown, str) or row.key in rejected:
            continue
        kept = world.plan.overwrite == "if_empty" and shown["phone"]
        if shown["phone"] != row.phone and not kept:
            yield f"{row.key} has {shown['phone']}, not {row.phone}"


def nobody_edited(world: World) -> Broken:
    """Where nobody has edited anything no warning says so, whatever answers were lost and processes killed."""
    plan = world.plan
    if (
        plan.meddling
        or plan.dropping
        or plan.split
        or plan.yielding
        or plan.present
        or plan.undoing
    ):
        return
    for worker in _workers(world):
        folder = _report(world, worker)
        for line in _lines(folder, "changes.jsonl") if folder else ():
            for warning in line["warnings"]:
                if warning["code"] in ("edited", "rewritten"):
                    yield f"{worker.name} warns: {line['mapping']} {warning['field']} was edited"


def _shown(world: World, row: Account | Person, account: Held) -> dict[str, Any] | str:
    if isinstance(row, Account):
        return _customer(world, row, account)
    return _contact(world, row, account)


def _same(name: str, wanted: Any, held: Any) -> bool:
    """Whether two values are one, however they are spelt."""
    if name == "email" and held:
        return bool(held.lower() == str(wanted).lower())
    if name == "state" and held and wanted:
        return state_code(held) == state_code(wanted)
    if isinstance(wanted, Decimal) and held:
        return Decimal(held) == wanted or Decimal(held) == Decimal(repr(float(wanted)))
    return bool(held == wanted)


def _customer(world: World, row: Account, account: Held) -> dict[str, Any] | str:
    uuid = _uuid(account, row.id)
    if uuid is None:
        return "ChartMogul has no such customer"
    customer = account.customers[uuid]
    shown = account.show(customer)
    plain = {"tags": shown["attributes"]["tags"], "pinned": customer.pinned}
    return {**shown, **shown["attributes"]["custom"], **plain}


def _uuid(account: Held, key: str) -> str | None:
    """The customer of a key, be it that ChartMogul has it under the key before."""
    pairs = ((DATA_SOURCE, key), (DATA_SOURCE, former(key)))
    return next((account.by_pair[pair] for pair in pairs if pair in account.by_pair), None)


def _contact(world: World, row: Person, account: Held) -> dict[str, Any] | str:
    uuid = _uuid(account, row.customer)
    found = [
        contact
        for contact in account.contacts.values()
        if contact.customer_uuid is not None
        and contact.data_source_uuid == DATA_SOURCE
        and (contact.external_id == row.id if row.id else contact.customer_uuid == uuid)
        and (row.id or (contact.email or "").lower() == row.email.lower())
    ]
    if not found:
        return "ChartMogul has no such contact"
    shown = account.show_contact(found[0])
    return {**shown, **shown["custom"], "pinned": found[0].pinned}


def settled(world: World) -> Broken:
    """Once all is there, another run sends nothing; neither does one that has lost the state."""
    again, lost = world.last[1:]
    # Where nothing is checked, the second mapping of a record sends what it does not know to have sent.
    unchecked = world.plan.doubled and world.plan.live_check == "never"
    for effect in world.account.effects:
        if effect.writes and effect.caller == again.name:
            yield f"another run wrote: {effect.method} {effect.path} {effect.body}"
        # Nobody remembers what was dropped.
        forgiven = world.plan.merging or world.plan.dropping or unchecked
        if effect.writes and effect.caller == lost.name and not forgiven:
            yield f"a run without its state wrote: {effect.method} {effect.path} {effect.body}"


def others_are_left_alone(world: World) -> Broken:
    """A contact of nobody is somebody else's: nothing about it changes."""
    held = world.account.sandbox.world.contacts
    for uuid, before in world.account.nobodies.items():
        if held.get(uuid, before) != before:
            yield f"a contact of nobody was {before}, and is {held[uuid]}"


def _looks_deceive(world: World) -> bool:
    """Whether an answer may have shown nothing of a write, where the record itself is shown as it was before.

    Then it looks as if ChartMogul had dropped the write, and a run can only tell so.
    """
    troubles = {trouble.kind for scene in world.plan.scenes for trouble in scene.troubles}
    bare = any(kind == "no body" or {"empty", "nothing"} & {*kind.split()} for kind in troubles)
    switches = dict(world.plan.switches)
    later = [value for scene in world.plan.scenes for _, value in scene.switches]
    silent = "nothing_changed" in [*switches.values(), *later]
    return bool(switches.get("stale_reads")) and (bare or silent)


def no_false_alarm(world: World) -> Broken:
    """Another spelling of a value is no reason for a warning."""
    plan = world.plan
    if plan.dropping or plan.meddling or not plan.states or _looks_deceive(world):
        return
    for worker in _workers(world):
        folder = _report(world, worker)
        for line in _lines(folder, "changes.jsonl") if folder else ():
            for warning in line["warnings"]:
                if warning["code"] != "dropped":
                    continue
                if warning["field"] != "state" or not _is_elsewhere(worker, line["uuid"]):
                    yield f"{worker.name} warns: {line['mapping']} {warning['field']} was dropped"


def _is_elsewhere(worker: Worker, uuid: str) -> bool:
    """Whether a mapping without countries has met a customer beside whose country ChartMogul drops a state."""
    effects = [effect for effect in worker.account.effects if effect.caller == worker.name]
    shown = [one["country"] for effect in effects for one in _shows(effect, uuid)]
    return "country" in worker.scene.lacking and bool(shown) and shown[-1] not in (None, "US")


def strangers_end_nothing(world: World) -> Broken:
    """What a proxy answers once in ChartMogul's place is no reason to end a mapping, nor is a 304.

    A 403 that GET /account gets as well is one, and so is a 404 to a path that names no record.
    """
    for worker in _workers(world):
        kinds = [trouble.kind for trouble in worker.scene.troubles]
        own = worker.account.revoked or worker.name in worker.account.shut_out
        own = own or any("302" in k or "stranger 407" in k for k in kinds)
        own = own or any(blow.what in ("revoke", "read only") for blow in worker.scene.blows)
        if own or not any(kind.startswith("stranger") for kind in kinds):
            continue
        for mapping in worker.run.mappings if worker.run else ():
            for word in ("(403)", "redirect (304)", "redirect", "answered 404"):
                if word in (mapping.error or ""):
                    yield f"{worker.name}: a stranger's answer ended {mapping.mapping}: {word}"
                    break


def lists_end(world: World) -> Broken:
    """A list that says for ever that there is more is given up, not read for ever."""
    for worker in _workers(world):
        asked = Counter(start.question for start in worker.starts if "cursor=" in start.question)
        for question, count in asked.items():
            if count > _SAME_QUESTION:
                yield f"{worker.name} asked {count} times: {question}"


def dry_runs_write_nothing(world: World) -> Broken:
    """A dry run, an audit and an explanation send no write, and leave the state as it was."""
    for played in (*world.played, *(looked.played for looked in world.looks)):
        if not played.scene.looks:
            continue
        names = {worker.name for worker in played.workers if worker.scene.looks}
        for effect in (*world.account.effects, *(world.other.effects if world.other else ())):
            if effect.writes and effect.caller in names:
                yield f"a {played.scene.kind} sent {effect.method} {effect.path}"
        if len(names) == len(played.workers) and played.before != played.after:
            yield f"a {played.scene.kind} changed the state"


def within_the_limits(world: World) -> Broken:
    """At most 40 requests start in any second, and 20 are under way at once."""
    for worker in _workers(world):
        times = [start.at for start in worker.starts]
        for number, at in enumerate(times):
            if bisect_left(times, at + 1.0) - number > 40:
                yield f"{worker.name} started more than 40 requests in the second from {at:.2f}"
                break
        if worker.most_under_way > 20:
            yield f"{worker.name} had {worker.most_under_way} requests under way at once"


def within_the_limits_together(world: World) -> Broken:
    """The same holds for all processes that share an account, and a state."""
    for played in world.played:
        for account in (0, 1):
            sharing = [one for one in played.workers if one.place[0] == account]
            if len(sharing) > 1:
                yield from _shared(sharing)


def _shared(workers: list[Worker]) -> Broken:
    starts = sorted((start for worker in workers for start in worker.starts), key=lambda s: s.at)
    times = [start.at for start in starts]
    most = max((bisect_left(times, at + 1.0) - n for n, at in enumerate(times)), default=0)
    if most > 40:
        yield f"{len(workers)} processes started {most} requests in one second"
    steps = [(start.at, 1) for start in starts]
    for start in starts:
        ends = [at for at in (start.ended, start.lapsed) if at is not None]
        steps += [(min(ends), -1)] if ends else []
    together = max(accumulate(step for _, step in sorted(steps)), default=0)
    if together > 20:
        yield f"{len(workers)} processes had {together} requests under way at once"


def made_again(world: World) -> Broken:
    """What a run found deleted is there again after the next one."""
    if world.unasked is None or world.plan.merging or world.plan.undoing:
        return  # a row that was put back is sent no more
    if any(one.run is None or one.run.exit_code not in (0, EXIT_REJECTED) for one in world.early):
        return
    graves, known = world.account.graves, world.unasked
    whole = {one.name for one in _workers(world) if _came_to_its_end(one)}
    noticed = {
        uuid
        for number, effect in enumerate(world.account.effects)
        if effect.status == 404
        and effect.caller in whole
        and effect.at < world.unasked_since
        # Before it was deleted, a 404 is a read that lags behind the record's create.
        and world.account.buried.get(uuid := effect.path.rpartition("/")[2], number + 1) <= number
    }
    for mapping, number, row in _good(world, world.early[-1].scene.rows):
        here = ("customer", former(row.id)) if isinstance(row, Account) else ("contact", row.id)
        # What was made again may have been deleted once more, which nobody has seen yet.
        buried = {
            uuid
            for uuid, whose in graves.items()
            if here in {(what, former(key)) for what, key in whose}
        }
        if buried and buried <= noticed and isinstance(_shown(world, row, known), str):
            yield f"{mapping} row {number} was found deleted, and is not there again"


def _came_to_its_end(worker: Worker) -> bool:
    real = worker.run is not None and not worker.run.dry_run
    return real and worker.exit_code in (0, EXIT_REJECTED)


def tried_again(world: World) -> Broken:
    """What ChartMogul dropped is there once it takes it, a day later, without a full run."""
    if world.plan.undoing:
        return
    if world.a_day_later is None or world.plan.merging or "role" not in _definitions(world):
        return
    last = world.early[-1]
    if last.run is None or last.run.exit_code not in (0, EXIT_REJECTED):
        return
    folder = _report(world, last)
    lines = _lines(folder, "errors.jsonl") if folder else ()
    rejected = {(e["mapping"], _named(world, e)) for e in lines}
    for mapping, number, row in _good(world, last.scene.rows):
        wanted = row.fields.get("role")
        if wanted is None or (mapping, number) in rejected:
            continue
        shown = _shown(world, row, world.a_day_later)
        if isinstance(shown, str) or (world.plan.overwrite == "if_empty" and shown.get("role")):
            continue  # what arrived before the row changed stays: it was never dropped
        if shown.get("role") != wanted:
            yield f"{mapping} row {number}: role is {shown.get('role')!r}, not {wanted!r}"


def _definitions(world: World) -> abc.Set[str]:
    return world.account.sandbox.world.definitions


def plans_hold(world: World) -> Broken:
    """Who applies a plan sends what it lists, and no field more; what people edited before stands."""
    for effect in world.account.effects:
        planned = world.applied.get(effect.caller)
        if planned is None or not effect.writes or not effect.path.startswith("/v1/customers"):
            continue
        changes = _listed_for(world, planned, effect)
        if changes is not None and (more := _names(effect) - set(changes)):
            yield f"{effect.caller} sent {sorted(more)}, which its plan does not list"
    for planned in world.applied.values():
        befores: dict[str, dict[str, Any]] = {}
        for line in planned.lines.values():  # two mappings may have a line each of one record
            befores.setdefault(line["uuid"], {}).update(line["changes"])
        for uuid, customer in planned.edited.items():
            now, changes = planned.after.get(uuid), befores.get(uuid, {})
            was_so = changes.get("company", [None])[0] == customer.company
            if now is not None and now.company != customer.company and not was_so:
                yield f"what people had edited in {uuid} was written over by a plan"


def _listed_for(world: World, planned: Planned, effect: Effect) -> abc.Mapping[str, Any] | None:
    """What a plan lists of the customer that a request writes; None where nobody knows which it is."""
    body = effect.body or {}
    keys = [body["external_id"]] if "external_id" in body else []
    uuid = effect.path.split("/")[3] if effect.path.count("/") > 2 else ""
    if customer := world.account.sandbox.world.customers.get(uuid):
        keys += [key for source, key in customer.pairs if source == DATA_SOURCE]
    if not keys:
        return None
    lines = [
        one
        for (mapping, key), one in planned.lines.items()
        if mapping != "contacts" and former(key) in map(former, keys)
    ]
    return {name: change for line in lines for name, change in line["changes"].items()}


def _names(effect: Effect) -> set[str]:
    """The fields that a request sends."""
    body = dict(effect.body or {})
    custom = body.pop("custom", None) or body.pop("attributes", {}).get("custom", {})
    if isinstance(custom, list):
        custom = [one if isinstance(one, str) else one["key"] for one in custom]
    names = set(body) - {"data_source_uuid", "external_id", "attributes", "custom"}
    return names | {f"attributes.{key}" for key in custom}


def put_back(world: World) -> Broken:
    """What a run wrote is put back where it still stands: once, to what its report says was there before."""
    for name, undone in world.undone.items():
        if not undone.alone:
            continue
        worker = next(one for one in _workers(world) if one.name == name)
        wrote = [e for e in world.account.effects if e.caller == name and e.writes]
        if not worker.scene.troubles:
            sent = Counter((e.method, e.path, repr(e.body)) for e in wrote if e.status < 300)
            yield from (f"{name} sent twice: {one}" for one, count in sent.items() if count > 1)
        fates = _fates(undone)
        back = {line["uuid"] for key, line in undone.lines.items() if fates[key] == "put back"}
        for (mapping, key), line in undone.lines.items():
            mine = [e for e in wrote if line["uuid"] in e.path]
            if mine and line["uuid"] not in back:
                yield f"{name} wrote {mapping} {key}, which {fates[mapping, key]}: {mine[0].body}"
        yield from _told_of(world, worker, undone, fates)


def _told_of(
    world: World,
    worker: Worker,
    undone: Undone,
    fates: abc.Mapping[tuple[str, str], str],
) -> Broken:
    """Whether what an undo says of each record is so, once it has come to its end."""
    folder = _report(world, worker)
    if folder is None or worker.exit_code not in (0, EXIT_REJECTED):
        return
    codes = {(e["mapping"], e["key"]): e["code"] for e in _lines(folder, "errors.jsonl")}
    for (mapping, key), line in undone.lines.items():
        fate, code = fates[mapping, key], codes.get((mapping, key))
        told = f"{worker.name}, {mapping} {key} {fate}"
        if (code == "conflict") != (fate == "has moved"):
            yield f"{told}, and its code is {code}"
        first = _first_changes(undone, line)
        if fate == "put back" and code is None and not _stands(undone.after, first, 0):
            yield f"{told}, and is {_record(undone.after, line['uuid'])}, not as in {line}"


def _first_changes(undone: Undone, line: abc.Mapping[str, Any]) -> dict[str, Any]:
    """A line with the changes of fields that no line before it changed of this record: what was before it is wanted."""
    before: set[str] = set()
    for one in undone.lines.values():
        if one is line:
            break
        if one["uuid"] == line["uuid"]:
            before |= set(one["changes"])
    return {**line, "changes": {n: c for n, c in line["changes"].items() if n not in before}}


def _fates(undone: Undone) -> dict[tuple[str, str], str]:
    """What is to become of each line; of one record the last change goes back first, which the one before waits for."""
    fates: dict[tuple[str, str], str] = {}
    by_then: dict[str, dict[str, Any]] = {}
    for key, line in reversed(undone.lines.items()):
        shown = by_then.setdefault(line["uuid"], {})
        fates[key] = _fate(undone, line, shown)
        if fates[key] == "put back":
            shown |= {n: before for n, (before, _) in line["changes"].items() if n != "tags"}
    return fates


def _fate(undone: Undone, line: abc.Mapping[str, Any], by_then: abc.Mapping[str, Any]) -> str:
    """What is to become of a record that a run wrote, by what ChartMogul showed when the undo came to it."""
    if line["outcome"] == "created" or line.get("created") or not line["before_known"]:
        return "cannot be put back"
    if _record(undone.before, line["uuid"]) is None:
        return "has moved"
    if _stands(undone.before, line, 0, by_then=by_then):
        return "is back"
    if not _stands(undone.before, line, 0, 1, by_then=by_then):
        return "has moved"
    return "has moved" if _loses_a_state(undone.before, line, by_then) else "put back"


def _loses_a_state(held: Held, line: abc.Mapping[str, Any], by_then: abc.Mapping[str, Any]) -> bool:
    """Whether the country before would take a state along that its run had no part in."""
    shown = {**(_record(held, line["uuid"]) or {}), **by_then}
    before = line["changes"].get("country", [None])[0]
    is_back = before is None or _alike("country", before, shown["country"])
    return (
        not is_back
        and before != "US"
        and bool(shown.get("state"))
        and "state" not in line["changes"]
    )


def _record(held: Held, uuid: str) -> dict[str, Any] | None:
    """A customer or a contact of the data source as ChartMogul shows it, with the names that reports have."""
    if (customer := held.customers.get(uuid)) is not None:
        shown = held.show(customer)
        custom = shown["attributes"]["custom"]
        shown |= {"tags": shown["attributes"]["tags"]}
        ours = any(source == DATA_SOURCE for source, _ in customer.pairs)
    elif (contact := held.contacts.get(uuid)) is not None:
        shown = held.show_contact(contact)
        custom = shown["custom"]
        ours = contact.customer_uuid is not None
    else:
        return None
    return {**shown, **{f"attributes.{n}": v for n, v in custom.items()}} if ours else None


def _stands(
    held: Held,
    line: abc.Mapping[str, Any],
    *which: int,
    by_then: abc.Mapping[str, Any] = MappingProxyType({}),
) -> bool:
    """Whether each field of a line shows the value before (0) or after (1), or one of them; `by_then` goes first."""
    shown = _record(held, line["uuid"])
    if shown is None:
        return False
    shown |= by_then
    for name, pair in line["changes"].items():
        if name == "tags":
            before, after, now = (_folded(one or ()) for one in (*pair, shown["tags"]))
            if which == (0,) and ((after - before) & now or not before - after <= now):
                return False
        elif not any(_alike(name, pair[one], shown.get(name)) for one in which):
            return False
    return True


def _alike(name: str, told: Any, held: Any) -> bool:
    """Whether a value of a report is the one that ChartMogul shows."""
    if told in (None, "") or held in (None, ""):
        return told in (None, "") and held in (None, "")
    if isinstance(told, bool) or isinstance(held, bool):
        return told is held
    if name == "attributes.score":
        return _same(name, Decimal(str(told)), str(held))
    return _same(name, told, held)


def stays_undone(world: World) -> Broken:
    """What was put back stays so over later runs, until its row changes or somebody asks for all."""
    for name, undone in world.undone.items():
        workers = _workers(world)
        undoing = next(one for one in workers if one.name == name)
        folder = _report(world, undoing)
        if folder is None or undoing.exit_code not in (0, EXIT_REJECTED):
            continue
        if "does not know what the run had sent" in undoing.log.getvalue():
            if not _may_be_unknown(world, undone, undoing, workers):
                yield f"{name} does not know what {undone.run.name} had sent"
            continue
        lines = _lines(folder, "errors.jsonl")
        left = {(e["mapping"], e["key"]) for e in lines}
        fates = _fates(undone)
        for key, line in undone.lines.items():
            if key not in left and fates[key] in ("put back", "is back"):
                yield from _sent_again(world, undoing, undone.run, line, workers)


def _may_be_unknown(
    world: World, undone: Undone, undoing: Worker, workers: abc.Sequence[Worker]
) -> bool:
    """Whether the state failed the run, or somebody applied a plan, which may leave fields out, or had other rows."""
    if any(blow.what in ("state", "read only") for blow in undone.run.scene.blows):
        return True
    for one in workers:
        meanwhile = one.began <= undoing.began and one.ended >= undone.run.began
        if one.shelf is not undoing.shelf or not meanwhile:
            continue
        if one.scene.kind == "apply":
            return True
        for (_, key), line in undone.lines.items():
            query = world.plan.all_queries[line["mapping"]]
            if _rows_of(one, query, key) != _rows_sent(undone.run, query, line):
                return True
    return False


def _sent_again(
    world: World,
    undoing: Worker,
    run: Worker,
    line: abc.Mapping[str, Any],
    workers: abc.Sequence[Worker],
) -> Broken:
    """What processes after an undo write of a record whose row is as it was when it was sent."""
    others = [
        one
        for one in workers
        if one is not undoing
        and one is not run
        and one.shelf is undoing.shelf
        and one.place == (0, 0)
        and one.began >= run.began
    ]
    of_run = _rows_sent(run, world.plan.all_queries[line["mapping"]], line)
    ends = (one.began for one in others if _ends_an_undo(world, undoing, line, one, of_run))
    until = min(ends, default=float("inf"))  # who was stopped meanwhile finds it ended as well
    for worker in others:
        if worker.began < undoing.ended or worker.undoes is not None:
            continue
        for effect in world.account.effects:
            mine = effect.caller == worker.name and effect.writes and line["uuid"] in effect.path
            if mine and effect.at < until and not _is_of_another_row(world, worker, line):
                yield f"{worker.name} sent {line['key']} again, which {undoing.name} put back"


def _is_of_another_row(world: World, worker: Worker, line: abc.Mapping[str, Any]) -> bool:
    """Whether a process wrote a record for a row whose customer was merged with it: that one was not put back."""
    held = world.account.sandbox.world.customers.get(line["uuid"])
    if held is None or sum(source == DATA_SOURCE for source, _ in held.pairs) < 2:
        return False
    lines = [one for one in world.lines(worker) if one["uuid"] == line["uuid"]]
    return (line["mapping"], line["key"]) not in {(one["mapping"], one["key"]) for one in lines}


def _ends_an_undo(
    world: World,
    undoing: Worker,
    line: abc.Mapping[str, Any],
    worker: Worker,
    of_run: list[Any],
) -> bool:
    """Whether what was before a record was put back is no matter any more, once a process has begun."""
    query, key = world.plan.all_queries[line["mapping"]], line["key"]
    rows, between = _rows_of(worker, query, key), worker.scene.between
    if not rows and _has_renamed_customer(worker, query, key):
        return True  # a person's row names its customer
    if worker.undoes is not None:
        another = world.undone[worker.name]
        return worker.began > undoing.began and (line["mapping"], key) in another.lines
    is_one = all(row == rows[0] for row in rows)  # else its key comes again, and nothing is sent
    if rows and is_one and rows[0] not in of_run and not worker.scene.looks:
        return True  # the row has changed
    if between is not None and _of_key(between.of(query), key) != rows:
        return True  # the process may have read what somebody wrote between two statements
    asks = worker.scene.kind == "full" or worker.retries is not None
    return asks and worker.began >= undoing.ended


def _has_renamed_customer(worker: Worker, query: str, key: str) -> bool:
    """Whether a person is there by the same key, but for the key of its customer, which is another one."""
    people = [row for row in worker.scene.rows.of(query) if isinstance(row, Person)]
    return any(former(row.key) == former(key) for row in people if row.key != key)


def _rows_of(worker: Worker, query: str, key: str) -> list[Any]:
    """The rows of a key, as a process read them."""
    return _of_key(worker.scene.rows.of(query), key)


def _rows_sent(worker: Worker, query: str, line: abc.Mapping[str, Any]) -> list[Any]:
    """The rows of a key that a process has sent: where somebody wrote between two statements, its values tell which."""
    rows, between = _rows_of(worker, query, line["key"]), worker.scene.between
    if between is None:
        return rows
    sent = [after for _, after in line["changes"].values() if isinstance(after, str)]

    def has(some: list[Any]) -> int:
        return sum(one in values for values in some for one in sent)

    return max(rows, _of_key(between.of(query), line["key"]), key=has)


def _of_key(rows: abc.Sequence[Account | Person], key: str) -> list[Any]:
    """The values of the rows of a key; a renamed account is what it was."""
    accounts = [
        replace(row, id=former(key), was=None).values
        for row in rows
        if isinstance(row, Account) and former(row.id) == former(key)
    ]
    return accounts or [r.values for r in rows if isinstance(r, Person) and r.key == key]


def undone_for_good(world: World) -> Broken:
    """An undo is not undone: who asks for it is refused."""
    for worker in _workers(world):
        folder = _report(world, worker)
        if worker.undoes is None or folder is None:
            continue
        try:
            undoable.folder_of(folder.parent, folder.name)
        except ConfigError:
            continue
        yield f"{worker.name} put a run back, and might be put back itself"


def retries_ask_again(world: World) -> Broken:
    """A retry holds no row back, and touches no row that was not rejected."""
    for worker in _workers(world):
        folder = _report(world, worker)
        if worker.retries is None or folder is None:
            continue
        lines = _lines(folder, "errors.jsonl")
        yield from (
            f"{worker.name}: {one['mapping']} {one['key']} is held back"
            for one in lines
            if one["code"] == "held_back"
        )
        for line in (*lines, *_lines(folder, "changes.jsonl")):
            asked = worker.retries.keys.get(line["mapping"], frozenset())
            if not {line["key"], worker.stored(line["key"])} & asked:
                yield f"{worker.name}: nobody asked for {line['mapping']} {line['key']}"


def canaries_sing(world: World) -> Broken:
    """Where a row of the canary did not arrive as it was sent, no more than the canary was written."""
    for worker in _workers(world):
        folder, most = _report(world, worker), worker.scene.canary
        if most is None or folder is None or not (folder / "canary.json").exists():
            continue
        told = json.loads((folder / "canary.json").read_text())
        bad = {one["mapping"] for one in told if one["refused"] or one["different"]}
        sizes = Counter((one["mapping"], one["operation"]) for one in told)
        if more := {kind: size for kind, size in sizes.items() if size > most}:
            yield f"{worker.name}: a canary of {most} had {more}"
        # An update whose record is gone by then makes it again: it counts as what it was chosen as.
        chosen = {(one["mapping"], one["key"]) for one in told}
        for line in _lines(folder, "changes.jsonl"):
            wrote = line["mapping"] in bad and line["outcome"] in ("created", "updated")
            if wrote and (line["mapping"], line["key"]) not in chosen:
                yield f"{worker.name}: a canary died, and {line['key']} was {line['outcome']}"


def audits_are_true(world: World) -> Broken:
    """An audit's counts are those of the world: which rows are missing, and which differ in what."""
    if world.plan.merging or world.plan.dropping:
        return
    for looked in world.looks:
        worker = looked.worker
        folder = _report(world, worker)
        if worker.scene.kind != "audit" or folder is None or worker.run is None:
            continue
        found = document(worker.run)
        changes = _lines(folder, "changes.jsonl")
        told = {
            (c["mapping"], _named(world, c)): (c["outcome"], set(c["changes"])) for c in changes
        }
        for mapping, number, row in _good(world, worker.scene.rows):
            outcome, names = told.get((mapping, number), ("unchanged", set()))
            wanted, differing = _audited(world, row, looked.held)
            if "tags" in names and _has_more_tags(world, row, looked.held):
                continue  # one of them may be ours, which a run would take off
            if _is_astray(world, row):
                continue  # rejected, and nothing of it is compared
            if outcome != wanted or (wanted == "updated" and names != differing):
                yield f"{mapping} row {number} is {wanted} {differing}, told as {outcome} {names}"
        for one in found["mappings"] if found else ():
            rows, name = one["rows"], one["mapping"]
            lines = Counter(c["outcome"] for c in changes if c["mapping"] == name)
            if (rows["missing"], rows["different"]) != (lines["created"], lines["updated"]):
                yield f"audit.json has {rows} of {name}, the lines {lines}"
            if name not in ("contacts", "known", "phones") and one["extra"] != (
                extra := _extra(looked)
            ):
                yield f"audit.json has {one['extra']} records that are too many, not {extra}"


def _has_more_tags(world: World, row: Account | Person, held: Held) -> bool:
    """Whether a customer has tags that its row does not bring."""
    shown = _shown(world, row, held)
    if isinstance(shown, str) or isinstance(row, Person):
        return False
    return bool(_folded(shown["tags"]) - row.tags)


def _audited(world: World, row: Account | Person, held: Held) -> tuple[str, set[str]]:
    """What an audit is to say of a row, and in which fields it differs."""
    shown = _shown(world, row, held)
    if isinstance(shown, str) and isinstance(row, Person):
        alike = _contact(world, replace(row, id=None), held)
        if not isinstance(alike, str) and alike["external_id"] is None:
            shown = alike
    if isinstance(shown, str):
        return "created", set()
    differing = {
        f"attributes.{name}" if name in (*TYPES, "role") else name
        for name, wanted in row.fields.items()
        if not _same(name, wanted, shown.get(name))
        and (shown.get(name) or wanted is not None)
        and not (world.plan.overwrite == "if_empty" and wanted is None)
    }
    if isinstance(row, Account) and not row.tags <= _folded(shown["tags"]):
        differing.add("tags")
    if isinstance(row, Person) and row.id and shown["external_id"] != row.id:
        differing.add("external_id")
    return ("updated" if differing else "unchanged"), differing


def _extra(looked: Looked) -> int:
    """How many customers of the data source no row has."""
    rows = looked.worker.scene.rows.accounts
    known = {row.id for row in rows if row.bad != "null key"}
    known |= {row.was for row in rows if row.was and row.bad != "null key"}
    return sum(
        any(source == DATA_SOURCE for source, _ in customer.pairs)
        and not any(s == DATA_SOURCE and key in known for s, key in customer.pairs)
        for customer in looked.held.customers.values()
    )


def explanations_are_true(world: World) -> Broken:
    """An explanation shows the record of its key, where ChartMogul has it, with what differs."""
    if world.plan.merging or world.plan.dropping or world.plan.yielding:
        return
    for looked in world.looks:
        worker, found = looked.worker, looked.worker.explained
        if found is None or worker.exit_code not in (0, EXIT_REJECTED):
            continue
        for _, _, row in _good(world, worker.scene.rows):
            if not isinstance(row, Account) or row.id != found.key or not found.rows:
                continue
            wanted, differing = _audited(world, row, looked.held)
            if "tags" in (found.differences or ()) and _has_more_tags(world, row, looked.held):
                continue  # as above
            uuid = found.known.uuid if isinstance(found.known, Seen) else None
            if uuid != _uuid(looked.held, row.id):
                yield f"{row.id} is {_uuid(looked.held, row.id)}, and explained as {found.known}"
            elif wanted == "updated" and set(found.differences or ()) != differing:
                yield f"{row.id} differs in {differing}, explained as {found.differences}"


def as_foretold(world: World) -> Broken:
    """While nothing changes a run sends what its dry run listed, row by row and field by field."""
    if not world.foretold or world.plan.dropping or world.plan.skewed or world.plan.stale:
        return
    told = []
    unseen = _gone_unseen(world)
    for worker in world.foretold:
        folder = _report(world, worker)
        if folder is None or worker.exit_code not in (0, EXIT_REJECTED):
            return
        lines = {
            (line["mapping"], _named(world, line)): (line["outcome"], line["changes"])
            for line in _lines(folder, "changes.jsonl")
        }
        found = _lines(folder, "errors.jsonl")
        rejected = {(e["mapping"], _named(world, e), e["code"]) for e in found}
        told.append((lines, rejected))
    (foretold, bad), (sent, refused) = told
    # A plan that is made without a mapping's state leaves out what the run, which knows no value for its own, rejects.
    unknown = {row for row in _left_out(world) if (*row, "edited") in refused and row not in sent}
    refused -= {(*row, "edited") for row in unknown}
    unseen |= unknown
    for row in (foretold.keys() | sent.keys()) - unseen:
        if foretold.get(row) != sent.get(row):
            yield f"{row} was foretold as {foretold.get(row)}, and was {sent.get(row)}"
    if otherwise := {one for one in bad ^ refused if one[:2] not in unseen}:
        yield f"rejected rows were foretold otherwise: {sorted(otherwise)}"


def all_is_told(world: World) -> Broken:
    """What a run changes of customers that were there stands in its list, also what nobody sent."""
    if not world.foretold or world.plan.dropping or world.plan.skewed or world.plan.stale:
        return
    worker, (before, after) = world.foretold[-1], world.held_then
    folder = _report(world, worker)
    if folder is None or worker.exit_code not in (0, EXIT_REJECTED):
        return
    told: dict[str, set[str]] = {}
    for line in _lines(folder, "changes.jsonl"):
        told.setdefault(line["uuid"], set()).update(line["changes"])
    for uuid, was in before.customers.items():
        now = after.customers.get(uuid, was)
        for name in Customer.paths:
            changed = (getattr(was, name) or None) != (getattr(now, name) or None)
            if changed and name not in told.get(uuid, ()):
                yield f"{worker.name} changed {name} of {uuid}, and its list lacks it"


def _left_out(world: World) -> set[tuple[str, Any]]:
    """The rows of which the plan says that it leaves an edited value out, though their mapping rejects them."""
    folder = _report(world, world.foretold[0])
    lines = _lines(folder, "changes.jsonl") if folder else []
    rejects = world.plan.overwrite == "reject_edited"
    return {
        (line["mapping"], _named(world, line))
        for line in lines
        if rejects and any(warning["code"] == "edited" for warning in line["warnings"])
    }


def _gone_unseen(world: World) -> set[tuple[str, Any]]:
    """The rows of which a dry run cannot know that their records are gone, as nobody looks, and their contacts.

    A contact of nobody, as one of a customer that was deleted may be, is none of theirs any more.
    """
    if world.plan.live_check != "never":
        return set()
    held = world.account.sandbox.world
    folder = _report(world, world.foretold[0])
    lines = _lines(folder, "changes.jsonl") if folder else []
    somebodys = {uuid for uuid, one in held.contacts.items() if one.customer_uuid is not None}
    there = held.customers.keys() | somebodys | {None}
    gone = [line for line in lines if line["uuid"] not in there and not line["before_known"]]
    keys = {line["key"] for line in gone}
    theirs = {
        ("contacts", person.key if world.plan.buckets else number)
        for number, person in enumerate(world.foretold[0].scene.rows.people, 1)
        if person.customer in keys
    }
    return {(line["mapping"], _named(world, line)) for line in gone} | theirs


def types_hold(world: World) -> Broken:
    """No attribute is written with another type than its contract's."""
    for effect in world.account.effects:
        if effect.method != "POST" or not isinstance(effect.body, dict):
            continue
        custom = effect.body.get("custom") or effect.body.get("attributes", {}).get("custom")
        for one in custom if isinstance(custom, list) else ():
            if effect.path.startswith("/v1/customers") and one["type"] != TYPES.get(one["key"]):
                yield f"{one['key']} was sent as {one['type']}"
    for key, kind in world.account.sandbox.world.types.items():
        if TYPES[key] != kind:
            yield f"{key} is locked as {kind}"
    if not _looks_deceive(world):
        yield from _types_are_noted(world)


def _types_are_noted(world: World) -> Broken:
    """What the state holds of values that were sent, it knows the types of, even after a crash."""
    with closing(sqlite3.connect(world.folder / "state.db")) as db:
        noted = {key for (key,) in db.execute("select key from sync_attribute_types")}
    for _, _, row in _good(world, world.last[0].scene.rows):
        held = _customer(world, row, world.held) if isinstance(row, Account) else ""
        if isinstance(held, str):
            continue
        wanted = {name: row.fields[name] for name in TYPES if row.fields.get(name) is not None}
        there = {name for name, value in wanted.items() if _same(name, value, held.get(name))}
        if there - noted:
            yield f"the types of {sorted(there - noted)} are in use, and nobody noted them"


def nothing_leaks(world: World) -> Broken:
    """No key and no personal value stands in logs or in the state."""
    for worker in _workers(world):
        said = worker.log.getvalue() + repr(worker.error) + repr(worker.setting.settings)
        for secret in _SECRETS:
            if secret in said:
                at = said.index(secret)
                yield f"{worker.name} logged {said[max(at - 80, 0) : at + 40]!r}"
    for file in [*world.folder.glob("*.db*")]:
        data = file.read_bytes()
        for secret in _SECRETS:
            if secret.encode() in data:
                yield f"{secret!r} stands in {file.name}"


def answers_are_told(world: World) -> Broken:
    """A record that was made, or lost a tag, is in its process' report, if that was answered: whatever ended the run.

    Not of who was asked to end: what is under way then may be cut off.
    """
    for worker in _workers(world):
        folder = _report(world, worker)
        if folder is None or worker.asked_to_end is not None or world.plan.merging:
            continue
        told = {line["uuid"] for line in _lines(folder, "changes.jsonl")}
        for account in filter(None, (world.account, world.other)):
            mine = [one for one in account.answered if one.caller == worker.name]
            made = {one.answer["uuid"] for one in mine if one.created}
            took = {uuid for who, uuid, *_ in account.untagged if who == worker.name}
            # What was carried out, lost its answer, and was refused when it was asked for again, nobody knows of.
            off = (one for one in mine if one.method == "DELETE" and one.status < 300)
            took &= {one.path.split("/")[3] for one in off}
            for uuid in sorted((made | took) - told):
                yield f"{worker.name} has changed {uuid}, as was answered, and says nothing of it"


def reports_are_whole(world: World) -> Broken:
    """A report is there as a whole, and of a process that ended by itself; or it is not there."""
    ended = {worker.run.id: worker for worker in _workers(world) if worker.run}
    folder = world.folder / "reports"
    found = {one.name for one in folder.glob("[!.]*")}
    for name in found - {"latest"}:
        worker = ended.get(name)
        if worker is not None:
            summary = folder / name / "summary.json"
            if not summary.exists():
                yield f"the report of {worker.name} has no summary"
            elif json.loads(summary.read_text())["exit_code"] != worker.exit_code:
                yield f"{worker.name} ended with {worker.exit_code}, its summary says otherwise"
            continue
        for part in ("summary.json", "errors.jsonl", "errors.csv", "changes.jsonl", "left.jsonl"):
            if not (folder / name / part).exists():
                yield f"the report of a process that was killed lacks {part}"
    for run_id, worker in ended.items():
        if run_id not in found and not worker.full_disk:
            yield f"{worker.name} ended with {worker.exit_code}, without a report"


def exit_codes_tell(world: World) -> Broken:
    """The exit code tells what happened."""
    for worker in _workers(world):
        if worker.run is None:
            continue
        code = worker.run.exit_code
        statuses = {mapping.status for mapping in worker.run.mappings}
        rejected = sum(mapping.rows.rejected for mapping in worker.run.mappings)
        open_ = sum(mapping.rows.unprocessed for mapping in worker.run.mappings)
        told = f"{worker.name}: exit {code}, {rejected} rejected, {open_} open, {statuses}"
        if code == 0 and (rejected or open_ or statuses != {Status.SUCCEEDED}):
            yield f"not all is well; {told}"
        moved = any(mapping.conflicts for mapping in worker.run.mappings)
        if worker.scene.kind == "audit":
            moved = any(one.rows.created or one.rows.updated for one in worker.run.mappings)
        if (code == EXIT_REJECTED and not (rejected or moved)) or (code == EXIT_REJECTED and open_):
            yield f"not only rows were rejected; {told}"
        if code == EXIT_TERMINATED and (worker.asked_to_end is None or not _interrupted(statuses)):
            yield f"nobody interrupted it; {told}"
        # It could not renew its lease.
        its_own = worker.stopped or worker.barred or worker.skew.jumps is not None
        if code == EXIT_LOCKED and not its_own and _alone(world, worker):
            yield f"nobody else was at work; {told}"


def _interrupted(statuses: abc.Set[Status | None]) -> bool:
    return Status.INTERRUPTED in statuses


def _alone(world: World, worker: Worker) -> bool:
    """Whether nobody who takes the same lease was alive, or had died and left one that lasts for a while."""
    others = [one for one in _workers(world) if one is not worker and _is_rival(one, worker)]
    for other in others:
        if other.began <= worker.ended and other.ended + _LEASE >= worker.began:
            return False
    earlier = (one for one in others if one.ended < worker.began)
    for before in sorted(earlier, key=lambda one: one.ended, reverse=True):
        ahead = not world.plan.server_clock and _lies_ahead(before, worker)
        if (before.dead or before.barred) and ahead:  # it could not give its lease back
            return False
        # What an undo puts back may be of some mappings only: it comes to no lease of others.
        all_of_them = before.undoes is None and _came_to_the_lease(before)
        if all_of_them and not (ahead and Status.LOCKED in _statuses(before)):
            return True  # it had the lease itself, or has set right what was in its way
    return True


def _is_rival(other: Worker, worker: Worker) -> bool:
    """Whether a process takes the lease of the same records, in the same state."""
    same = other.place == worker.place and other.shelf is worker.shelf
    return same and not other.scene.looks


def _came_to_the_lease(worker: Worker) -> bool:
    """Whether a process surely came as far as to take its lease, or to meet another one's."""
    wrote = any(start.method != "GET" for start in worker.starts)
    done = {Status.LOCKED, Status.SUCCEEDED, Status.COMPLETED_WITH_ERRORS}
    return wrote or bool(_statuses(worker) & done)


def _statuses(worker: Worker) -> set[Status | None]:
    return {mapping.status for mapping in worker.run.mappings} if worker.run else set()


def _lies_ahead(before: Worker, worker: Worker) -> bool:
    """Whether what a process left lies in the future by the clock of a later one, which then sets it right."""
    renewed = (before.skew.at(at - before.opened) for at in (before.began, before.ended))
    ended = before.ended + max(renewed)
    began = worker.began + worker.skew.at(worker.began - worker.opened)
    return ended + _LEASE >= began


def asked_to_end(world: World) -> Broken:
    """SIGTERM ends a process within ten seconds."""
    for worker in _workers(world):
        if worker.asked_to_end is not None and not worker.dead:
            took = worker.ended - worker.asked_to_end - worker.stopped
            if took > 10:
                yield f"{worker.name} took {took:.1f} seconds to end"


def one_at_a_time(world: World) -> Broken:
    """Two processes never write the same records at once."""
    for played in world.played:
        if len(played.workers) < 2:
            continue
        spans = []
        for worker in played.workers:
            wrote = [s.at for s in worker.starts if s.method != "GET"]
            if wrote and worker.place == (0, 0):
                spans.append((min(wrote), max(wrote), worker.name))
        spans.sort()
        for (_, end, first), (start, _, second) in pairwise(spans):
            if start < end:
                yield f"{first} and {second} wrote at the same time"


def a_bad_key_ends_it(world: World) -> Broken:
    """Once the key is refused, nothing but what was under way goes on."""
    for worker in _workers(world):
        if worker.denied is not None:
            after = [start for start in worker.starts if start.at > worker.denied]
            if after:
                yield f"{worker.name} went on with {len(after)} requests after its key was refused"


PROMISES: tuple[abc.Callable[[World], Broken], ...] = (
    ends,
    counts,
    no_duplicates,
    waits_hold,
    delivered,
    settled,
    others_are_left_alone,
    no_false_alarm,
    edits_survive,
    tags_of_others_stay,
    tags_go,
    both_mappings_tag,
    known_by_uuid,
    phones_arrive,
    nobody_edited,
    strangers_end_nothing,
    lists_end,
    dry_runs_write_nothing,
    within_the_limits,
    within_the_limits_together,
    made_again,
    tried_again,
    plans_hold,
    put_back,
    stays_undone,
    undone_for_good,
    retries_ask_again,
    canaries_sing,
    audits_are_true,
    explanations_are_true,
    as_foretold,
    all_is_told,
    types_hold,
    nothing_leaks,
    answers_are_told,
    reports_are_whole,
    exit_codes_tell,
    asked_to_end,
    one_at_a_time,
    a_bad_key_ends_it,
)


def judge(world: World) -> dict[str, list[str]]:
    """What is broken, by the name of the promise."""
    found = {promise.__name__: list(promise(world)) for promise in PROMISES}
    return {name: broken for name, broken in found.items() if broken}
