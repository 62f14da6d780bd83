"""Cursor paging, page for page."""

import pytest

from sync.sandbox.sandbox import DATA_SOURCE


def walk(call, path, **query):
    """Every page of a list, by cursor."""
    pages = [call("GET", path, **query).json]
    while pages[-1]["has_more"]:
        pages.append(call("GET", path, cursor=pages[-1]["cursor"], **query).json)
    return pages


def test_customers_page_by_cursor(call):
    """Each once; only the first page counts pages, the last has a cursor too."""
    for number in range(5):
        call.create(f"c{number}")
    pages = walk(call, "/customers", data_source_uuid=DATA_SOURCE, per_page="2")
    ids = [[one["external_id"] for one in page["entries"]] for page in pages]
    assert ids == [["c0", "c1"], ["c2", "c3"], ["c4"]]
    assert pages[0]["total_pages"] == 3
    assert {"entries", "cursor", "has_more"} == set(pages[1]) == set(pages[2])
    assert all(page["cursor"] for page in pages)


def test_a_search_pages_by_cursor(call):
    """It never tells how many pages there are."""
    for number in range(3):
        call.create(f"c{number}", email="x@example.com")
    pages = walk(call, "/customers/search", email="x@example.com", per_page="2")
    ids = [[one["external_id"] for one in page["entries"]] for page in pages]
    assert ids == [["c0", "c1"], ["c2"]]
    assert pages[0]["total_pages"] is None
    assert {"entries", "cursor", "has_more"} == set(pages[1])


def test_contacts_page_by_cursor(call):
    """The newest first, also those of one microsecond."""
    made = call.create()
    uuids = [call.contact(made)["uuid"] for _ in range(5)]
    pages = walk(call, "/contacts", per_page="2")
    listed = [one["uuid"] for page in pages for one in page["entries"]]
    assert uuids[::-1] == listed
    assert {"entries", "cursor", "has_more"} == set(pages[0])


@pytest.mark.parametrize("path", ["/customers", "/contacts"])
def test_an_empty_list_has_no_cursor(call, path):
    """And no more pages."""
    page = call("GET", path).json
    assert (page["entries"], page["cursor"], page["has_more"]) == ([], None, False)


def test_a_page_holds_200_at_most(call):
    """More are treated as 200."""
    for number in range(201):
        call.create(f"c{number}")
    page = call("GET", "/customers", per_page="1000").json
    assert (len(page["entries"]), page["per_page"], page["total_pages"]) == (200, 200, 2)


def test_customers_by_page_number_have_no_cursor(call):
    """The deprecated way still answers."""
    for number in range(3):
        call.create(f"c{number}")
    page = call("GET", "/customers", page="2", per_page="2").json
    assert (
        [one["external_id"] for one in page["entries"]], page["page"], page["has_more"],
    ) == (["c2"], 2, False)  # fmt: skip
    assert "cursor" not in page


def test_contacts_ignore_the_page_number(call):
    """A loop over pages would never end."""
    made = call.create()
    uuids = [call.contact(made)["uuid"] for _ in range(3)]
    page = call("GET", "/contacts", page="3", per_page="1").json
    assert ([uuids[-1]], True) == ([one["uuid"] for one in page["entries"]], page["has_more"])


@pytest.mark.parametrize("path", ["/customers", "/contacts"])
@pytest.mark.parametrize(
    "query",
    [{"per_page": "0"}, {"per_page": "x"}, {"cursor": "x"}, {"cursor": "JnggeA=="},
     {"cursor": "bm9wZQ=="}],
)  # fmt: skip
def test_a_bad_number_or_cursor_is_a_400(call, path, query):
    """It names the parameter."""
    answer = call("GET", path, **query)
    assert (400, next(iter(query))) == (answer.status, answer.json["param"])


def test_a_customer_deleted_while_paging_moves_nobody(call):
    """The cursor is a place, not a count."""
    made = [call.create(f"c{number}") for number in range(4)]
    page = call("GET", "/customers", per_page="2").json
    call("DELETE", f"/customers/{made[0]['uuid']}")
    call("DELETE", f"/customers/{made[1]['uuid']}")
    rest = call("GET", "/customers", per_page="2", cursor=page["cursor"]).json["entries"]
    assert [one["external_id"] for one in rest] == ["c2", "c3"]


def test_filters_and_cursors_go_together(call):
    """The filter is looked at from the cursor on."""
    for number in range(6):
        call.create(f"c{number}", status="Working Lead" if number % 2 else "New Lead")
    pages = walk(call, "/customers", status="Working_Lead", per_page="2")
    ids = [[one["external_id"] for one in page["entries"]] for page in pages]
    assert (ids, pages[0]["total_pages"]) == ([["c1", "c3"], ["c5"]], 2)
