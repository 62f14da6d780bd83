"""The rows of a warehouse: accounts and people, some of them bad, some of them changed from run to run."""

import random
from collections import abc
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from zlib import crc32

#: Stands in every value that must not leave the warehouse but for ChartMogul and the reports.
PERSONAL = "personal"
PLANS = ("free", "team", "scale")
#: The tags that rows bring, and people use as well, in whatever spelling.
SEGMENTS = ("b2b", "EU", "eu", " vip ", "VIP", "trial")
#: Those of a second mapping.
TEAMS = ("eu", "vip", "north", "South")
#: What a new key of a record begins with; the rest is the key that it had before.
NEW = "new-"
#: How a warehouse says what ChartMogul is to hold: by field, value → word.
WORDS: dict[str, dict[Any, str]] = {
    "country": {"DE": "Germany", "US": "USA", "AT": "Austria"},
    "plan": {"team": "P2", "scale": "P3"},
    "seats": {0: "none"},
}


def former(key: str) -> str:
    """The key that a record had first."""
    return key.removeprefix(NEW)


@dataclass(frozen=True, slots=True)
class Account:
    """A row of the customers' query. `bad` names what is wrong with it."""

    id: str
    company: str
    email: str | None
    country: str | None
    plan: str | None
    seats: int | None
    partner: bool | None
    score: Decimal | None
    bad: str = ""
    state: str | None = None
    #: The key that it had before, where that was another one.
    was: str | None = None
    #: The warehouse has words for some of its values.
    worded: bool = False
    #: The tags that the row brings, with commas between them, and those that it brings to a second mapping.
    segments: str | None = None
    teams: str | None = None

    @property
    def values(self) -> tuple[Any, ...]:
        """As the query gives them."""
        country = "Atlantis" if self.bad == "country" else self._word("country", self.country)
        seats = "many" if self.bad == "seats" else self._word("seats", self.seats)
        key = None if self.bad == "null key" else self.id
        plan = self._word("plan", self.plan)
        values = (key, self.company, self.email, country, plan, seats, self.partner)
        return (*values, self.score, self.state, self.was, self.segments, self.teams)

    def _word(self, name: str, value: Any) -> Any:
        return WORDS[name].get(value, value) if self.worded else value

    @property
    def tags(self) -> set[str]:
        """The tags that ChartMogul is to hold, in one spelling."""
        return {"warehouse"} | _listed(self.segments)

    @property
    def team_tags(self) -> set[str]:
        """Those that the second mapping wants, in one spelling."""
        return _listed(self.teams)

    @property
    def fields(self) -> dict[str, Any]:
        """What ChartMogul is to hold; null keeps what is there, but a null country empties."""
        wanted = {
            "company": self.company,
            "email": self.email,
            "plan": self.plan,
            "seats": self.seats,
            "partner": self.partner,
            "score": self.score,
            "state": self.state,
        }
        held: dict[str, Any] = {k: v for k, v in wanted.items() if v is not None}
        return held | {"country": self.country}


@dataclass(frozen=True, slots=True)
class Person:
    """A row of the contacts' query."""

    customer: str
    id: str | None
    email: str
    first_name: str
    title: str | None
    role: str | None
    bad: str = ""

    @property
    def values(self) -> tuple[Any, ...]:
        """As the query gives them."""
        email = "nowhere" if self.bad == "email" else self.email
        return (
            self.customer,
            self.id,
            email,
            self.first_name,
            self.title,
            self.role,
            self.phone,
        )

    @property
    def fields(self) -> dict[str, Any]:
        """What ChartMogul is to hold; a null title empties."""
        held: dict[str, Any] = {"email": self.email, "first_name": self.first_name}
        if self.role is not None:
            held["role"] = self.role
        return held | {"title": self.title}

    @property
    def phone(self) -> str:
        """What a second mapping says of it."""
        return f"+49 {crc32(self.first_name.encode())}"

    @property
    def key(self) -> str:
        """The key of the row, as the contract has it."""
        return self.id or f"{self.customer}|{self.email.lower()}"


