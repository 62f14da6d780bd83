"""The writer of a mapping: what the mapping, the run and the state say becomes what it is made of."""

import asyncio

import pytest

from sync.destination.contacts.contacts import Contacts
from sync.destination.customers import Customers
from sync.domain.events import MappingReporter
from sync.domain.policy import Mode, OnAbsent
from sync.domain.record import AttributeType, Object
from sync.domain.results import MappingRun, Outcome
from sync.domain.seen_rows import SeenRows
from sync.domain.typed import Origin, Typed
from sync.engine.limits import RunLimits
from sync.engine.read.findings import Findings
from sync.engine.spool import Spool
from sync.engine.write.assemble import WriterAssembly
from sync.errors import RailError
from sync.sandbox.sandbox import DATA_SOURCE
from sync.state.mapping_state import MappingState
from sync.state.memory import Confirmed
from tests.support.bench import EDITION
from tests.support.contacts import Square
from tests.support.delivering import HASHER, entry
from tests.support.tasks import CONTACTS, CUSTOMERS, OF_CONTACTS, OF_CUSTOMERS, Rig

SEATS = {"seats": Typed(AttributeType.INTEGER, Origin.DECLARED)}


@pytest.fixture
def square():
    """A ChartMogul without a network."""
    square = Square()
    yield square
    asyncio.run(square.http.aclose())


class Nobody:
    """No mapping comes before this one."""

    def creates(self, key):
        return False

    def met(self, key):
        return None

    def leaves(self, key):
        return False

    def leaves_deleted(self):
        return False

    def rejection(self, key):
        return None


class Shop:
    """Writers of one run, put together by hand."""

    def __init__(self, rig):
        self.rig = rig
        self.spool = Spool(rig.folder)
        self.run = MappingRun("m", "m.yml", Object.CUSTOMER, "upsert", DATA_SOURCE)

    def scope(self, kind=Object.CUSTOMER):
        """Where keys are unique."""
        return self.rig.store.scope("acc", DATA_SOURCE, kind)

    def remember(self, *keys, uuids=()):
        """The state as after a run that delivered these."""
        items = [
            Confirmed(key, uuid, 1, b"print", b"", b"", Outcome.CREATED)
            for key, uuid in zip(keys, uuids or map("u_{}".format, keys), strict=True)
        ]
        self.rig.store.remember(self.scope(), "m", "earlier", items)

    async def writer(self, kind=Object.CUSTOMER, types=None, limits=None, **mapping):
        """The writer of a mapping of this kind, after it was read."""
        customers = kind is Object.CUSTOMER
        columns, whole = (OF_CUSTOMERS, CUSTOMERS) if customers else (OF_CONTACTS, CONTACTS)
        loaded = self.rig.loaded("m", columns, **whole | mapping)
        context = self.rig.context
        state = MappingState(self.rig.store, self.scope(kind), "m", "run_1", context.dry_run)
        await state.open()
        self.run.object = kind
        assembly = WriterAssembly(
            loaded.mapping,
            self.rig.square.client,
            state,
            MappingReporter(self.run, self.rig),
            context,
            Findings(self.spool, SeenRows(), HASHER, EDITION, types or {}, limits or RunLimits()),
            Nobody(),
        )
        return await assembly.writer()


@pytest.fixture
def shop(tmp_path, square):
    """Makes runs over one state, and gives their files back."""
    shops: list[Shop] = []

    def make(**settings):
        shops.append(Shop(Rig(tmp_path, square, **settings)))
        return shops[-1]

    yield make
    for one in shops:
        one.spool.close()
        one.rig.close()


async def test_a_run(shop):
    """A run has a lease to write with, and a state to write down what became of rows."""
    one = shop()
    made = await one.writer()

    assert (made.deliver.lease, made.dry_run) == (one.rig.context.leases, False)
    assert made.recorder.state is not None
    assert made.lookups.pending.look_first is False
    assert (made.connections, made.stop, made.spool) == (4, one.rig.stop, one.spool)


async def test_a_dry_run(shop):
    """A dry run has neither, and looks before it tells anything."""
    made = await shop(dry_run=True).writer()

    assert (made.deliver.lease, made.recorder.state, made.dry_run) == (None, None, True)
    assert made.lookups.pending.look_first is True


