"""Who may ask the endpoints."""

import pytest

from sync.service.guard import refusal


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1:8080", True),
        ("[::1]:8080", True),
        ("worker", True),
        ("worker.jobs.svc:8080", True),
        ("worker.jobs.svc.cluster.local", True),
        ("host.docker.internal", True),
        ("Mine.example.com:1", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
        ("[::1", False),
        ("localhost@evil.example", False),
    ],
)
def test_names(host, allowed):
    """Addresses, names that nobody can register, and those that are set."""
    assert (refusal(host, None, ("mine.example.com",)) is None) is allowed


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("http://worker:8080", True), ("http://worker", False), ("null", False), ("http://[", False)],
)
def test_pages(origin, allowed):
    """Its own alone."""
    assert (refusal("worker:8080", origin, ()) is None) is allowed
    assert refusal(None, origin, ()) is not None
