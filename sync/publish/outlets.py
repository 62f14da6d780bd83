"""The ways out: Apprise for messages, a GET for the heartbeat; neither can keep the program waiting for long."""

import logging
import re
import urllib.request
from collections import abc
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING, Protocol
from urllib.error import HTTPError
from urllib.parse import urlsplit

from sync.publish.events import Event
from sync.publish.message import Message

if TYPE_CHECKING:
    from apprise import Apprise

Warn = abc.Callable[[str], None]

#: Seconds that a message, or the heartbeat, may take.
PATIENCE = 8.0
EXTRA = "pip install 'chartmogul-sync[notify]'"
#: Who a message is from.
NAME = "chartmogul-sync"
#: Services that Apprise knew once, and what has taken their place.
_GONE = {"msteams": "Teams takes messages by workflows://… now, see github.com/caronc/apprise"}
_SILENT = "it did not answer in time"
_KINDS = {Event.FAILED: "failure", Event.RECOVERED: "success"}


class Unsent(Exception):
    """A message was not sent; the text says why, and holds no secret."""


class Outlet(Protocol):
    """Where messages go. `url` holds secrets, `name` none."""

    url: str
    name: str

    def send(self, message: Message) -> None:
        """Send a message; Unsent where that fails or takes too long."""
        ...


@dataclass(slots=True)
class AppriseOutlet:
    """One URL of Apprise. After a message that took too long it is left alone."""

    url: str = field(repr=False)
    name: str
    service: "Apprise" = field(repr=False)
    patience: float = PATIENCE
    _hangs: bool = field(default=False, init=False)

    def send(self, message: Message) -> None:
        """As `Outlet.send`."""
        if self._hangs:
            raise Unsent("it did not answer the message before")
        sent: list[bool] = []
        sending = Thread(target=lambda: sent.append(self._notify(message)), daemon=True)
        sending.start()
        sending.join(self.patience)
        if sending.is_alive():
            self._hangs = True
            raise Unsent(f"it did not answer within {self.patience:g} seconds")
        if not any(sent):
            raise Unsent("the service could not be reached, or refused the message")

    def _notify(self, message: Message) -> bool:
        try:
            return bool(
                self.service.notify(
                    body=message.body,
                    title=message.title,
                    notify_type=_KINDS.get(message.event, "warning"),
                    body_format="text",
                )
            )
        except Exception:  # whatever a service's plug-in raises is one thing here: not sent
            return False


def outlets(urls: abc.Sequence[str], warn: Warn) -> list[Outlet]:
    """The ways out of SYNC_NOTIFY; of what cannot be used there is a warning."""
    try:
        from apprise import Apprise, AppriseAsset
    except ImportError:
        warn(f"SYNC_NOTIFY: no message can be sent, Apprise is not installed: {EXTRA}")
        return []
    # Apprise's own words repeat parts of the URLs, and these are secrets.
    log = logging.getLogger("apprise")
    log.setLevel(logging.CRITICAL)
    log.propagate = False
    found: list[Outlet] = []
    for number, url in enumerate(urls, 1):
        # What messages are signed with.
        asset = AppriseAsset(app_id=NAME, app_desc=NAME)
        service, name = Apprise(asset=asset), _name(number, url)
        if service.add(url):
            found.append(AppriseOutlet(url, name, service))
        else:
            hint = _GONE.get(url.partition("://")[0].lower(), "github.com/caronc/apprise")
            warn(f"SYNC_NOTIFY: {name} is none that Apprise knows: {hint}")
    return found


def _name(number: int, url: str) -> str:
    """What a URL may be called: its number and its kind; all else in it may be a secret."""
    scheme = re.match(r"[a-z][a-z0-9+.-]{0,20}(?=://)", url, re.IGNORECASE)
    return f"URL {number} ({scheme[0]}://…)" if scheme else f"URL {number}"


def beat(url: str, patience: float = PATIENCE) -> None:
    """GET a URL; Unsent where it is no URL, where it answers 400 or more, or takes too long."""
    try:
        parts = urlsplit(url)
        is_sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_sound = False
    if not is_sound or re.search(r"\s", url):
        raise Unsent("it is no address such as https://hc-ping.com/…")
    failed: list[str] = [_SILENT]
    asking = Thread(target=lambda: failed.__setitem__(0, _get(url, patience)), daemon=True)
    asking.start()
    asking.join(patience)
    if failed[0]:
        raise Unsent(failed[0])


def _get(url: str, patience: float) -> str:
    """Why it failed; empty where it did not."""
    try:
        with urllib.request.urlopen(url, timeout=patience) as answer:
            answer.read(1)
    except HTTPError as error:
        return f"it answered {error.code}"
    except TimeoutError:  # the socket's patience and the thread's end at the same moment
        return _SILENT
    except Exception as error:  # whatever goes wrong, its words may repeat the URL
        return f"it could not be reached ({type(error).__name__})"
    return ""
