"""A server that does not answer as an orchestrator: the command says why in words of people, and what to do."""

import re
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import (
    CertificateBuilder,
    DNSName,
    Name,
    NameAttribute,
    SubjectAlternativeName,
    random_serial_number,
)
from cryptography.x509.oid import NameOID
from support.certificates import write_certificate
from test_bad_input import PAGE, answering, ended, named

from orchestrator_gql.cli.failure import REFUSED

START_AND_WAIT = ("start", "x", "--yes", "--wait")
WAYS = (("waits",), ("audit", "export"), START_AND_WAIT, ("tail",), ("processes", "--watch"))
"""The commands with clients of their own: one request, an export, an event loop, subscriptions."""

ONCE = (("waits",), ("audit", "export"), ("abort", "019306a1-7d1e-7c3a-9c8e-2f0a1b2c3d4e"), ("start", "x", "--yes"))
STREAMS = (("tail",), ("processes", "--watch"))
"""The commands that wait for a server that is away; a reason that lasts ends them, too."""

LIBRARY = re.compile(r"Errno|_ssl|SSL:|\[|\]|Traceback|httpx|Exception|ssl\.c|bytearray|None|status line")
"""What no person should read."""

Behave = Callable[[socket.socket], None]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and no variables of the developer."""
    monkeypatch.chdir(tmp_path)
    for name in ("ORCHESTRATOR_URL", "ORCHESTRATOR_TOKEN", "ORCHESTRATOR_TOKEN_FILE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@contextmanager
def behaving(behave: Behave, tls: ssl.SSLContext | None = None, *, reads: bool = True) -> Iterator[str]:
    """A service that does this with each connection after it has read what came first; its address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                plain, _ = listener.accept()
                Thread(target=one, args=(plain,), daemon=True).start()

    def one(plain: socket.socket) -> None:
        with suppress(OSError):
            connection = tls.wrap_socket(plain, server_side=True) if tls else plain
            with connection:
                connection.settimeout(5)
                if not reads or connection.recv(65536):
                    behave(connection)

    Thread(target=serve, daemon=True).start()
    try:
        yield f"{'https' if tls else 'http'}://localhost:{listener.getsockname()[1]}"
    finally:
        listener.close()


def sends(data: bytes) -> Behave:
    return lambda connection: connection.sendall(data)


def resets_after(data: bytes) -> Behave:
    """Sends the data and breaks the connection, as a machine does whose process was killed."""

    def behave(connection: socket.socket) -> None:
        if data:
            connection.sendall(data)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return behave


def head(status: str, *headers: str, length: int = 0) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, f"content-length: {length}", "", ""]).encode()


def checked(err: str) -> str:
    assert not LIBRARY.search(err), err
    assert err.endswith((".", "?"))
    assert " ." not in err and ".." not in err.replace("://", ""), err
    return err


JSON = "content-type: application/json"
HTTP_2_SETTINGS = b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"
COMPRESSED = head("200 OK", JSON, "content-encoding: gzip", length=4) + b"xxxx"

SHORT_LIVED: dict[str, tuple[Behave, str]] = {
    "closes": (sends(b""), "closed the connection without an answer"),
    "resets": (resets_after(b""), "the connection"),
    "resets in the head": (resets_after(b"HTTP/1.1 200 OK\r\ncontent-"), "the connection"),
    "resets in the body": (resets_after(head("200 OK", JSON, length=900) + b'{"da'), "the connection"),
    "ends in the body": (sends(head("200 OK", JSON, length=900) + b'{"da'), "the connection"),
    "is busy": (sends(head("429 Too Many Requests")), "The server answered 429. Try again"),
    "is behind a proxy and away": (
        sends(head("502 Bad Gateway")),
        "answered 502; a proxy in front of it may have said",
    ),
    "fails": (sends(head("500 Oops")), "The server answered 500. Try again"),
}
"""Services that may be right at the next try."""

