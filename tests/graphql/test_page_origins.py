"""Which pages may send requests."""

import pytest

from orchestrator_gql.graphql.transport.page_origins import is_welcome

HOST = "server.example:8000"
ALLOWED = frozenset(["https://portal.example", "http://[::1]:8080"])


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://server.example:8000", HOST),
        ("https://server.example:8000", HOST),  # a proxy speaks TLS
        ("HTTP://Server.Example:8000", HOST),
        ("https://server.example", "server.example"),
        ("https://server.example", "server.example:443"),
        ("https://server.example:443", "server.example"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("https://portal.example", HOST),
        ("https://portal.example:443", HOST),
        ("HTTPS://Portal.Example", None),
        ("http://[::1]:8080", HOST),
    ],
)
def test_pages_of_the_server_and_of_allowed_sites_are_welcome(origin: str, host: str | None) -> None:
    assert is_welcome(origin, host, ALLOWED)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://server.example", HOST),
        ("http://server.example:8001", HOST),
        ("http://server.example.evil.example:8000", HOST),
        ("http://server.example:8000@evil.example", HOST),
        ("http://evil.example", None),
        ("http://evil.example", ""),
        ("http://portal.example", HOST),
        ("https://portal.example:8443", HOST),
        ("https://sub.portal.example", HOST),
        ("http://server.example", "server.example:443"),
        ("null", HOST),
        ("null", "null"),
        ("", ""),
        ("file://", ""),
        ("server.example:8000", HOST),
        ("http://[::1", "[::1"),
        ("http://a:x", "a:x"),
        ("http://a:99999", "a:99999"),
        ("*", HOST),
    ],
)
def test_other_pages_are_not(origin: str, host: str | None) -> None:
    assert not is_welcome(origin, host, ALLOWED)
    assert not is_welcome(origin, host, ())
