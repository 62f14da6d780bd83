"""The people of the sample warehouse: a few for each account, some of them bad on purpose."""

import random
from collections import abc

Row = dict[str, object]
_FIRST = (
    "Ada", "Bruno", "Chiara", "Deniz", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jonas", "Kofi",
    "Lena", "Marek", "Nora", "Oskar", "Priya", "Quentin", "Rosa", "Sven", "Tuva",
)  # fmt: skip
_LAST = (
    "Adler", "Bianchi", "Costa", "Dahl", "Eriksen", "Fischer", "García", "Haddad", "Ivanova",
    "Jansen", "Kowalski", "Lindqvist", "Meyer", "Nguyen", "Okafor", "Petit", "Quist", "Rossi",
    "Şahin", "Tanaka",
)  # fmt: skip
_PLAIN = str.maketrans("íŞş", "iSs")
#: Title, and the role in our own product; nobody knows that of everybody.
_WORK = (
    ("Head of Finance", "billing"), ("CTO", "admin"), ("Founder", "owner"), ("Developer", "member"),
    ("Product Manager", "member"), ("Office Manager", "billing"), (None, None),
)  # fmt: skip
#: One in so many was referred by a partner.
_REFERRED = 60
_WITHOUT_ID = 25
_WITHOUT_EMAIL = 40


def people(accounts: abc.Sequence[Row], chance: random.Random) -> list[Row]:
    """About 800 people of these accounts, and a few rows as they stand in every warehouse."""
    rows: list[Row] = []
    for account in accounts:
        for _ in range(chance.choice((1, 2, 2, 3, 3, 5))):
            rows.append(_person(len(rows) + 1, account, chance))
    return rows + _mistakes(rows)


def _person(number: int, account: Row, chance: random.Random) -> Row:
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    host = str(account["billing_email"]).partition("@")[2]
    title, role = chance.choice(_WORK)
    email = f"{first}.{last}.{number}@{host}".translate(_PLAIN).lower()
    return {
        # Some came from a form and have no id of ours: they are known by their e-mail.
        "id": f"per_{number:04}" if number % _WITHOUT_ID else None,
        "account_id": account["id"],
        "first_name": first,
        "last_name": last,
        "email": email if number % _WITHOUT_EMAIL != 1 else None,
        "title": title,
        "phone": f"+49 30 {chance.randint(100_000, 999_999)}" if chance.random() < 0.4 else None,
        "role": role,
        "referred_by": f"Partner {chance.randint(1, 9)}" if number % _REFERRED == 0 else None,
        "_synced_at": account["_synced_at"],
    }


def _mistakes(good: list[Row]) -> list[Row]:
    """Each is rejected, with its reason, but for the last one, which repeats a row and is skipped."""
    sample = good[1] | {"first_name": "Quincy", "last_name": "Quince"}
    wrong: list[Row] = [
        {"id": "per_9001", "account_id": "acc_4711", "email": "quincy@nowhere.example"},
        {"id": "per_9002", "account_id": "acc_9001", "email": "quincy@quince.example"},
        {"id": "per_9003", "account_id": None, "email": "quincy@quince.example"},
        {"id": None, "email": None},
        {"id": "per_9004", "email": "quincy at quince"},
        {"id": "per_9005", "email": "one@quince.example"},
        {"id": "per_9005", "email": "two@quince.example"},
        {"id": None, "email": str(good[1]["email"]).upper()},
    ]
    return [sample | mistake for mistake in wrong] + [good[2]]
