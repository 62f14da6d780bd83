"""The way to ChartMogul as a process takes it: certificates, redirects, proxies, all of them real."""

import base64
import re
import ssl
from datetime import UTC, datetime, timedelta

import pytest

from sync.chartmogul.connection import distrust
from sync.sandbox.answer import Answer
from tests.support.needed import needed
from tests.support.servers import Gate, Proxy, encrypted, to_sandbox

trustme = needed("trustme")
#: Nothing of the machine's own; lower case wins where both are set.
ALONE: dict[str, str | None] = dict.fromkeys(
    [
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR"),
    ]
)
AUTHORITY = trustme.CA()
UNTRUSTED = "the certificate of whoever answers at CHARTMOGUL_API_URL is not trusted"


def certificate(*names, **more):
    """What a server needs to prove that it has these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(*names, **more).configure_cert(context)
    return context


@pytest.fixture
def authority(desk):
    """The certificate of the authority, as a file for SSL_CERT_FILE."""
    file = desk.place.folder / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(str(file))
    return str(file)


@pytest.fixture
def behind(desk):
    """The sandbox behind a certificate that is in order."""
    with encrypted(desk.place.sandbox.sandbox, certificate("127.0.0.1")) as gate:
        yield gate


def keys(desk):
    """The API key in every form in which it could go over a wire."""
    key = desk.place.sandbox.key.encode()
    return [key, base64.b64encode(key + b":")]


def test_a_certificate_of_nobody(desk, behind):
    """The run ends with 3 at once and says that it is the certificate; no request came through."""
    for command in ("run", "check"):
        ended = desk(command, CHARTMOGUL_API_URL=behind.url, **ALONE)
        assert ended.code == 3
        assert UNTRUSTED in " ".join((ended.out + ended.err).split())
        assert "SSL_CERT_FILE" in ended.out + ended.err
    assert behind.seen == []


def test_a_certificate_of_an_authority_of_ones_own(desk, behind, authority):
    """With SSL_CERT_FILE the very same server is trusted."""
    ended = desk("run", CHARTMOGUL_API_URL=behind.url, **ALONE | {"SSL_CERT_FILE": authority})
    assert (ended.code, set(desk.place.customers())) == (0, {"cus_1"})
    assert "POST /v1/customers" in behind.seen


@pytest.mark.parametrize(
    ("names", "until", "reason"),
    [
        (["api.chartmogul.com"], None, "IP address mismatch"),
        (["127.0.0.1"], datetime.now(UTC) - timedelta(days=1), "certificate has expired"),
    ],
)
def test_a_certificate_of_somebody_else(desk, authority, names, until, reason):
    """A known authority is not enough: the name and the time must be right as well."""
    context = certificate(*names, not_after=until)
    with encrypted(desk.place.sandbox.sandbox, context) as gate:
        told = ALONE | {"SSL_CERT_FILE": authority}
        ended = desk("run", "--json", CHARTMOGUL_API_URL=gate.url, **told)
    assert ended.code == 3
    error = ended.json["mappings"][0]["error"]
    assert UNTRUSTED in error
    assert reason in error
    assert gate.seen == []


@pytest.mark.parametrize(
    ("method", "status"),
    [*(("GET", status) for status in (301, 302, 303, 307, 308)), ("POST", 307), ("POST", 308)],
)
def test_a_redirect_to_another_server(desk, method, status):
    """The other server sees nothing at all, whatever is asked and however it is sent away."""
    straight = to_sandbox(desk.place.sandbox.sandbox)

    def away(asked, path, headers, body):
        if asked == method:
            return Answer(status, {"location": elsewhere.url + path})
        return straight(asked, path, headers, body)

    with Gate(straight) as elsewhere, Gate(away) as gate:
        ended = desk("run", CHARTMOGUL_API_URL=gate.url, **ALONE)
    assert ended.code == 3
    assert f"a redirect to http://127.0.0.1 ({status})" in " ".join(ended.err.split())
    assert any(line.startswith(method) for line in gate.seen)
    assert elsewhere.seen == []


def test_a_proxy_sees_nothing(desk, behind, authority):
    """HTTPS goes through it as a tunnel: neither the key nor a row can be read there."""
    with Proxy() as proxy:
        told = ALONE | {"SSL_CERT_FILE": authority, "HTTPS_PROXY": proxy.url}
        ended = desk("run", CHARTMOGUL_API_URL=behind.url, **told)
    assert (ended.code, set(desk.place.customers())) == (0, {"cus_1"})
    assert proxy.heard.startswith(b"CONNECT 127.0.0.1:")
    assert not [word for word in [*keys(desk), b"Quince", b"cus_1"] if word in proxy.heard]


def test_plain_http_goes_through_no_proxy(desk):
    """What is not encrypted goes straight to this machine or its network, never to a proxy."""
    with Proxy() as proxy:
        names = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
        assert desk("run", **ALONE | dict.fromkeys(names, proxy.url)).code == 0
    assert proxy.heard == b""


def test_a_proxy_that_refuses(desk, behind, authority):
    """It is named, and its password is not; nothing counts as sent."""
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"
    with Proxy(refusal) as proxy:
        url = proxy.url.replace("//", "//me:plantedQ7xV2kZ9@")
        told = ALONE | {"SSL_CERT_FILE": authority, "HTTPS_PROXY": url, "SYNC_OUTAGE": "1"}
        ended = desk("run", CHARTMOGUL_API_URL=behind.url, **told)
    assert ended.code == 3
    assert "407 Proxy Authentication Required" in ended.err
    assert "plantedQ7xV2kZ9" not in ended.err
    assert behind.seen == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SSL_CERT_FILE", "nowhere.pem"),
        ("SSL_CERT_FILE", "warehouse.db"),
        ("HTTPS_PROXY", "socks5://me:plantedQ7xV2kZ9@127.0.0.1:9"),
        ("HTTPS_PROXY", "odd://me:plantedQ7xV2kZ9@127.0.0.1:9"),
        ("HTTPS_PROXY", "http://me:plantedQ7xV2kZ9@host:port"),
        ("HTTPS_PROXY", "http://me:plantedQ7xV2kZ9@127.0.0.1:99999"),
        ("HTTPS_PROXY", "http://me:x@plantedQ7xV2kZ9/x@127.0.0.1:9"),
        ("ALL_PROXY", "me:x@plantedQ7xV2kZ9#x@127.0.0.1:9"),
    ],
)
def test_a_way_that_is_none(desk, variable, value):
    """Exit 2 and the variable's name, for every command that would go there; no password."""
    for command in ("run", "check"):
        told = ALONE | {variable: value}
        ended = desk(command, CHARTMOGUL_API_URL="https://127.0.0.1:9/v1", **told)
        assert ended.code == 2
        assert variable in ended.out + ended.err
        assert "plantedQ7xV2kZ9" not in ended.out + ended.err


