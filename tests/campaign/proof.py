"""What must hold when the storm is over; every sentence that comes out of here is a broken promise."""

import json
from collections import Counter, abc
from pathlib import Path
from typing import Any

from tests.campaign.site import Ended, Site
from tests.campaign.warehouse import Account, Person

#: How a run may end that nobody killed: done, rows rejected, a server said no or nothing.
ENDS = (0, 1, 3)
_LISTS = {"errors.jsonl": "rejected", "left.jsonl": "left"}


def duplicates(site: Site) -> list[str]:
    """Customers and contacts that are there twice, or whose create was carried out twice."""
    found: Counter[str] = Counter()
    for customer in site.world().customers.values():
        found[f"customer {customer.main[1]}"] += 1
    for contact in site.world().contacts.values():
        found[f"contact {contact.customer_uuid} {contact.email.lower()}"] += 1
    created = Counter(_created(site))
    return [
        f"{what} is there {found[what]} times, its create was carried out {created[what]} times"
        for what in sorted(found | created)
        if max(found[what], created[what]) > 1
    ]


def _created(site: Site) -> abc.Iterator[str]:
    sandbox = site.place.sandbox.sandbox
    for call in sandbox.calls("POST", "/v1/customers"):
        if call.status < 300:
            yield f"customer {call.json['external_id']}"
    for call in sandbox.calls("POST", "/v1/contacts"):
        if call.status < 300:
            yield f"contact {call.json['customer_uuid']} {call.json['email'].lower()}"


def lost(site: Site) -> list[str]:
    """Rows of the warehouse that are not in the sandbox as they are."""
    world = site.world()
    customers = {one.main[1]: one for one in world.customers.values()}
    contacts = {_name(site, one): one for one in world.contacts.values()}
    pairs: list[tuple[Account | Person, Any]] = [
        (row, customers.get(row.id)) for row in site.warehouse.accounts.values()
    ]
    pairs += [(row, contacts.get(row.name)) for row in site.warehouse.people.values()]
    return [
        f"{type(row).__name__} {_wanted(row)} is {_held(row, there) if there else 'missing'}"
        for row, there in pairs
        if there is None or _held(row, there) != _wanted(row)
    ]


def _wanted(row: Account | Person) -> tuple[object, ...]:
    if isinstance(row, Account):
        plan, tags = row.plan, ("warehouse",)
        return row.id, row.company, row.country, row.email, plan, row.seats, tags
    return row.id, row.email, row.first_name, row.notes, row.role


def _held(row: Account | Person, there: Any) -> tuple[object, ...]:
    custom = there.custom
    if isinstance(row, Account):
        known = there.main[1], there.company, there.country, there.email
        return *known, custom.get("plan"), custom.get("seats"), there.tags
    return there.external_id, there.email, there.first_name, there.notes, custom.get("role")


def unrecorded(site: Site) -> list[str]:
    """Whether the state knows what there is now: every record, and the types that are locked."""
    world = site.world()
    ask = "select uuid from sync_records where uuid is not null"
    known = {uuid for (uuid,) in site.ask_state(ask)}
    there = world.customers.keys() | world.contacts.keys()
    # Of what left the warehouse before its create was confirmed nobody asks any more.
    wanted = {
        customer.uuid
        for customer in world.customers.values()
        if customer.main[1] in site.warehouse.accounts
    }
    wanted |= {
        one.uuid for one in world.contacts.values() if _name(site, one) in site.warehouse.people
    }
    wrong = [f"the state knows {uuid}, which is not there" for uuid in known - there]
    wrong += [f"the state does not know {uuid}" for uuid in wanted - known]
    ask = "select key, type from sync_attribute_types where object = 'customer'"
    types = dict(site.ask_state(ask))
    if types != world.types:
        wrong.append(f"the state knows the types {types}, locked are {world.types}")
    if leases := site.ask_state("select owner from sync_leases"):
        wrong.append(f"leases are held by runs that have ended: {leases}")
    return wrong


def _name(site: Site, contact: Any) -> str:
    customer = site.world().customers[contact.customer_uuid]
    return f"{customer.main[1]} {contact.email.lower()}"


def untrue(ended: Ended) -> list[str]:
    """Whether a run that came to its end says on every channel how that was."""
    if "Traceback" in ended.err or ended.code not in ENDS:
        return [f"a run ended with {ended.code}: {ended.err[-2000:]}"]
    told = json.loads(ended.out)
    rows = [mapping["rows"] for mapping in told["mappings"]]
    rejected = sum(one["rejected"] for one in rows)
    failed = [mapping for mapping in told["mappings"] if mapping["error"]]
    wrong = []
    if told["exit_code"] != ended.code or (ended.code == 3) != bool(failed):
        wrong.append(f"a run ended with {ended.code} and says {ended.out}")
    if ended.code < 3 and (ended.code == 1) != bool(rejected):
        wrong.append(f"a run ended with {ended.code} and {rejected} rejected rows")
    if ended.code == 3 and not ended.err.strip():
        wrong.append("a run ended with 3 and said nothing")
    return wrong


def torn(site: Site) -> list[str]:
    """Reports that are not whole, and files that nobody removes."""
    wrong = [problem for report in site.reports() for problem in _torn(report)]
    latest = site.place.folder / "reports" / "latest"
    if site.reports() and not (latest / "summary.json").is_file():
        wrong.append("reports/latest leads nowhere")
    wrong += [f"{file.name} is left behind" for file in site.place.folder.glob("spool-*")]
    return wrong


def _torn(report: Path) -> abc.Iterator[str]:
    try:
        summary = json.loads((report / "summary.json").read_text())
        lists = {name: _lines(report / name) for name in (*_LISTS, "changes.jsonl")}
    except (OSError, ValueError) as error:
        yield f"report {report.name}: {error}"
        return
    for mapping in summary["mappings"]:
        told, name = mapping["rows"] | {"left": mapping["left"]}, mapping["mapping"]
        counted = {
            what: len({line.get("row", line["key"]) for line in lists[file] if _of(line, name)})
            for file, what in _LISTS.items()
        }
        outcomes = Counter(line["outcome"] for line in lists["changes.jsonl"] if _of(line, name))
        counted |= {what: outcomes[what] for what in ("created", "updated")}
        wrong = {what: (told[what], n) for what, n in counted.items() if told[what] != n}
        if wrong:
            yield f"report {report.name}, {name}: told and listed are not the same: {wrong}"
        decided = ("created", "updated", "unchanged", "skipped", "rejected", "unprocessed")
        if told["read"] != sum(told[what] for what in decided):
            yield f"report {report.name}, {name}: the rows do not add up: {told}"


def _of(line: dict[str, Any], mapping: str) -> bool:
    return bool(line["mapping"] == mapping)


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]
