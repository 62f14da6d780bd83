"""The standard fields of customers and contacts: what a value must be, and what is kept of it."""

import re
from collections import abc
from typing import Any

from sync.sandbox import moments
from sync.sandbox.countries import country_name
from sync.sandbox.people import LEADS, STATUSES

NOT_AN_EMAIL = "The value provided does not appear to be a valid email address."
PLAIN = ("name", "company", "state", "city", "zip", "website_url")
DATES = ("lead_created_at", "free_trial_started_at")
CONTACT = ("first_name", "last_name", "title", "email", "phone", "linked_in", "twitter", "notes")

Values = dict[str, Any]
Problems = dict[str, str]


def is_email(text: str) -> bool:
    """Whether this looks like an e-mail address."""
    return re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", text) is not None


def read_customer(
    sent: abc.Mapping[str, Any], users: abc.Container[str], at: float
) -> tuple[Values, Problems]:
    """The fields of a customer in a body, and a message for every bad one.

    Keys that the API does not know are ignored in silence. An owner who is no user of the account
    is dropped in silence (recorded 2023). null and "" both clear. What ChartMogul says to a
    value that is no text, to an unknown country or to dates in the future is not known: here 422.
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
            problems[name] = "The value provided is not a string."
        elif problem := _problem(name, value, at):
            problems[name] = problem
        elif name != "owner" or value in users:
            read[name] = moments.echo(value) if name in DATES else value
    return read, problems


def settle(values: abc.Mapping[str, Any]) -> tuple[Values, Problems]:
    """All fields of a customer after a write: what one field does to another.

    A state outside the US is dropped in silence (recorded 2023). A trial before the lead is
    refused: the docs forbid it, the answer is not known.
    """
    settled = dict(values)
    if settled["country"] not in (None, "US"):
        settled["state"] = None
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


def read_contact(sent: abc.Mapping[str, Any]) -> tuple[Values, Problems]:
    """The fields of a contact in a body, and a message for every bad one.

    No such error was ever recorded: 422 is our choice.
    """
    read: Values = {}
    problems: Problems = {}
    for name in (*CONTACT, "external_id"):
        if name not in sent:
            continue
        value = sent[name]
        if value is not None and not isinstance(value, str):
            problems[name] = "The value provided is not a string."
        elif name == "email" and value and not is_email(value):
            problems[name] = NOT_AN_EMAIL
        else:
            read[name] = value or None
    return read, problems


def _problem(name: str, value: str, at: float) -> str | None:
    if name == "email" and not is_email(value):
        return NOT_AN_EMAIL
    if name == "country" and country_name(value) is None:
        return "The country is not an ISO 3166-1 alpha-2 code."
    if name in DATES:
        moment = moments.read(value)
        if moment is None:
            return "The value provided is not a valid date and time."
        if moment.timestamp() > at:
            return "The date cannot be in the future."
    return None
