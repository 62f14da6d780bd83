"""The page for people."""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

import httpx
import pytest

from sync.sandbox.page import render
from sync.sandbox.sandbox import ANSWERED, DATA_SOURCE, KEY
from tests.unit.sandbox.caller import Caller, create


def test_the_page_shows_everything_and_escapes_it(client, running):
    """Whatever a customer is called."""
    running.sandbox.world.definitions.add("<i>")
    evil = "<script>alert('x')</script>"
    custom = [{"type": "String", "key": "plan", "value": evil}]
    made = create(
        client, evil, name=evil, company="A & B", email="a@example.com", city=evil, country="DE",
        lead_created_at="2024-01-01", free_trial_started_at="2024-02-01",
        attributes={"custom": custom, "tags": [evil]},
    )  # fmt: skip
    links = {"customer_uuid": made["uuid"], "data_source_uuid": DATA_SOURCE}
    client.post("/contacts", json={**links, "first_name": evil, "notes": evil, "title": evil})
    client.get(f"/{evil}", params={evil: evil})
    page = httpx.get(running.root)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<script" not in page.text
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in page.text
    for shown in ("A &amp; B", "Germany", "2024-01-01", "a@example.com", "Warehouse", DATA_SOURCE):
        assert shown in page.text
    assert "http://" not in page.text.replace(running.root, "")


def test_the_page_is_cut_into_sheets(client, running):
    """It says how many there are, and the last is on the last sheet."""
    assert "No customers yet." in httpx.get(running.root).text
    for number in range(1_001):
        Caller(running.sandbox, KEY).create(f"c{number:04}", name=f"Customer {number:04}")
    running.sandbox.requests.clear()
    page = httpx.get(running.root).text
    assert ("Customer 0000" in page, "Customer 1000" in page) == (True, False)
    assert ("1,001" in page, "sheet 1 of 21" in page) == (True, True)
    last = httpx.get(running.root, params={"customers": "21"}).text
    assert ("Customer 0999" in last, "Customer 1000" in last) == (False, True)


@pytest.mark.parametrize("asked", ["0", "-1", "22", "x", "²", "9" * 30, ""])
def test_a_sheet_that_is_not_there(call, sandbox, asked):
    """The nearest one is shown."""
    for number in range(51):
        call.create(f"c{number}", name=f"Customer {number}")
    wanted = "Customer 50" if asked == "22" else "Customer 0"
    assert wanted in shown(sandbox, customers=asked)


def test_a_search_finds_customers_by_all_they_hold(call, sandbox):
    """By words that may stand in different fields, in any case, and by a contact's too."""
    custom = [{"type": "String", "key": "plan", "value": "Team"}]
    acme = call.create("c1", company="ACME", country="DE", attributes={"custom": custom})
    call.create("c2", company="Globex", city="Bonn")
    call.contact(acme, first_name="Ada", email="ada@example.com")
    for words in ("acme", "germany TEAM", "plan", "ADA@example", acme["uuid"]):
        page = shown(sandbox, q=words, only="writes").partition('id="requests"')[0]
        assert ("<b>ACME" in page, "<b>Globex" in page, "1 of 2" in page) == (True, False, True)
    assert "No customer is found." in shown(sandbox, q="acme bonn")


def test_contacts_stand_under_their_customer(call, sandbox):
    """Those that a search finds come first, and are open; those of nobody have a place of their own."""
    acme = call.create("c1", company="ACME")
    for name in ("Ada", "Bob"):
        call.contact(acme, first_name=name)
    lone = {"data_source_uuid": DATA_SOURCE, "first_name": "Nobody's"}
    assert call("POST", "/contacts", lone).status == 201
    page = shown(sandbox).partition('id="requests"')[0]
    assert "2 contacts: Bob, Ada" in page
    assert "<details open>" not in page
    found = shown(sandbox, q="ada").partition('id="requests"')[0]
    assert "2 contacts: Ada, Bob" in found
    assert "<details open>" in found
    assert "Nobody&#39;s" in page.partition('id="lone"')[2]
    assert 'id="lone"' not in found


def test_each_request_has_its_answer(call, sandbox):
    """What was refused, in ChartMogul's words, beside what was sent; a long one can be opened."""
    customer = call.create("c1", company="ACME " * 40)
    call.patch(customer, country="Germany")
    page = shown(sandbox).partition('id="requests"')[2]
    first, second = page.partition("201</span>")[::2]
    assert "The country is not an ISO 3166-1 alpha-2 code." in first
    assert "{&#34;country&#34;: &#34;Germany&#34;}" in first
    assert re.search(r'<pre tabindex="0">{\n  &#34;data_source_uuid', second)
    assert re.search(r'<pre tabindex="0">{\n  &#34;id&#34;: 1,', second)


def test_requests_can_be_narrowed(call, sandbox):
    """To writes, to what was refused, and to what a search finds in an answer."""
    customer = call.create("c1", company="ACME")
    call("GET", "/ping")
    call.patch(customer, country="Germany")
    sandbox.fail(method="GET", drop=True)
    call("GET", "/account")
    seen = {
        words: re.findall(
            r"<b>([A-Z]+)</b>", shown(sandbox, **words_of).partition('id="requests"')[2]
        )
        for words, words_of in {
            "all": {},
            "writes": {"only": "writes"},
            "refused": {"only": "refused"},
            "iso": {"q": "alpha-2"},
            "none": {"q": "nothing like it"},
        }.items()
    }
    assert seen == {
        "all": ["GET", "PATCH", "GET", "POST"],
        "writes": ["PATCH", "POST"],
        "refused": ["GET", "PATCH"],
        "iso": ["PATCH"],
        "none": [],
    }
    assert "cut off" in shown(sandbox)


def test_times_are_those_of_people(call, sandbox):
    """In the zone that the page names; machines find theirs beside it."""
    custom = [{"type": "Timestamp", "key": "renewal", "value": "2026-12-31T00:00:00Z"}]
    call.create("c1", lead_created_at="2024-01-05T10:30:00Z", attributes={"custom": custom})
    page = shown(sandbox)
    assert '<time datetime="2024-01-05T10:30:00.000Z">5 Jan 2024, 10:30</time>' in page
    assert "31 Dec 2026</span>" in page
    assert "2 Feb 2026, 02:40:00" in page.partition('id="requests"')[2]


def test_money_is_that_of_the_account(call, sandbox):
    """Cents become the currency's own sign."""
    customer = call.create("c1")
    world = sandbox.world
    world.put(replace(world.customers[customer["uuid"]], mrr=123450, status="Active"))
    assert "$1,234.50 MRR" in shown(sandbox)


def test_the_page_may_do_nothing_but_look(running):
    """No script, no image from elsewhere, in no other page; the style is named by its hash."""
    page = httpx.get(running.root)
    policy = page.headers["content-security-policy"]
    style = page.text.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    )
    assert page.headers["x-content-type-options"] == "nosniff"


def test_what_is_searched_for_stays_text(running):
    """In the field, and in the addresses of other sheets."""
    evil = '"><script>alert(1)</script>'
    page = httpx.get(running.root, params={"q": evil, "only": evil}).text
    assert "<script" not in page
    assert 'value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in page


def test_a_large_answer_is_remembered_in_part(call, sandbox):
    """Its beginning; whoever wants all asks again."""
    for number in range(30):
        call.create(f"c{number}")
    call("GET", "/customers")
    assert len(sandbox.requests[-1].answer) == ANSWERED
    assert "&#34;entries&#34;" in shown(sandbox, q="entries")


def shown(sandbox, **query):
    """The page, as it is asked for."""
    return render(sandbox, query).body.decode()