@pytest.mark.parametrize("entries", ["[::1", "a b,:::,%zz,http://[x", "10.0.0.0/8,*x*"])
def test_entries_that_nobody_can_read(desk, behind, authority, entries):
    """They are skipped; those beside them count."""
    told = ALONE | {"SSL_CERT_FILE": authority, "HTTPS_PROXY": "http://127.0.0.1:9"}
    url = behind.url
    ended = desk("run", CHARTMOGUL_API_URL=url, **told | {"NO_PROXY": f"{entries}, 127.0.0.1"})
    assert ended.code == 0
    ended = desk("run", CHARTMOGUL_API_URL=url, SYNC_OUTAGE="1", **told | {"NO_PROXY": entries})
    assert ended.code == 3


@pytest.mark.parametrize(
    ("variable", "address"),
    [
        ("HTTPS_PROXY", "http://me:plantedQ7xV2kZ9@127.0.0.1:9"),
        ("ALL_PROXY", "http://me:plantedQ7xV2kZ9@no-such-host.invalid:3128"),
    ],
)
def test_a_proxy_that_cannot_be_found(desk, variable, address):
    """It is named as such, without its password, and ChartMogul is not blamed."""
    told = ALONE | {variable: address, "SYNC_OUTAGE": "1"}
    ended = desk("run", CHARTMOGUL_API_URL="https://127.0.0.1:9/v1", **told)
    place = address.rpartition("@")[2]
    assert ended.code == 3
    assert f"the proxy {place} of {variable} cannot be reached" in " ".join(ended.err.split())


def test_check_waits_no_longer_than_a_run(desk):
    """SYNC_OUTAGE is its patience, too."""
    told = ALONE | {"HTTPS_PROXY": "http://127.0.0.1:9", "SYNC_OUTAGE": "1"}
    ended = desk("check", CHARTMOGUL_API_URL="https://127.0.0.1:9/v1", **told)
    assert ended.code == 3
    lasting = re.search(r"nothing but failures for (\d+) seconds", ended.out)
    assert lasting is not None
    assert int(lasting[1]) < 30


def test_distrust():
    """The reason is found wherever it is in the chain of causes, and nowhere else."""
    reason = ssl.SSLCertVerificationError(1, "no")
    reason.verify_message = "self-signed certificate"
    outer = OSError("wrapped")
    outer.__context__ = reason
    assert distrust(outer) == "self-signed certificate"
    assert distrust(ssl.SSLError("lost")) == distrust(OSError("x")) == ""
