"""The proxy of the environment."""

import httpx
import pytest

from sync.chartmogul.proxy import way_to

URL = "https://api.chartmogul.com/v1"


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({}, None),
        ({"https": "http://p:3128"}, "the proxy p:3128 of HTTPS_PROXY"),
        ({"https": "p:3128"}, "the proxy p:3128 of HTTPS_PROXY"),
        ({"all": "http://me:x@p:3128"}, "the proxy p:3128 of ALL_PROXY"),
        ({"http": "http://p:3128"}, None),
        ({"https": " "}, None),
    ],
)
def test_which(variables, place):
    """HTTPS_PROXY before ALL_PROXY, never HTTP_PROXY; without its password."""
    way = way_to(URL, variables)
    assert place == (way and way.place)


@pytest.mark.parametrize(
    ("entries", "spared"),
    [
        ("api.chartmogul.com", True),
        ("chartmogul.com", True),
        (".chartmogul.com", True),
        ("*.chartmogul.com", True),
        ("x, https://api.chartmogul.com", True),
        ("api.chartmogul.com:443", True),
        ("API.ChartMogul.com", True),
        ("*", True),
        ("", False),
        ("mogul.com", False),
        ("api.chartmogul.com:80", False),
        ("[::1, %zz, a b, :::", False),
        ("[::1, chartmogul.com", True),
    ],
)
def test_who_is_spared(entries, spared):
    """By name, by its end, with a port; what nobody can read spares nobody."""
    assert (way_to(URL, {"https": "http://p", "no": entries}) is None) is spared


def test_addresses():
    """Of IPv6 too, with and without brackets."""
    for entries in ("::1", "[::1]", "[::1]:8443"):
        assert way_to("https://[::1]:8443/v1", {"all": "http://p", "no": entries}) is None


@pytest.mark.parametrize("password", ["p@ss", "p:a@s@s", "[::1]@x", "100%", "a b", "p@"])
def test_a_password_that_is_told_from_the_host(password):
    """Before the last @ of the authority, which alone is the host's."""
    way = way_to(URL, {"https": f"http://me:{password}@p:3128"})
    assert way
    assert way.place == "the proxy p:3128 of HTTPS_PROXY"


def test_no_address():
    """What is no proxy's address is an error; so is a password with a sign that would end the host's name."""
    raw = (
        "http://me:p@ss/word@p:1",
        "me:p@ss?word@p:1",
        "http://me:p@ss#x@p:1",
        "http://me:p/x@p:1",
    )
    for address in (
        "odd://p",
        "http://h:port",
        "http://h:99999",
        "http://h:0",
        "http://%20",
        "http://",
        *raw,
    ):
        with pytest.raises((ValueError, httpx.InvalidURL)):
            way_to(URL, {"https": address})