@dataclass(frozen=True, slots=True)
class Rows:
    """What both queries give, at one moment."""

    accounts: tuple[Account, ...]
    people: tuple[Person, ...]

    def reversed(self) -> "Rows":
        """The same rows, the keys that came last first."""
        return self._with_keys(lambda keys: keys[::-1])

    def shuffled(self, dice: random.Random) -> "Rows":
        """The same rows, their keys in another order."""
        return self._with_keys(lambda keys: dice.sample(keys, len(keys)))

    def _with_keys(self, order: abc.Callable[[list[str]], list[str]]) -> "Rows":
        """The rows by keys in this order; those of one key keep theirs, since the first of them may be what counts."""
        keys = order(list(dict.fromkeys(former(row.id) for row in self.accounts)))
        accounts = sorted(self.accounts, key=lambda row: keys.index(former(row.id)))
        names = order(list(dict.fromkeys(row.key for row in self.people)))
        people = sorted(self.people, key=lambda row: names.index(row.key))
        return replace(self, accounts=tuple(accounts), people=tuple(people))

    def of(self, query: str) -> tuple[Account, ...] | tuple[Person, ...]:
        """The rows of a query: `people`, `accounts`, or one share of these, `accounts 0` or `accounts 1`.

        `contacts` are people once more, as far as ChartMogul had them beforehand: by their uuids.
        """
        if query in ("people", "contacts"):
            return self.people
        shares = query.split()[1:]
        return tuple(a for a in self.accounts if not shares or shares == [_share(former(a.id))])

    def keys_of(self, sql: str) -> list[str]:
        """The keys of the rows of a query, as a mapping has it."""
        rows = self.of(sql.removeprefix("select "))
        return [row.id if isinstance(row, Account) else row.key for row in rows]

    def all_keys(self) -> list[str]:
        """All keys, customers first."""
        return [a.id for a in self.accounts] + [p.key for p in self.people]

    def changed(self, dice: random.Random) -> "Rows":
        """The rows some time later: some changed, some gone, some new, some mended or broken."""
        accounts = tuple(_later(dice, self.accounts, _changed_account, _account))
        people = tuple(_later(dice, self.people, _changed_person, None))
        # A query that is suddenly empty stops its mapping: a rail, which is tried elsewhere.
        return Rows(accounts or self.accounts, people or self.people)

    def with_more(self, dice: random.Random, number: int) -> "Rows":
        """The rows, and so many accounts more, of keys that no other row has."""
        more = (_account(dice, 20_000 + place) for place in range(number))
        return replace(self, accounts=(*self.accounts, *more))

    def with_newcomer(self, dice: random.Random, *, by_email: bool) -> "Rows":
        """The rows, and a good account that nobody has seen, with a person of its own."""
        account = replace(_account(dice, 30_000), bad="")
        person = replace(_person(dice, "", 30_000, by_email), customer=account.id, bad="")
        return Rows((*self.accounts, account), (*self.people, person))

    def with_fewer_tags(self, dice: random.Random) -> "Rows":
        """The rows once some tags have left them, whichever mapping brought them."""
        accounts = []
        for row in self.accounts:
            gone = {tag for tag in sorted(row.tags | row.team_tags) if dice.random() < 0.4}
            segments, teams = (_unlisted(tags, gone) for tags in (row.segments, row.teams))
            accounts.append(replace(row, segments=segments, teams=teams))
        return replace(self, accounts=tuple(accounts))

    def renamed(self, keys: abc.Collection[str]) -> "Rows":
        """The rows once these accounts have new keys."""
        return Rows(
            tuple(
                replace(row, id=NEW + row.id, was=row.id) if row.id in keys else row
                for row in self.accounts
            ),
            tuple(
                replace(row, customer=NEW + row.customer) if row.customer in keys else row
                for row in self.people
            ),
        )

    def without(self, key: str) -> "Rows":
        """The rows without those of this key."""
        return Rows(
            tuple(row for row in self.accounts if row.id != key),
            tuple(row for row in self.people if row.key != key),
        )


