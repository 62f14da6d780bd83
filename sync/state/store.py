"""The state: what was observed of ChartMogul, never pending work.

One module because it is one list: each method is a transaction, and what it does stands in the module it names.
"""

from array import array
from collections import Counter, abc
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from sync.domain import objects
from sync.domain.background import Past
from sync.domain.buckets import Reading
from sync.domain.fingerprint import join
from sync.domain.health import MostRejected
from sync.domain.parent import Parent
from sync.domain.record import AttributeType, Object
from sync.domain.results import Left, MappingRun, Run, Status
from sync.domain.row_hash import KnownRows, RowHash
from sync.domain.tags import OwnTags
from sync.state import (
    absent,
    accounts,
    bucket_members,
    buckets,
    drops,
    forgetting,
    health,
    identities,
    in_doubt,
    opening,
    outcomes,
    own_tags,
    own_values,
    records,
    rejected,
    renaming,
    row_hashes,
    runs,
    told,
    undone,
)
from sync.state.absent import Moved
from sync.state.bucket_members import Members
from sync.state.buckets import Settling, Stored
from sync.state.engine import Database
from sync.state.forgetting import Forgotten
from sync.state.held_leases import HeldLeases
from sync.state.history import AHEAD, COMPLETE, Exists, History, Whose
from sync.state.keys import Keys
from sync.state.mapping_entries import MappingPlace
from sync.state.memory import (
    Asked,
    Confirmed,
    Doubt,
    Item,
    KnownDrops,
    LastRun,
    LockedType,
    Memory,
    OwnNote,
    Scope,
)
from sync.state.moments import Clock, StateClock, since_boot
from sync.state.told import Place, Told
from sync.state.undone import PutBackRow, Undoing
from sync.state.upgrade import UPGRADES, Upgrade
from sync.state.upsert import chunks