LASTING: dict[str, tuple[Behave, str]] = {
    "is empty": (sends(head("200 OK")), "and not as an orchestrator does"),
    "has no such path": (sends(head("404 Not Found")), "does its path lack a part?"),
    "takes no POST": (sends(head("405 Method Not Allowed")), "and not as an orchestrator does"),
    "forbids": (sends(head("403 Forbidden")), "is it an orchestrator, and may you use it?"),
    "asks for a sign-in at a proxy": (
        sends(head("407 Proxy")),
        "A proxy between here and the server demands a sign-in",
    ),
    "moved to https": (
        sends(head("301 Moved", "location: https://orchestrator.example/graphql")),
        "redirects to https://orchestrator.example: give this address",
    ),
    "moved to a socket": (
        sends(head("307 Moved", "location: ws://orchestrator.example/graphql?token=secret")),
        "redirects to http://orchestrator.example: give this address",
    ),
    "asks for a sign-in": (
        sends(head("302 Found", "location: /login?next=x")),
        "/login: does a proxy demand a sign-in",
    ),
    "speaks HTTP/2": (sends(HTTP_2_SETTINGS), "it speaks HTTP/2 only"),
    "speaks SSH": (sends(b"SSH-2.0-OpenSSH_9.6\r\n"), "does not speak HTTP/1.1"),
    "speaks in another way": (sends(b"-ERR unknown command\r\n"), "does not speak HTTP/1.1"),
}
"""Services that answer alike at every try."""


