"""Whose key it is, and which data source a mapping means: what is asked before anything else."""

from sync.chartmogul.client import Account, Client, DataSource
from sync.errors import ConfigError
from sync.mapping.loader import LoadedMapping


def guard(loaded: LoadedMapping, account: Account) -> None:
    """Raise ConfigError where the key's account is not the one that `destination.account` names, by name or id."""
    wanted = loaded.mapping.destination.account
    if wanted is None or wanted.strip() in (account.name, account.id):
        return
    name = f"{account.name} ({account.id})" if account.id else account.name
    variable = loaded.key_variable
    message = f"the key is one of the account {name}, and the mapping is for {wanted.strip()}"
    hint = f"put a key of that account into {variable}, or correct destination.account"
    raise ConfigError(loaded.problem_at(("destination", "account"), message, hint))


def without_id(account: Account, host: str) -> str:
    """What the state and reports call an account of this API host that shows no id."""
    return f"{host}|{account.name}"


def in_state(account: Account, nameless: str, noted: str | None) -> str | None:
    """What the state calls an account until a run has written down its id; None where it does not know it.

    `nameless` is what it is called without one, `noted` the account of its data source.
    """
    return noted if noted == nameless else account.id or noted


async def find_source(loaded: LoadedMapping, client: Client) -> DataSource:
    """The data source that a mapping means, by its uuid or its name.

    Raises:
        Denied: the account has none such.
    """
    destination = loaded.mapping.destination
    if destination.source_name is None:
        return await client.data_source(destination.uuid)
    return await client.find_data_source(destination.source_name)
