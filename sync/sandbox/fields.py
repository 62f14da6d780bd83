"""The standard fields of customers and contacts: what a value must be, and what is kept of it."""

import re
from collections import abc
from typing import Any

from sync.sandbox import moments
from sync.sandbox.countries import is_country, state_code
from sync.sandbox.people import LEADS, STATUSES
from sync.sandbox.settings import DEFAULT, Settings

NOT_AN_EMAIL = "The value provided does not appear to be a valid email address."
NOT_A_TEXT = "The value provided is not a string."
NOT_A_TIME = "The value provided is not a valid date and time."
PLAIN = ("name", "company", "state", "city", "zip", "website_url")
DATES = ("lead_created_at", "free_trial_started_at")
CONTACT = ("first_name", "last_name", "title", "email", "phone", "linked_in", "twitter", "notes")
TEXT = (*CONTACT, "external_id")

Values = dict[str, Any]
Problems = dict[str, str]


def is_email(text: str) -> bool:
    """Whether this looks like an e-mail address."""
    return re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", text) is not None


def read_customer(
    sent: abc.Mapping[str, Any],
    users: abc.Container[str],
    at: float,
    settings: Settings = DEFAULT,
) -> tuple[Values, Problems]:
    """The fields of a customer in a body, and a message for every bad one.

    Keys that the API does not know are ignored in silence, last_seen among them, which is only
    read. An owner who is no user of the account is dropped in silence (recorded 2023). null and
    "" both clear. What ChartMogul says to a value that is no text, to an unknown country or to
    dates in the future is not known: here 422.
    """
    read: Values = {}
    problems: Problems = {}
    for name in (*PLAIN, "email", "country", *DATES, "owner"):
        if name not in sent:
            continue
        value = sent[name]
        if value is None or value == "":
            read[name] = None
        elif not isinstance(value, str):
            problems[name] = NOT_A_TEXT
        elif problem := _problem(name, value, at, settings):
            problems[name] = problem
        elif name != "owner" or value in users:
            read[name] = _kept(name, value, settings)
    return read, problems


def settle(values: abc.Mapping[str, Any], settings: Settings = DEFAULT) -> tuple[Values, Problems]:
    """All fields of a customer after a write: what one field does to another.

    A state outside the US is dropped in silence (recorded 2023); one that is none of the US stays
    as it is, which is our choice. A trial before the lead is refused: the docs forbid it, the
    answer is not known.
    """
    settled = dict(values)
    state = settled["state"]
    if settled["country"] not in (None, "US"):
        settled["state"] = None
    elif state and settings.state_shown == "code":
        settled["state"] = state_code(state) or state
    lead, trial = settled["lead_created_at"], settled["free_trial_started_at"]
    if lead and trial and trial < lead:
        return settled, {"free_trial_started_at": "The trial cannot start before the lead."}
    return settled, {}


def read_status(sent: abc.Mapping[str, Any], current: str) -> tuple[str, bool]:
    """The status after a write, and whether the value was one that can be written.

    Only the four lead statuses can; on a customer whose status is computed from invoices they
    are dropped in silence, which is our choice.
    """
    wanted = sent.get("status")
    if wanted is None:
        return current, True
    if wanted not in LEADS:
        return current, False
    return (wanted if current in LEADS else current), True


def read_filter(status: str) -> str | None:
    """The status that the list's filter `New_Lead` means; None if there is none."""
    wanted = status.replace("_", " ")
    return wanted if wanted in STATUSES else None


def read_contact(
    sent: abc.Mapping[str, Any], settings: Settings = DEFAULT
) -> tuple[Values, Problems]:
    """The fields of a contact in a body, and a message for every bad one.

    No such error was ever recorded: 422 is our choice. Whether last_seen may be in the future is
    not known either: here it may.
    """
    read: Values = {}
    problems: Problems = {}
    for name in TEXT:
        if name not in sent:
            continue
        value = sent[name]
        if value is not None and not isinstance(value, str):
            problems[name] = NOT_A_TEXT
        elif name == "email" and value and not is_email(value):
            problems[name] = NOT_AN_EMAIL
        else:
            read[name] = _kept(name, value, settings) if value else None
    for name in _seen_names(sent, settings):
        value = sent[name]
        moment = moments.echo(value) if isinstance(value, str) and value else None
        if value not in (None, "") and moment is None:
            problems[name] = NOT_A_TIME
        read["last_seen"] = moment
    return read, problems


def fold(email: str, settings: Settings) -> str:
    """An address as it is stored and looked for."""
    return email.lower() if settings.emails == "lowered" else email


def _kept(name: str, value: str, settings: Settings) -> str | None:
    if name in DATES:
        return moments.echo(value)
    return fold(value, settings) if name == "email" else value


def _seen_names(sent: abc.Mapping[str, Any], settings: Settings) -> abc.Iterator[str]:
    """Both spellings that were seen on write; where both are sent, last_seen counts."""
    if "last_active_at" in sent:
        yield "last_active_at"
    if "last_seen" in sent and settings.contact_last_seen == "taken":
        yield "last_seen"


def _problem(name: str, value: str, at: float, settings: Settings) -> str | None:
    if name == "email" and not is_email(value):
        return NOT_AN_EMAIL
    if name == "country" and not is_country(value, settings.countries):
        return "The country is not an ISO 3166-1 alpha-2 code."
    if name in DATES:
        moment = moments.read(value)
        if moment is None:
            return NOT_A_TIME
        if moment.timestamp() > at:
            return "The date cannot be in the future."
    return None
