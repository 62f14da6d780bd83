"""One message as it looks in Slack and as a mail: exactly what Apprise makes of it."""

import email
import json
from datetime import UTC, datetime
from email import policy

import pytest

from sync.domain.record import Object
from sync.domain.results import MappingRun, Run, Status, Tally
from sync.publish.message import About, Message, broken, rejected
from tests.support.needed import needed
from tests.unit.publish.test_outlets import opened, server, silence

#: Apprise asks an old module of Python whether it is there.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
#: A name with all that Slack, Markdown or HTML obey, and a letter that no mail can hold as it is.
NAME = "kunden_größe <!channel> *A&B* `x`"
REASONS = [
    ("invalid_country", "country", 120),
    ("attribute_type", "attributes.seats_per_team", 1_080),
    ("missing_key", None, 4),
]
WEBHOOK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops"


def message(name: str = NAME, environment: str = "production") -> Message:
    """A run has rejected 1,204 rows, 12 of them newly."""
    part = MappingRun(name, "mappings/kunden.yml", Object.CUSTOMER, "upsert", "ds_1")
    part.status, part.rejected_new, part.tolerated = Status.COMPLETED_WITH_ERRORS, 12, 50
    part.rows = Tally(20_000, unchanged=18_796, rejected=1_204)
    run = Run("20260131T090000Z-a1b2c3", False, NOW, [part])
    run.finished_at = NOW
    return rejected(About(name, environment, run.id), run, part, 12, REASONS)


TITLE = f"[production] {NAME}: 12 rows newly rejected"
BODY = f"""\
Environment: production
Mapping: {NAME}
What: 1,204 of 20,000 rows rejected, 12 newly; 50 rows would be tolerated
Since: 2026-01-31 09:00 UTC
Reasons: invalid_country in country (120), attribute_type in attributes.seats_per_team (1,080), missing_key (4)
Next: chartmogul-sync report 20260131T090000Z-a1b2c3
Run: 20260131T090000Z-a1b2c3"""


def escaped(text: str) -> str:
    """Text that Slack shows as it is: it obeys nothing but these three, where nothing is marked as mrkdwn."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def slack(told: Message, options: str = ""):
    """What Slack is sent, without what Apprise takes from its own address or from a clock."""
    needed("apprise")
    from apprise.plugins.slack import NotifySlack

    with pytest.MonkeyPatch.context() as patch, server() as (place, asked):
        patch.setattr(NotifySlack, "webhook_url", f"http://{place}/services")
        (outlet,), warnings = opened(WEBHOOK + options)
        outlet.send(told)
    assert warnings == []
    [(_, _, body)] = asked
    sent = json.loads(body)
    sent.pop("icon_url", None)
    for part in sent["attachments"]:
        for name in ("ts", "footer_icon"):
            part.pop(name, None)
    return sent


def test_as_slack_shows_it():
    """Title, lines and signature; nothing in a name rings a channel, links or is bold."""
    assert slack(message()) == {
        "channel": "#ops",
        "mrkdwn": False,
        "attachments": [
            {
                "title": escaped(TITLE),
                "text": escaped(BODY),
                "color": "#CACF29",
                "footer": "chartmogul-sync",
            }
        ],
    }


def test_in_slacks_blocks():
    """With `?blocks=yes`: a header and a section of plain text, none longer than Slack takes."""
    [attachment] = slack(message(), "?blocks=yes&image=no")["attachments"]
    assert [block.get("text") for block in attachment["blocks"]] == [
        {"type": "plain_text", "text": escaped(TITLE), "emoji": True},
        {"type": "plain_text", "text": escaped(BODY)},
        None,
    ]
    assert attachment["blocks"][2]["elements"] == [
        {"type": "plain_text", "text": "chartmogul-sync"}
    ]
    longest = message("n" * 5_000, "e" * 5_000)
    header, section, _ = slack(longest, "?blocks=yes")["attachments"][0]["blocks"]
    assert len(header["text"]["text"]) <= 150
    assert len(section["text"]["text"]) <= 3_000
    assert header["text"]["text"].endswith("n…: 12 rows newly rejected")


def test_as_a_mail():
    """One part of plain text, line by line, with the title as subject and umlauts as they are."""
    needed("aiosmtpd")
    from aiosmtpd.controller import Controller

    mails: list[bytes] = []

    class Mailbox:
        async def handle_DATA(self, _server, _session, envelope) -> str:
            mails.append(envelope.content)
            return "250 OK"

    with silence() as place:  # a port that is free once this is over
        pass
    mailbox = Controller(Mailbox(), hostname="127.0.0.1", port=int(place.split(":")[1]))
    mailbox.start()
    try:
        (outlet,), warnings = opened(
            f"mailto://{place}?from=sync@example.com&to=ops@example.com&mode=insecure"
        )
        outlet.send(message())
    finally:
        mailbox.stop()
    assert warnings == []
    [mail] = mails
    read = email.message_from_bytes(mail, policy=policy.default)
    assert [part.get_content_type() for part in read.walk()] == ["text/plain"]
    assert read.get_content_charset() == "utf-8"
    assert read.get_content().splitlines() == BODY.splitlines()
    named = ("Subject", "From", "To", "X-Application")
    assert {name: str(read[name]) for name in named} == {
        "Subject": TITLE,
        "From": "sync@example.com",
        "To": "ops@example.com",
        "X-Application": "chartmogul-sync",
    }
    assert max(map(len, mail.splitlines())) <= 998


def test_the_command_can_be_pasted():
    """A file whose name has a space, or worse, is one argument of the command that comes next."""
    part = MappingRun("kunden", "mappings/our kunden;ls.yml", Object.CUSTOMER, "upsert", "ds_1")
    part.status, part.reason = Status.FAILED, "config"
    told = broken(About("kunden"), Run("r1", False, NOW, [part]), part, None)
    assert "Next: chartmogul-sync check 'mappings/our kunden;ls.yml'" in told.body.splitlines()


def test_a_service_that_is_gone():
    """`msteams://`, which Apprise has let go, is told with what has taken its place."""
    found, warnings = opened("msteams://group@a/b/c/d")
    if not found:  # an Apprise that has let it go
        assert warnings == [
            "SYNC_NOTIFY: URL 1 (msteams://…) is none that Apprise knows: Teams takes messages by"
            " workflows://… now, see github.com/caronc/apprise"
        ]
