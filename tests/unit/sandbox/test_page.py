"""The page for people."""

import httpx

from sync.sandbox.sandbox import DATA_SOURCE, KEY
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


def test_the_page_shows_the_first_thousand(client, running):
    """And says how many there are."""
    assert "No customers yet." in httpx.get(running.root).text
    for number in range(1_001):
        Caller(running.sandbox, KEY).create(f"c{number:04}", name=f"Customer {number:04}")
    running.sandbox.requests.clear()
    page = httpx.get(running.root).text
    assert ("Customer 0999" in page, "Customer 1000" in page) == (True, False)
    assert ("1,001" in page, "the first 1,000 are shown" in page) == (True, True)
