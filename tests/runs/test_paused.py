"""A process that is stopped for longer than its lease lasts, in whole runs: it sends nothing more."""

from sync.domain.results import Status
from sync.errors import EXIT_LOCKED
from tests.support.contacts import Town, counts

CUSTOMERS = """\
version: 1
source: {table: accounts}
destination: {object: customer}
fields: {external_id: id, company: company}
extra_columns: ignore
"""


def fill(town, company):
    """Forty accounts as they are from now on."""
    town.table("accounts", "id, company", *((f"c{n}", company) for n in range(40)))


def stop_at_third_write(town):
    """The process is stopped for two minutes when it sends its third write; all that it sends from now on."""
    answer, writes = town.sandbox.answer, []

    def stopped(method, path, *rest, **more):
        if method != "GET":
            writes.append(path)
            town.stopped += 120 * (len(writes) == 3)
        return answer(method, path, *rest, **more)

    town.sandbox.answer = stopped
    return writes


def test_stopped_between_deciding_and_sending(tmp_path):
    """Two dozen rows are decided by then: not one of them is sent, and the mapping ends as locked."""
    town = Town(tmp_path)
    town.write("customers", CUSTOMERS)
    fill(town, "Quince")
    assert counts(town.run(), "customers") == {"created": 40}
    fill(town, "Changed")
    writes = stop_at_third_write(town)
    run = town.run()

    assert len(writes) == 3
    assert (run.exit_code, run.mappings[0].status) == (EXIT_LOCKED, Status.LOCKED)
    assert run.mappings[0].rows.updated == 3
    del town.sandbox.answer
    fill(town, "Changed")
    assert counts(town.run(), "customers") == {"updated": 37, "unchanged": 3}