@pytest.mark.parametrize(
    ("service", "words"),
    [
        (service, words)
        for service in (*SHORT_LIVED, *LASTING)
        for words in ONCE
        if "body" not in service or words != ("audit", "export")  # an export writes what comes
    ],
)
def test_a_service_that_is_no_orchestrator(
    service: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    behave, message = {**SHORT_LIVED, **LASTING}[service]
    with behaving(behave) as url:
        code, err = ended(words, url, capsys)

    assert (code, message in checked(err)) == (REFUSED, True), err
    assert "secret" not in err


@pytest.mark.parametrize("words", STREAMS, ids=named)
@pytest.mark.parametrize("service", LASTING)
def test_a_stream_does_not_wait_for_a_service_that_stays_wrong(
    service: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    behave, message = LASTING[service]
    with behaving(behave) as url:
        code, err = ended(words, url, capsys)

    assert (code, message in checked(err)) == (REFUSED, True), err


def tls_of(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.mark.parametrize("words", WAYS, ids=named)
def test_https_for_a_server_that_speaks_http(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with answering(200, PAGE) as url:
        code, err = ended(words, url.replace("http:", "https:"), capsys)

    assert (code, f"it speaks http there, not https: give {url}." in checked(err)) == (REFUSED, True), err


def refuses_http(certificate: Path, answer: bytes) -> Behave:
    """Speaks TLS; as Nginx does, it may answer a plain request with a page."""

    def behave(connection: socket.socket) -> None:
        if connection.recv(1, socket.MSG_PEEK) == b"\x16":
            tls_of(certificate).wrap_socket(connection, server_side=True).close()
        else:
            connection.recv(65536)
            connection.sendall(answer)

    return behave


@pytest.mark.parametrize("words", WAYS, ids=named)
@pytest.mark.parametrize(
    "answer",
    [b"", b"\x15\x03\x03\x00\x02\x02\x46", head("400 Bad Request", "content-type: text/html", length=len(PAGE)) + PAGE],
    ids=["closes", "alerts", "answers 400"],
)
def test_http_for_a_server_that_speaks_https(
    words: tuple[str, ...], answer: bytes, certificate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with behaving(refuses_http(certificate, answer), reads=False) as url:
        code, err = ended(words, url, capsys)
        right = url.replace("http:", "https:")

    assert (code, f"it speaks https there, not http: give {right}." in checked(err)) == (REFUSED, True), err


@pytest.mark.parametrize("words", WAYS, ids=named)
def test_a_server_with_tls_that_speaks_http_2_only(
    words: tuple[str, ...], certificate: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with behaving(sends(HTTP_2_SETTINGS), tls_of(certificate)) as url:
        code, err = ended(words, url, capsys)

    assert (code, "it speaks HTTP/2 only" in checked(err)) == (REFUSED, True), err


@pytest.mark.parametrize("words", WAYS, ids=named)
@pytest.mark.parametrize(("begins", "message"), [(-3, "certificate has expired"), (3, "certificate is not yet valid")])
def test_a_certificate_of_another_time(
    words: tuple[str, ...],
    begins: int,
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = generate_private_key(SECP256R1())
    name = Name([NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = CertificateBuilder(name, name, key.public_key(), random_serial_number())
    builder = builder.not_valid_before(now + timedelta(days=begins)).not_valid_after(now + timedelta(days=begins + 1))
    builder = builder.add_extension(SubjectAlternativeName([DNSName("localhost")]), critical=False)
    file = tmp_path / "localhost.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(builder.sign(key, SHA256()).public_bytes(Encoding.PEM) + private)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with behaving(sends(head("404 Not Found")), tls_of(file)) as url:
        code, err = ended(words, url, capsys)

    assert (code, f"({message}); renew it at the server" in checked(err)) == (REFUSED, True), err


@pytest.mark.parametrize("content", ["", "no certificate", None])
def test_a_useless_file_of_certificates_is_named(
    content: str | None,
    certificate: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with behaving(sends(head("404 Not Found")), tls_of(certificate)) as url:
        code, err = ended(("waits",), url, capsys)

    assert (code, f"SSL_CERT_FILE names {str(file)!r}, which holds no certificate" in err) == (REFUSED, True), err


def lookup_that_fails(number: int) -> Callable[..., None]:
    """A name is looked up outside of this machine, so the failure of the lookup is made here."""

    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(number, "Name or service not known")

    return fail


@pytest.mark.parametrize("words", ONCE, ids=named)
@pytest.mark.parametrize(
    ("number", "message"),
    [
        (socket.EAI_NONAME, "there is no machine with the name 'orchestrator.example': is the name right?"),
        (socket.EAI_AGAIN, "the name 'orchestrator.example' cannot be looked up now"),
    ],
)
def test_a_name_that_cannot_be_looked_up(
    words: tuple[str, ...],
    number: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lookup_that_fails(number))

    code, err = ended(words, "http://orchestrator.example", capsys)

    assert (code, message in checked(err)) == (REFUSED, True), err


@pytest.mark.parametrize("words", ONCE, ids=named)
def test_a_proxy_of_the_environment_is_named(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://ada:secret@127.0.0.1:3128")

    code, err = ended(words, "http://127.0.0.1:1", capsys)

    assert (code, "nothing listens at this address" in checked(err)) == (REFUSED, True), err
    assert "(HTTPS_PROXY is set, but this command never uses a proxy.)" in err and "secret" not in err


@pytest.mark.parametrize("words", STREAMS, ids=named)
def test_the_token_never_follows_a_redirect(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    seen = list[bool]()

    def other(connection: socket.socket) -> None:
        seen.append(True)

    with behaving(other) as elsewhere:
        moved = head("302 Found", f"location: {elsewhere.replace('http', 'ws')}/graphql")
        with behaving(sends(moved)) as url:
            code, err = ended(words, url, capsys)

    assert (code, seen, f"redirects to {elsewhere}" in err) == (REFUSED, [], True), err


@pytest.mark.parametrize(
    ("service", "words", "is_warned"),
    [
        ("closes", ("abort", "019306a1-7d1e-7c3a-9c8e-2f0a1b2c3d4e"), True),
        ("resets in the body", ("pause",), True),
        ("closes", ("waits",), False),
    ],
)
def test_a_change_whose_answer_was_lost_may_have_been_made(
    service: str, words: tuple[str, ...], is_warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with behaving(SHORT_LIVED[service][0]) as url:
        _, err = ended(words, url, capsys)
    _, away = ended(words, "http://127.0.0.1:1", capsys)

    assert ("It may have done what the command says" in err) is is_warned
    assert "may have done" not in away
