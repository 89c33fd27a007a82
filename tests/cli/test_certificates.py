"""The certificates that commands trust: those of the machine or of SSL_CERT_FILE, for every way to call a server."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from support.certificates import write_certificate
from test_bad_input import CALLS, PAGE, STREAMS, answering, ended, named

from orchestrator_gql.cli.certificates import trusted
from orchestrator_gql.cli.failure import REFUSED

WAYS = (("waits",), ("audit", "export"), ("tail",), ("processes", "--watch"), ("start", "greeting", "--yes", "--wait"))
"""The commands with clients of their own: one request, on an event loop, an export, a subscription."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a result, and no variables of the developer."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "result.json").write_text("{}")
    for name in ("ORCHESTRATOR_TOKEN", "ORCHESTRATOR_TOKEN_FILE", "ORCHESTRATOR_DATABASE_URL", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls"), "localhost")


@contextmanager
def encrypted(certificate: Path) -> Iterator[str]:
    """A service that speaks TLS with this certificate, but is no orchestrator; its address by the name localhost."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with answering(404, PAGE, tls=context) as url:
        yield url.replace("127.0.0.1", "localhost")


@pytest.mark.parametrize("words", CALLS + STREAMS, ids=named)
def test_the_file_of_an_own_authority_is_trusted(
    words: tuple[str, ...], certificate: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with encrypted(certificate) as url:
        code, err = ended(words, url, capsys)

    assert (code, "answered 404" in err) == (REFUSED, True), err  # TLS is fine; the service is no orchestrator


@pytest.mark.parametrize("words", WAYS, ids=named)
def test_an_unknown_authority_is_refused_with_the_fix(
    words: tuple[str, ...], certificate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with encrypted(certificate) as url:
        code, err = ended(words, url, capsys)

    assert code == REFUSED
    assert "its certificate is refused (self-signed certificate)" in err.replace("self signed", "self-signed")
    assert "name the file of its certificate in SSL_CERT_FILE" in err
    assert "_ssl.c" not in err


@pytest.mark.parametrize("words", WAYS, ids=named)
def test_another_name_is_refused_and_no_file_would_help(
    words: tuple[str, ...], certificate: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with encrypted(certificate) as url:
        code, err = ended(words, url.replace("localhost", "127.0.0.1"), capsys)

    assert (code, "not valid for '127.0.0.1'" in err, "SSL_CERT_FILE" in err) == (REFUSED, True, False), err


def test_the_list_of_certifi_counts_only_without_a_list_of_the_machine(
    tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certifi = httpx.create_ssl_context(trust_env=False).cert_store_stats()["x509_ca"]

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    own = trusted("https://orchestrator.example")
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "nothing"))
    none = trusted("https://orchestrator.example")

    assert isinstance(own, ssl.SSLContext)
    assert isinstance(none, ssl.SSLContext)
    assert own.cert_store_stats()["x509_ca"] < 10 < certifi
    assert none.cert_store_stats()["x509_ca"] == certifi
    assert trusted("http://orchestrator.example") is False
