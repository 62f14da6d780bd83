"""What the sandbox was asked."""

from base64 import b64decode
from collections import abc
from dataclasses import dataclass
from typing import Any

from sync.sandbox.answer import Refusal, decode, failed, missing, unfit


@dataclass(frozen=True, slots=True)
class Incoming:
    """A call as it arrives, path and query decoded, `at` in seconds since 1970."""

    method: str
    path: str
    query: abc.Mapping[str, str]
    headers: abc.Mapping[str, str]
    body: bytes
    at: float

    @property
    def key(self) -> str | None:
        """The user name of HTTP Basic; the password does not matter (docs/authentication)."""
        headers = self.headers.items()
        header = next((value for name, value in headers if name.lower() == "authorization"), "")
        scheme, _, credentials = header.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            return b64decode(credentials, validate=True).decode().partition(":")[0]
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a known route: its query, decoded, and the JSON object of its body.

    `sent` is empty where there was no body; `at` is in seconds since 1970.
    """

    query: abc.Mapping[str, str]
    sent: abc.Mapping[str, Any]
    at: float

    def text(self, param: str) -> str:
        """A text that the body must have; 400 when it is missing or no text."""
        value = self.sent.get(param)
        if value is None:
            raise missing(param)
        if not isinstance(value, str):
            raise unfit(param)
        return value

    def texts(self, param: str) -> list[str]:
        """A list of texts that the body must have; 400 when it is anything else."""
        value = self.sent.get(param)
        if value is None:
            raise missing(param)
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise unfit(param)
        return value


def read_body(body: bytes) -> dict[str, Any]:
    """The JSON object of a body; 400 when it is anything else (the wording is ours)."""
    if not body:
        return {}
    try:
        value = decode(body)
    except ValueError:
        raise Refusal(failed(400, "The request body is not valid JSON", None)) from None
    if not isinstance(value, dict):
        raise Refusal(failed(400, "The request body is not a JSON object", None))
    return value
