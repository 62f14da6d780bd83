"""The account and its data sources, held against recordings."""

import pytest

from sync.chartmogul import account
from sync.chartmogul.account import Account, DataSource
from sync.chartmogul.wire import Misread
from tests.unit.chartmogul.scene import recorded


def test_recorded_accounts_and_data_sources_are_read():
    """All generations, with and without an id, a currency or a system."""
    accounts = [account.read(r["body"]) for _, _, r in recorded("account-retrieve")]
    sources = [
        account.read_data_source(r["body"])
        for _, _, r in recorded("data-sources-create")
        if r["status"] == 201
    ]

    assert Account(None, "Example Test Company", "EUR") in accounts
    assert {source.system for source in sources} == {"Custom", "Import API", None}
    assert account.read_data_source({"uuid": "ds_1"}) == DataSource("ds_1", "", None)


@pytest.mark.parametrize("name", [{}, {"name": None}, {"name": ""}])
def test_an_account_without_a_name_goes_by_its_id(name):
    """One that has neither is none."""
    assert account.read({"id": "acc_1", **name}) == Account("acc_1", "acc_1", "")
    with pytest.raises(Misread):
        account.read({"currency": "EUR", **name})