@dataclass(slots=True)
class Store:
    """One state. Threads may share it and take turns; every method is one transaction or several.

    Keys are given and answered as they are; where they contain an e-mail the state holds a hash
    (`stored`), and answers that list keys nobody asked for hold that hash too.
    Every method raises StateError with the database's own message.
    """

    database: Database
    salt: bytes = field(repr=False)
    writable: bool
    clock: StateClock
    leases: HeldLeases = field(init=False)
    _keys: Keys = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._keys = Keys(self.salt)
        self.leases = HeldLeases(self.database, self.clock)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        clock: Clock | None = None,
        monotonic: abc.Callable[[], float] = since_boot,
        boot: str | None = None,
        create: bool = True,
        upgrades: abc.Sequence[Upgrade] = UPGRADES,
    ) -> "Store":
        """The state at an SQLAlchemy URL; upgraded if it is older, made if `create` and it is new.

        `clock`, `monotonic` and `boot` take the place of the state's clock, and of this machine's.

        Raises:
            ConfigError: the URL is wrong or its driver is missing.
            StateError: it cannot be opened, is not there, or is newer than this program.
        """
        database, salt = opening.to_write(url, upgrades, create=create)
        return cls(database, salt, True, StateClock.of(database, clock, monotonic, boot))

    @classmethod
    def open_read_only(
        cls,
        url: str,
        *,
        clock: Clock | None = None,
        monotonic: abc.Callable[[], float] = since_boot,
        boot: str | None = None,
        upgrades: abc.Sequence[Upgrade] = UPGRADES,
    ) -> "Store":
        """The state as it is, for looking only: nothing is made, upgraded or changed there.

        Where there is none it is empty. Errors as in `open`.
        """
        database, salt, moment = opening.to_read(url, upgrades)
        return cls(database, salt, False, StateClock.of(database, clock, monotonic, boot, moment))

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def now(self) -> datetime:
        """This moment by the clock that all who share the state agree on."""
        return self.clock.now()

    def stored(self, key: str) -> str:
        """A key as the state holds it."""
        return self._keys.stored(key)

    # Accounts, scopes, attribute types

    def account_of(self, data_source: str) -> str | None:
        """The account that a data source was last seen in."""
        return self.database.read(lambda c: accounts.of(c, data_source))

    def remember_account(
        self,
        data_source: str,
        account: str,
        name: str,
        before: str | None = None,
        key: str | None = None,
    ) -> None:
        """Note the account of a data source, and of an API key.

        `before` is how it was called while it had shown no id.
        """

        def work(connection: Connection) -> None:
            if before is not None:
                accounts.rename(connection, data_source, before, account)
            accounts.remember(connection, data_source, account, name)
            if key is not None:
                accounts.remember(connection, self._key_name(key), account, name)

        self.database.write(work)

    def account_of_key(self) -> abc.Callable[[str], str | None]:
        """What tells the account that an API key was last seen to be of, also once the state is closed."""
        known = self.database.read(accounts.of_keys)
        return lambda key: known.get(self._key_name(key))

    def _key_name(self, key: str) -> str:
        return f"{accounts.KEY}{self._keys.number(key.strip()):x}"

    def scope(self, account: str, data_source: str, object: Object) -> Scope:
        """Where keys are unique; made where it is new and the state may be written."""
        if self.writable:
            return self.database.write(
                lambda c: accounts.make_scope(c, account, data_source, object)
            )
        return self.database.read(lambda c: accounts.find_scope(c, account, data_source, object))

    def types(self, account: str, object: Object) -> dict[str, AttributeType]:
        """The attribute types in use."""
        return {locked.key: locked.type for locked in self.locked_types(account, object)}

    def locked_types(self, account: str, object: Object) -> list[LockedType]:
        """The attribute types in use, with where they came from."""
        return self.database.read(lambda c: accounts.types(c, account, object))

    def lock_types(
        self,
        account: str,
        object: Object,
        types: abc.Mapping[str, AttributeType],
        mapping: str,
        run_id: str,
    ) -> None:
        """Note types that ChartMogul has fixed; a type that is noted already stays."""
        self.database.write(
            lambda c: accounts.lock_types(c, account, object, types, (mapping, run_id))
        )

    # Records

    def count(self, scope: Scope) -> int:
        """How many records of a scope have a uuid."""
        return self.database.read(lambda c: identities.count(c, scope))

    def recall(self, scope: Scope, mapping: str, keys: abc.Iterable[str]) -> dict[str, Memory]:
        """What is known of these keys; unknown ones are missing in the answer."""
        wanted, now = list(keys), self.now()
        return self.database.read(
            lambda c: records.recall(c, self._keys, scope, mapping, wanted, now)
        )

    def by_uuid(self, scope: Scope, uuids: abc.Iterable[str]) -> dict[str, list[str]]:
        """The stored keys that lead to each of these uuids."""
        wanted = list(uuids)
        return self.database.read(lambda c: identities.by_uuid(c, scope, wanted))

    def remember(
        self,
        scope: Scope,
        mapping: str,
        run_id: str,
        items: abc.Sequence[Item],
        *,
        local: bool = False,
    ) -> None:
        """Write down what became of rows, all or nothing; what is confirmed is in doubt no longer.

        `local`: the state alone tells, nobody asked ChartMogul.
        """

        def work(connection: Connection) -> None:
            now = self.clock.moment(connection)
            delivery = records.WriteHeading(scope, mapping, run_id, now, local)
            records.remember(connection, self._keys, delivery, items)
            if not objects.of(scope.object).unique_keys:
                confirmed = [item.key for item in items if isinstance(item, Confirmed)]
                in_doubt.resolve(connection, self._keys, scope, confirmed)

        self.database.write(work)

    def outcomes(
        self, scope: Scope, mapping: str, since: datetime | None
    ) -> abc.Iterator[outcomes.Met]:
        """What last became of the records that a mapping has met, of those whose outcome is not older than `since`."""
        after = 0
        while page := self.database.read(
            partial(outcomes.page, scope=scope, mapping=mapping, since=since, after=after)
        ):
            yield from page
            after = page[-1].record

    def own_values(self, mapping: str, numbers: abc.Sequence[int]) -> dict[int, OwnNote]:
        """Further own values of a mapping in these records, by number, where there are any."""
        return self.database.read(lambda c: own_values.recall(c, mapping, numbers))

    def tags_of_others(
        self,
        scope: Scope,
        mapping: str,
        numbers: abc.Sequence[int],
        to_come: own_tags.NotesToCome = own_tags.NONE_TO_COME,
        around: abc.Collection[str] = (),
    ) -> dict[int, OwnTags]:
        """What other mappings set, and have added, of the tags of these records, by number.

        What is `to_come` counts in place of what is noted; of mappings `around` nothing that is noted of all rows does.
        """
        place = MappingPlace(scope, mapping)
        return self.database.read(lambda c: own_tags.of_others(c, place, numbers, to_come, around))

    def note_constant_tags(self, scope: Scope, mapping: str, marks: bytes | None) -> None:
        """Note the tags of every row of a mapping, so that no other mapping removes them; None: it has none."""
        place = MappingPlace(scope, mapping)
        if self.database.read(lambda c: own_tags.constants(c, place)) != marks:
            self.database.write(lambda c: own_tags.note_constants(c, place, marks))

    def ask(self, scope: Scope, mapping: str, asked: abc.Mapping[str, Asked]) -> None:
        """Note, before it is sent, what is asked for of the records with these keys."""

        def work(connection: Connection) -> None:
            stored = {self.stored(key): what for key, what in asked.items()}
            numbers = identities.number(connection, scope, stored)
            hashes = {numbers[key]: join(what.hashes) for key, what in stored.items()}
            own_values.ask(connection, mapping, hashes)

        self.database.write(work)

    def announce(self, scope: Scope, mapping: str, sent: abc.Mapping[int, bytes]) -> None:
        """Note, before it is done, that these records (by number) are about to be written, with these fingerprints.

        LockedError where the lease was lost meanwhile.
        """

        self._write_held(scope, lambda c: records.announce(c, mapping, sent))

    def _write_held(self, scope: Scope, work: abc.Callable[[Connection], None]) -> None:
        """A transaction of whoever still holds the lease of a scope; LockedError, and no effect, where it is lost."""

        def guarded(connection: Connection) -> None:
            self.leases.guard(connection, scope)
            work(connection)

        self.database.write(guarded)

    def learn(self, scope: Scope, key: str, was: str, now: Parent | None) -> None:
        """What a look-up showed of a key whose uuid was another one; None: it was deleted in ChartMogul."""

        def work(connection: Connection) -> None:
            at = self.clock.moment(connection)
            identities.learn(connection, scope, at, self.stored(key), was, now)

        self.database.write(work)

    def adopt(self, scope: Scope, former: abc.Mapping[str, str]) -> None:
        """Records get other keys, each by the one before; what is known of them stays, and is looked at once."""
        names = {self.stored(key): self.stored(was) for key, was in former.items()}
        self.database.write(lambda c: identities.adopt(c, scope, names))

    def has_renamed(self, scope: Scope) -> bool:
        """Whether ChartMogul has any record of a scope under another key than the state."""
        return self.database.read(lambda c: identities.has_renamed(c, scope))

    def is_grave(self, scope: Scope, key: str) -> bool | None:
        """Whether a mapping leaves a record as it is, deleted in ChartMogul; None: nobody knows that it is."""
        return self.database.read(lambda c: identities.is_grave(c, scope, self.stored(key)))

    def forget(self, scope: Scope, key: str) -> None:
        """The uuid of a key is no more (404); neither is what any mapping sent to it."""
        self.database.write(lambda c: identities.forget(c, scope, self.stored(key)))

    def known_rows(self, mapping: str, dropping: abc.Collection[str] = ()) -> KnownRows:
        """The rows that a mapping need not build again; those with drops of these fields are built."""
        return self.database.read(lambda c: row_hashes.load(c, mapping, dropping))

    def known_drops(self, scope: Scope, mapping: str) -> KnownDrops:
        """What ChartMogul is known to drop of a mapping's records, and what of it is tried again."""
        now = self.now()
        if self.writable and self.database.read(lambda c: drops.is_ahead(c, mapping, now)):
            self.database.write(lambda c: drops.end_waits(c, mapping, now))
        return self.database.read(lambda c: drops.known(c, scope, mapping, now))

    def name_drops(self, mapping: str, told: abc.Mapping[int, abc.Collection[str]]) -> None:
        """Note the fields of drops, by record, that an older version noted without them."""
        now = self.now()
        self.database.write(lambda c: drops.name(c, mapping, now, told))

    def keep_row_hashes(self, mapping: str, hashes: abc.Sequence[RowHash]) -> None:
        """Let rows with these hashes be known from now on."""
        self.database.write(lambda c: row_hashes.keep(c, mapping, hashes))

    def moved(
        self, mapping: str, run_id: str, seen: absent.Seen, known: abc.Sequence[int] = ()
    ) -> Moved:
        """Records that a mapping met before and that are not `seen` now, nor marked yet; and those that are back."""
        return self.database.read(lambda c: absent.moved(c, mapping, run_id, seen, known))

    def left(self, scope: Scope, moved: Moved) -> abc.Iterator[list[Left]]:
        """The keys that have left, in batches."""
        for numbers in chunks(moved.left):
            if left := self.database.read(partial(absent.chosen, scope=scope, numbers=numbers)):
                yield left

    def count_left(self, scope: Scope, mapping: str) -> int:
        """How many records a mapping has marked as left."""
        return self.database.read(lambda c: absent.marked(c, scope, mapping))

    def mark_left(self, scope: Scope, mapping: str, moved: Moved) -> None:
        """Mark what has left, so that it is reported once, and unmark what is back."""
        if moved.left or moved.back:
            self.database.write(lambda c: absent.mark(c, scope, mapping, moved))

    # The warehouse's fingerprints

    def stored_buckets(self, place: MappingPlace) -> Stored:
        """What is kept of a mapping's buckets."""
        return self.database.read(lambda c: buckets.recall(c, place))

    def begin_buckets(self, place: MappingPlace) -> None:
        """All is about to be read: what is kept of a mapping's buckets says nothing from now on."""
        self.database.write(lambda c: buckets.begin(c, place))

    def open_buckets(self, place: MappingPlace, numbers: abc.Collection[int]) -> None:
        """These buckets are about to be read: until that has come to its end they are not settled."""
        self.database.write(lambda c: buckets.open_(c, place, numbers))

    def keep_buckets(
        self,
        place: MappingPlace,
        readings: abc.Mapping[int, Reading],
        under: tuple[bytes, bytes] | None = None,
    ) -> None:
        """Keep what was read of buckets, none of them settled yet; `under`: salt and edition, where all were read."""
        self.database.write(lambda c: buckets.keep(c, place, readings, under))

    def settle_buckets(self, place: MappingPlace, settling: Settling) -> int:
        """Close those of these buckets of which every record is as it should be; how many they are."""
        return self.database.write(lambda c: buckets.settle(c, place, settling))

    def members(
        self,
        place: MappingPlace,
        numbers: abc.Collection[int],
        dropping: abc.Collection[str] = (),
    ) -> Members:
        """The records of these buckets, and those that are in none."""
        return self.database.read(lambda c: bucket_members.members(c, place, numbers, dropping))

    def bucket_places(self, place: MappingPlace) -> "array[int]":
        """The bucket of each record, and 1 more, by its number; 0: none is known."""
        return self.database.read(lambda c: bucket_members.places(c, place))

    def place_records(self, mapping: str, places: abc.Sequence[tuple[int, int]]) -> None:
        """Note into which buckets the keys of these records, by number, fall."""
        self.database.write(lambda c: bucket_members.place_records(c, mapping, places))

    def buckets_of_drops(self, place: MappingPlace, fields: abc.Collection[str]) -> set[int | None]:
        """The buckets of records of which a value of these fields was dropped; None where one is in none."""
        return self.database.read(lambda c: bucket_members.dropping(c, place, fields))

    def buckets_of_uuids(self, place: MappingPlace, uuids: abc.Collection[str]) -> set[int]:
        """The buckets of all records that are remembered by one of these uuids."""
        return self.database.read(lambda c: bucket_members.siblings(c, place, uuids))

    # Rows that were put back

    def undone(self, scope: Scope, mapping: str) -> dict[int, bytes]:
        """The records of a mapping that were put back, each with what stands for the record that was undone."""
        return self.database.read(lambda c: undone.marks(c, mapping, scope))

    def put_back(self, undoing: Undoing, rows: abc.Iterable[PutBackRow]) -> int:
        """Note that records are as they were before a run; of how many nobody knows what it had sent."""
        back = list(rows)
        return self.database.write(lambda c: undone.note(c, self._keys, undoing, back))

    # Creates in doubt

    def mark_sent(self, scope: Scope, keys: abc.Iterable[str], at: datetime) -> None:
        """Note, before they are sent, that these creates are sent; LockedError where the lease was lost meanwhile."""
        sent, here = list(keys), self.clock.here()
        self._write_held(scope, lambda c: in_doubt.mark_sent(c, self._keys, scope, sent, at, here))

    def doubts(self, scope: Scope, keys: abc.Iterable[str]) -> dict[str, Doubt]:
        """Those of these keys whose create is in doubt; a state that may be written notes that it met them here."""
        wanted, here = list(keys), self.clock.here()
        found = self.database.read(lambda c: in_doubt.recall(c, self._keys, scope, wanted, here))
        met = {key: found.doubts[key] for key in found.unmet}
        if met and self.writable:
            self.database.write(lambda c: in_doubt.meet(c, self._keys, scope, met, here))
        return found.doubts

    def mark_lost(self, scope: Scope, keys: abc.Iterable[str]) -> None:
        """Note that the answers of these creates are lost for good."""
        lost = list(keys)
        self.database.write(lambda c: in_doubt.mark_lost(c, self._keys, scope, lost))

    def resolve(self, scope: Scope, keys: abc.Iterable[str]) -> None:
        """These creates are in doubt no longer."""
        resolved = list(keys)
        self.database.write(lambda c: in_doubt.resolve(c, self._keys, scope, resolved))

    # Runs

    def begin_run(self, run: Run) -> None:
        """Enter a run that starts."""
        self.database.write(lambda c: runs.write(c, run))

    def finish_run(self, run: Run) -> None:
        """Enter how a run ended."""
        self.database.write(lambda c: runs.finish(c, run))

    def runs(self, limit: int = 20, upto: datetime | None = None) -> list[Run]:
        """The latest runs, the newest first; the texts of their errors are in reports only.

        With `upto` none that began later, by a clock that was ahead.
        """
        return self.database.read(lambda c: runs.latest(c, limit, upto))

    def run(self, name: str) -> Run | None:
        """The run of this id, or the only one whose id begins so; ConfigError where several do."""
        return self.database.read(lambda c: runs.find(c, name))

    def query_hash(self, query: str) -> int:
        """What stands for a query, or a table, in the entries of runs."""
        return self._keys.number(query)

    def last_complete(self, whose: Whose, exists: Exists) -> LastRun | None:
        """The latest run of a mapping that came to its end.

        A run that ended in the future counts only where there is no other.
        """
        for upto in (self.now(), None):
            last = self._history(COMPLETE, upto).of(whose, exists)
            if last is not None:
                return last
        return None

    def former_name(
        self, scope: Scope, whose: Whose, exists: Exists, there: abc.Collection[str]
    ) -> str | None:
        """The name that a mapping had before it was renamed, perhaps: one that knows records here, while it knows none.

        None: there is no such name. What is called by a name that is `there` is another mapping.
        """
        if not self.database.read(lambda c: renaming.may_be(c, scope, whose)):
            return None
        if self.database.read(lambda c: renaming.knows(c, scope, whose.mapping)):
            return None
        was = self._history(Status, None).former(whose, exists, {whose.mapping, *there})
        known = was and self.database.read(lambda c: renaming.knows(c, scope, was))
        return was if known else None

    def history(self, statuses: abc.Iterable[Status]) -> History:
        """Each mapping's latest finished run with one of these statuses in which all rows counted.

        A run that ended in the future is none.
        """
        return self._history(statuses, self.now())

    def _history(self, statuses: abc.Iterable[Status], upto: datetime | None) -> History:
        wanted = list(statuses)
        return History(self.database.read(lambda c: runs.last(c, wanted, upto)))

    def last_whole(self, whose: Whose, exists: Exists) -> datetime | None:
        """When the latest run of a mapping started that came to its end and in which all rows counted."""
        last = self.history(COMPLETE).of(whose, exists)
        return last.started_at if last else None

    def deleted_since(self, scope: Scope, since: datetime | None) -> dict[str, datetime]:
        """The records that were found to be deleted in ChartMogul after this moment, and when; None: ever.

        By their stored keys. Clocks that agree may differ by a minute: who was found in the minute before it counts,
        too.
        """
        after = None if since is None else since - AHEAD
        return self.database.read(lambda c: identities.deleted_since(c, scope, after))

    def healthy_since(self, most: MostRejected) -> dict[health.Place, datetime]:
        """Since when a mapping's runs have not rejected more than that; missing where its latest one has.

        A run that ended in the future says nothing.
        """
        upto = self.now()
        return self.database.read(lambda c: health.since(c, most, upto))

    def past(self, whose: Whose, exists: Exists) -> Past:
        """What the last whole run of a mapping rejected and wrote."""
        last = self.history(COMPLETE).of(whose, exists)
        if last is None:
            return Past()
        if last.without_key is not None:
            return Past(last.finished_at, Counter(last.without_key), written=last.written)
        count = self.database.read(
            lambda c: health.without_record(c, last.run, last.mapping, last.rejected)
        )
        return Past(last.finished_at, of_any_code=count, written=last.written)

    def fail_run(self, run: Run) -> None:
        """Enter a run that failed before its first row; its parts that have not ended have failed with it."""
        for part in run.mappings:
            part.status = part.status or Status.FAILED
        run.status, run.finished_at = run.status or Status.FAILED, run.finished_at or self.now()
        self.finish_run(run)

    def rejected_keys(self, run_id: str) -> dict[str, frozenset[str]]:
        """The stored keys that a run rejected, by mapping; known for the latest 50 runs."""
        return self.database.read(lambda c: runs.rejected(c, run_id))

    def rejected_now(self) -> dict[tuple[str, str], frozenset[str]]:
        """The stored keys that are rejected now, by mapping and account; what has left the query is not."""
        return self.database.read(rejected.now)

    def last_rejecting_run(self) -> str | None:
        """The id of the latest run that rejected a row with a key."""
        return self.database.read(runs.last_rejecting)

    def last_success(self, part: MappingRun) -> datetime | None:
        """When the mapping of a run last came to its end."""
        whose = Whose(part.mapping, part.data_source or None, part.account)
        last = self.history(COMPLETE).of(whose, lambda _: True)
        return None if last is None else last.finished_at

    # What was told of mappings

    def target(self, url: str) -> str:
        """What stands for a URL among what was told."""
        return f"{self._keys.number(url):x}"

    def told(self, place: Place) -> list[Told]:
        """The messages about a mapping that still hold."""
        return self.database.read(lambda c: told.recall(c, place))

    def note_told(self, place: Place, target: str, now: abc.Sequence[Told]) -> None:
        """Note what holds from now on of what was told of a mapping to one target."""
        self.database.write(lambda c: told.note(c, place, target, now))

    # What somebody wants to be forgotten

    def mappings(self) -> list[str]:
        """The names of all mappings that the state has anything of."""
        return self.database.read(forgetting.known)

    def places(self, mapping: str) -> list[Scope]:
        """The scopes in which a mapping has met records, or has run."""
        return self.database.read(lambda c: forgetting.places(c, mapping))

    def forget_mapping(self, mapping: str, scopes: abc.Sequence[Scope]) -> list[Forgotten]:
        """Let go of what a mapping alone has noted; never of uuids, nor of creates in doubt."""
        return self.database.write(
            lambda c: [forgetting.forget(c, mapping, scope) for scope in scopes]
        )

    def forget_type(self, scope: Scope, key: str) -> bool:
        """Let go of the type of an attribute in the account of a scope; whether there was one."""
        return self.database.write(
            lambda c: forgetting.forget_type(c, scope.account, scope.object, key)
        )

    def forget_undo(self, mapping: str, scopes: abc.Sequence[Scope], run: str) -> int:
        """Let go of the marks that an undo of this run left on a mapping's rows; how many there were."""
        return self.database.write(lambda c: forgetting.forget_undo(c, mapping, scopes, run))
