"""The guard against another account's key: a mapping may say whose it has to be."""

from sync.chartmogul.client import Account
from sync.errors import ConfigError
from sync.mapping.environment import API_KEY
from sync.mapping.loader import LoadedMapping


def guard(loaded: LoadedMapping, account: Account) -> None:
    """Raise ConfigError where the key's account is not the one that `destination.account` names, by name or id."""
    wanted = loaded.mapping.destination.account
    if wanted is None or wanted.strip() in (account.name, account.id):
        return
    name = f"{account.name} ({account.id})" if account.id else account.name
    variable = loaded.variables_of("destination", "api_key") or API_KEY
    message = f"the key is one of the account {name}, and the mapping is for {wanted.strip()}"
    hint = f"put a key of that account into {variable}, or correct destination.account"
    raise ConfigError(loaded.problem_at(("destination", "account"), message, hint))
