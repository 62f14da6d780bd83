"""Who may talk to the server: nobody whom a page of another site sent here."""

from collections import abc
from ipaddress import ip_address
from urllib.parse import urlsplit

INSIDE = (".localhost", ".internal", ".local")
"""Ends of names that nobody can register on the internet."""


def refusal(host: str | None, origin: str | None, known: abc.Collection[str]) -> str | None:
    """Why a request is refused, as a sentence; None where it is not.

    A browser says in `Host` which name it was told, and in `Origin` whose page asks: a name that
    a stranger lets point to this machine (DNS rebinding) is foreign, and so is another site's page.
    """
    if host is not None and not _is_ours(host, known):
        return (
            f'This sandbox does not go by the name of "{host[:100]}".'
            " The setting `hosts`, or --allow-host, names others that it may have."
        )
    if origin is not None and (host is None or _place(origin) != host.lower()):
        return "A page of another site may not ask this sandbox."
    return None


def _is_ours(host: str, known: abc.Collection[str]) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    name = name.removesuffix(".")
    if name in {one.lower() for one in known}:
        return True
    return bool(name) and ("." not in name or _is_address(name) or name.endswith(INSIDE))


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _place(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