def _listed(tags: str | None) -> set[str]:
    return {tag.strip().casefold() for tag in (tags or "").split(",") if tag.strip()}


def _unlisted(tags: str | None, gone: abc.Set[str]) -> str | None:
    return tags and ",".join(tag for tag in tags.split(",") if not _listed(tag) & gone)


def _share(key: str) -> str:
    return str(crc32(key.encode()) % 2)


def draw_rows(dice: random.Random, *, by_email: bool) -> Rows:
    """The first rows of a world."""
    accounts = [_account(dice, number) for number in range(dice.choice((1, 3, 6, 12, 20)))]
    people = [
        _person(dice, dice.choice(accounts).id, number, by_email)
        for number in range(dice.choice((0, 1, 4, 9, 16)))
    ]
    for rows in (accounts, people):
        if rows and dice.random() < 0.15:  # a key that comes again
            again = dice.choice(rows)
            rows.append(again if dice.random() < 0.4 else _altered(again))  # type: ignore[arg-type]
    return Rows(tuple(accounts), tuple(people))


def _altered(row: Account | Person) -> Account | Person:
    if isinstance(row, Account):
        return replace(row, company=row.company + " again")
    return replace(row, first_name=row.first_name + " again")


def _account(dice: random.Random, number: int) -> Account:
    key = f"{PERSONAL}{number}@keys.example" if dice.random() < 0.1 else f"acc-{number}"
    row = Account(key, "", None, None, None, None, None, None)
    row = _changed_account(dice, row)
    return replace(row, bad=dice.choice(("",) * 20 + ("country", "seats", "null key")))


def _changed_account(dice: random.Random, row: Account) -> Account:
    word = f"{PERSONAL}-{dice.randrange(10**6)}"
    changed = replace(
        row,
        company=f"Company {word}",
        email=dice.choice((None, f"{word}@firms.example")),
        country=dice.choice((None, "DE", "US", "AT")),
        plan=dice.choice((None, *PLANS)),
        seats=dice.choice((None, 0, dice.randrange(1000))),
        partner=dice.choice((None, True, False)),
        score=dice.choice((None, Decimal("0.10"), Decimal(dice.randrange(10**6)) / 100)),
        bad="" if dice.random() < 0.9 else dice.choice(("country", "seats")),
    )
    # ChartMogul knows the states of some countries only, and drops what is none of theirs.
    return changed if changed.country == "US" else replace(changed, state=None)


def _person(dice: random.Random, customer: str, number: int, by_email: bool) -> Person:
    email = f"{PERSONAL}{number}@people.example"
    row = Person(customer, None if by_email else f"per-{number}", email, "", None, None)
    row = _changed_person(dice, row)
    if dice.random() < 0.05:
        row = replace(row, customer="acc-nobody")
    return replace(row, bad="" if dice.random() < 0.95 else "email")


def _changed_person(dice: random.Random, row: Person) -> Person:
    return replace(
        row,
        first_name=f"Given {PERSONAL}-{dice.randrange(10**6)}",
        title=dice.choice((None, f"Chief {PERSONAL}-{dice.randrange(10**6)}")),
        role=dice.choice((None, "buyer", "user")),
        bad="",
    )


def _later(
    dice: random.Random,
    rows: abc.Sequence[Any],
    change: abc.Callable[[random.Random, Any], Any],
    new: abc.Callable[[random.Random, int], Any] | None,
) -> abc.Iterator[Any]:
    for row in rows:
        roll = dice.random()
        if roll > 0.08:
            yield change(dice, row) if roll < 0.4 else row
    if new is not None and dice.random() < 0.5:
        yield new(dice, 100 + dice.randrange(10**4))