async def test_policy(shop):
    """Records are decided about as the mapping says."""
    made = await shop().writer(mode="update", absent="skip")

    assert (made.deliver.policy.mode, made.deliver.policy.absent) == (Mode.UPDATE, OnAbsent.SKIP)


@pytest.mark.parametrize(
    ("kind", "expected"), [(Object.CUSTOMER, Customers), (Object.CONTACT, Contacts)]
)
async def test_destination(shop, kind, expected):
    """Look-ups and deliveries are of one destination, the object's own."""
    made = await shop().writer(kind)

    assert isinstance(made.deliver.destination, expected)
    assert made.deliver.destination is made.lookups.destination


async def test_types(shop):
    """Attributes are written with the types that the read phase has found."""
    made = await shop().writer(types=SEATS)

    assert made.deliver.destination.kinds == {"seats": AttributeType.INTEGER}
    assert made.recorder.types == SEATS


async def test_fields(shop):
    """Of contacts that listings show, what the mapping sends is kept."""
    made = await shop().writer(Object.CONTACT, SEATS)

    wanted = {"customer_external_id", "external_id", "email", "attributes.seats"}
    assert wanted == made.deliver.destination.index.wanted


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (RunLimits(), False),
        (RunLimits(max_creates=9), True),
        (RunLimits(max_updates=9), True),
        (RunLimits(max_rejected=9, allow_empty=True), False),
        (RunLimits(max_requests=9), True),
    ],
)
async def test_rails_look_first(shop, limits, expected):
    """Rails on creates and updates need all look-ups before the first write; the others do not."""
    made = await shop().writer(limits=limits)

    assert made.lookups.pending.look_first is expected
    assert made.recorder.limits is limits


@pytest.mark.parametrize(
    ("kind", "known", "expected"),
    [
        (Object.CUSTOMER, False, True),
        (Object.CUSTOMER, True, False),
        (Object.CONTACT, False, False),
    ],
)
async def test_types_look_first(shop, kind, known, expected):
    """So does a type that is about to be locked for good; once it is, or for contacts, nothing waits."""
    one = shop()
    if known:
        types = {key: typed.type for key, typed in SEATS.items()}
        one.rig.store.lock_types("acc", kind, types, "m", "earlier")
    made = await one.writer(kind, SEATS)

    assert made.lookups.pending.look_first is expected


@pytest.mark.parametrize(
    ("live_check", "full", "expected"),
    [("changed", False, False), ("never", False, True), ("never", True, False)],
)
async def test_trust(shop, live_check, full, expected):
    """`live_check: never` trusts the state, unless the run is a full one."""
    made = await shop(full=full).writer(live_check=live_check)

    assert made.lookups.pending.trust_state is expected


async def test_remembered(shop):
    """Look-ups are planned with what the state knows of the data source."""
    one = shop()
    one.remember("a", "b")

    assert (await one.writer()).lookups.pending.remembered == 2


async def test_budget(shop):
    """Requests of the write phase are counted with the mapping's, and held against its rail."""
    one = shop()
    one.run.requests.methods["GET"] = 2
    one.spool.add([entry("a", 1, company="A"), entry("b", 2, company="B")])
    made = await one.writer(limits=RunLimits(max_requests=4))
    with pytest.raises(RailError, match="max_requests"):
        await made.write()

    assert one.run.requests.methods == {"GET": 3}  # one more and two creates would be five


async def test_rows_of_one_customer(shop, square):
    """The rows of this query say which of two merged customers is sent."""
    one = shop()
    uuids = [await square.customer(key) for key in ("a", "b")]
    square.merge(uuids[1], uuids[0])
    one.remember("a", "b", uuids=uuids)
    one.spool.add([entry("a", 1, uuids[0], company="A"), entry("b", 2, uuids[1], company="B")])
    await (await one.writer()).write()

    told = {result.key: result for result in one.rig.results}
    assert told["a"].outcome is Outcome.UPDATED
    assert told["b"].problems[0].message.endswith("row 1, which is sent")
