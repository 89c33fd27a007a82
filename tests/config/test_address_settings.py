"""Hosts and URLs in the settings: valid values are stored in one form, and invalid values are refused with the fix."""

from typing import Any

import pytest

from orchestrator_gql.config import addresses
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.utils.errors import SettingsError


@pytest.mark.parametrize(
    ("text", "written", "host"),
    [
        ("https://orchestrator.example", "https://orchestrator.example", "orchestrator.example"),
        ("https://orchestrator.example/", "https://orchestrator.example", "orchestrator.example"),
        (" https://orchestrator.example\n", "https://orchestrator.example", "orchestrator.example"),
        ("HTTPS://Orchestrator.EXAMPLE/Path", "https://orchestrator.example/Path", "orchestrator.example"),
        ("https://orchestrator.example:443", "https://orchestrator.example:443", "orchestrator.example"),
        ("http://orchestrator.example:80/", "http://orchestrator.example:80", "orchestrator.example"),
        ("http://orchestrator.example:", "http://orchestrator.example", "orchestrator.example"),
        ("https://orchestrator.example.:8443/a", "https://orchestrator.example.:8443/a", "orchestrator.example"),
        ("https://orchestrator.example/a/b//", "https://orchestrator.example/a/b", "orchestrator.example"),
        ("https://orchestrator.example/a%20b", "https://orchestrator.example/a%20b", "orchestrator.example"),
        ("http://localhost:8000", "http://localhost:8000", "localhost"),
        ("http://api_1:8000", "http://api_1:8000", "api_1"),
        ("http://192.0.2.7:8000", "http://192.0.2.7:8000", "192.0.2.7"),
        ("http://[::1]", "http://[::1]", "::1"),
        ("http://[::1]:8000/x", "http://[::1]:8000/x", "::1"),
        ("http://[2001:DB8:0:0:0:0:0:7]:8000/", "http://[2001:db8::7]:8000", "2001:db8::7"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x", "xn--bcher-kva.example"),
        ("https://BÜCHER.example", "https://xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_a_public_url_is_stored_in_the_form_of_clients(text: str, written: str, host: str) -> None:
    settings = read_settings(public_url=text)

    assert settings.public_url == settings.base_url == written
    assert addresses.host_of(written) == host


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must be absolute, such as https://orchestrator.example"),
        ("orchestrator.example", "must be absolute"),
        ("//orchestrator.example", "must be absolute"),
        ("ftp://orchestrator.example", "must be absolute"),
        ("https:/orchestrator.example", "must be absolute"),
        ("https://", "names no host"),
        ("https:///automation", "names no host"),
        ("https://:8000", "names no host"),
        ("https://ada:s3cret@orchestrator.example", "remove everything before '@'"),
        ("https://s3cret@orchestrator.example", "remove everything before '@'"),
        ("https://orchestrator.example?key=s3cret", "leave out all from '?' or '#' on"),
        ("https://orchestrator.example/a?", "leave out all from '?' or '#' on"),
        ("https://orchestrator.example/#/processes", "leave out all from '?' or '#' on"),
        ("https://orchestrator.example:0", "a port that is not a number from 1 to 65535"),
        ("https://orchestrator.example:65536", "a port that is not a number from 1 to 65535"),
        ("https://orchestrator.example:http", "a port that is not a number from 1 to 65535"),
        ("https://orchestrator.example:-1", "a port that is not a number from 1 to 65535"),
        ("http://::1", "has an IPv6 address without brackets"),
        ("http://::1:8000", "has an IPv6 address without brackets"),
        ("http://2001:db8::7/", "has an IPv6 address without brackets"),
        ("http://[::1", "no IPv6 address between its brackets"),
        ("http://[orchestrator]", "address"),
        ("http://[v1.x]", "neither a name nor an address"),
        ("http://[fe80::1%25eth0]:8000", "neither a name nor an address"),
        ("http://[::1]8000", "no IPv6 address between its brackets"),
        ("http://256.0.0.1", "neither a name nor an address"),
        ("http://-orchestrator", "neither a name nor an address"),
        ("http://orchestrator..example", "neither a name nor an address"),
        ("http://" + "x" * 64, "neither a name nor an address"),
        ("http://*.example", "neither a name nor an address"),
        ("http://${HOST}:8000", "neither a name nor an address"),
        ("https://orchestrator example", "holds a space"),
        ("https://orchestrator.example/\x00", "holds a space, a backslash or a control character"),
        ("https://orchestrator.example\\automation", "a backslash"),
        ("https://orchestrator.example/a b", "holds a space"),
        ("https://orchestrator.example/bücher", "percent-encoded"),
        ("https://orchestrator.example/%zz", "percent-encoded"),
        ("https://orchestrator.example/a/../b", "'.' or '..' in its path"),
        ("https://orchestrator.example/.", "'.' or '..' in its path"),
    ],
)
def test_an_invalid_public_url_is_refused_with_the_fix(text: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(public_url=text)

    assert "ORCHESTRATOR_PUBLIC_URL: " in caught.value.message
    assert message in caught.value.message
    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("localhost", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
        ("[::1]", "http://[::1]:8000"),
        ("fe80::1%eth0", "http://[fe80::1%25eth0]:8000"),
    ],
)
def test_without_a_public_url_the_listening_address_is_the_base(host: str, base: str) -> None:
    assert read_settings(host=host).base_url == base


@pytest.mark.parametrize("host", ["", " ", "http://127.0.0.1", "127.0.0.1:8000", "[::1]:8000", "a b", "a/b", "::x"])
def test_an_invalid_listening_host_is_refused_with_an_example(host: str) -> None:
    with pytest.raises(SettingsError, match=r"ORCHESTRATOR_HOST: is not an address or a name.* such as\s127\.0\.0\.1"):
        read_settings(host=host)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("*", "*"),
        ("*.Example.com", "*.example.com"),
        ("Example.com.", "example.com"),
        ("::1", "::1"),
        ("[0:0::1]", "::1"),
        ("192.0.2.7", "192.0.2.7"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_an_allowed_host_is_stored_in_the_form_of_comparison(text: str, written: str) -> None:
    assert read_settings(allowed_hosts=(text,)).allowed_hosts == (written,)


@pytest.mark.parametrize(
    "text", ["", "*.", "*example.com", "a.*.com", "http://a", "a:80", "[::1]:80", "a/b", "a b", "300.1.1.1"]
)
def test_an_allowed_host_that_could_match_nothing_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"ALLOWED_HOSTS: entry 2 is not a host; .*without scheme, port and path"):
        read_settings(allowed_hosts=("a.example", text))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("https://Portal.example/", "https://portal.example"),
        ("https://portal.example:8443", "https://portal.example:8443"),
        ("https://portal.example:443", "https://portal.example"),
        ("http://portal.example:80/", "http://portal.example"),
        ("http://portal.example:443", "http://portal.example:443"),
        ("http://[::80]:80", "http://[::80]"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://[0:0::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_allowed_origin_is_stored_in_the_form_of_browsers(text: str, written: str) -> None:
    assert read_settings(allowed_origins=(text,)).allowed_origins == (written,)


@pytest.mark.parametrize(
    "text", ["portal.example", "https://portal.example/path", "https://a@portal.example", "null", "*", "https://*"]
)
def test_an_invalid_allowed_origin_is_refused(text: Any) -> None:
    with pytest.raises(SettingsError, match=r"ORCHESTRATOR_ALLOWED_ORIGINS: entry 1 "):
        read_settings(allowed_origins=(text,))
