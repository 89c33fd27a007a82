"""Why a server does not answer, in a sentence with the fix: the errors of libraries are for programmers."""

import errno
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from orchestrator_gql.cli.certificates import distrust
from orchestrator_gql.cli.credentials import shown

PROBE_SECONDS = 2.0
"""The time to find out whether a server speaks TLS, or HTTP without TLS."""

TLS_CAUGHT_HTTP = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"})
"""The reasons of OpenSSL if the other side does not speak TLS."""

PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")

ERRNOS = {
    errno.ECONNREFUSED: "nothing listens at this address: is the server running, and is the port right?",
    errno.EHOSTUNREACH: "there is no route to this machine: is the network up, is a VPN needed?",
    errno.ENETUNREACH: "there is no route to this network: is the network up, is a VPN needed?",
    errno.EHOSTDOWN: "this machine is down, or not in this network.",
    errno.EACCES: "this machine forbids the connection: a firewall may do so.",
    errno.EPERM: "this machine forbids the connection: a firewall may do so.",
    errno.EADDRNOTAVAIL: "this machine cannot use the address.",
}
BROKEN = "the connection broke before the answer had come: the server may have been stopped. Try again."
SILENT = "it closed the connection without an answer. If it is starting or stopping, try again."
FOREIGN = "something at this address does not speak HTTP/1.1, so it is no orchestrator."
NO_TIME = "no answer came in time. Is the address right, does a firewall drop the packets, is the server overloaded?"
HTTP_2 = "it speaks HTTP/2 only, and this command speaks HTTP/1.1: let the proxy of the server allow both."


SETTINGS = b"\x04\x00"
"""The kind and the flags of the frame with which every HTTP/2 connection begins."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the server did not answer; a lasting reason stays until a person changes something."""

    text: str
    is_lasting: bool = False


def reason_of(url: str, error: BaseException) -> Reason:
    """The reason of the error of a library that called the server with this base URL."""
    is_tls = urlsplit(url).scheme == "https"
    if distrusted := distrust(error):
        return Reason(f"{distrusted}.", is_lasting=True)
    chain = list(_chain(error))
    if is_tls and (found := _of_tls(url, chain)):
        return found
    if any(isinstance(each, socket.gaierror) for each in chain):
        return Reason(_of_name(url, chain) + _proxy())
    numbers = [each.errno for each in chain if isinstance(each, OSError) and each.errno in ERRNOS]
    if numbers:
        return Reason(ERRNOS[numbers[0]] + _proxy())
    names = {type(each).__name__ for each in chain}
    if "ConnectTimeout" in names or any(isinstance(each, TimeoutError) for each in chain) or "ReadTimeout" in names:
        return Reason(NO_TIME + _proxy())
    if not is_tls and speaks_tls(url):
        return Reason(other_scheme(url), is_lasting=True)
    return _of_answer(url, chain)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and its causes; of several tries, such as of IPv4 and IPv6, those of each."""
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        for each in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
            yield from _chain(each)
        error = error.__cause__ or error.__context__


def _of_tls(url: str, chain: list[BaseException]) -> Reason | None:
    refused = next((each for each in chain if isinstance(each, ssl.SSLError)), None)
    if refused is None:
        return None
    reason = refused.reason or ""
    if reason in TLS_CAUGHT_HTTP:
        return Reason(
            other_scheme(url) if _first_bytes(url, is_plain=True)[:5] == b"HTTP/" else FOREIGN, is_lasting=True
        )
    if "NO_APPLICATION_PROTOCOL" in reason:
        return Reason(HTTP_2, is_lasting=True)
    if isinstance(refused, ssl.SSLEOFError) or not reason:
        return Reason("it ended the TLS handshake without an answer: is this the port for https?")
    words = reason.lower().replace("_", " ")
    return Reason(f"TLS could not be agreed with it ({words}): is this the port for https?", is_lasting=True)


def _of_name(url: str, chain: list[BaseException]) -> str:
    error = next(each for each in chain if isinstance(each, socket.gaierror))
    host = urlsplit(url).hostname or ""
    if error.errno == socket.EAI_AGAIN:
        return f"the name {host!r} cannot be looked up now: is the network up, and is the name right?"
    return f"there is no machine with the name {host!r}: is the name right?"


def _of_answer(url: str, chain: list[BaseException]) -> Reason:
    """The reason of an error about the answer. The libraries hardly tell them apart, so it is looked at once more."""
    names = {type(each).__name__ for each in chain}
    if "DecodingError" in names:
        return Reason("its answer is compressed in a way that cannot be read: a proxy may damage it.", is_lasting=True)
    start = _first_bytes(url)
    if start[:2] == b"\x00\x00" and start[3:5] == SETTINGS:
        return Reason(HTTP_2, is_lasting=True)
    if start and start[:5] != b"HTTP/":
        return Reason(FOREIGN, is_lasting=True)
    words = " ".join(str(each) for each in chain)
    is_silent = "disconnected without" in words or "EOFError" in names
    return Reason(SILENT if is_silent else BROKEN)


def other_scheme(url: str) -> str:
    """The sentence for a server that speaks TLS at an address with http, or no TLS at an address with https."""
    scheme, _, rest = shown(url).partition("://")
    right = "http" if scheme == "https" else "https"
    return f"it speaks {right} there, not {scheme}: give {right}://{rest}."


def speaks_tls(url: str) -> bool:
    """Whether the server at this address of http answers a TLS handshake."""
    with suppress(OSError, ValueError), _connected(url) as plain, _unverified().wrap_socket(plain):
        return True
    return False


def _first_bytes(url: str, *, is_plain: bool = False) -> bytes:
    """What the server says first to a plain request of HTTP/1.1; empty if it says nothing."""
    is_tls = urlsplit(url).scheme == "https" and not is_plain
    with (
        suppress(OSError, ValueError),
        _connected(url) as plain,
        _unverified().wrap_socket(plain) if is_tls else nullcontext(plain) as connection,
    ):
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return connection.recv(9)
    return b""


def _unverified() -> ssl.SSLContext:
    """For a look at what a server speaks: nothing secret is sent, and nothing is believed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return socket.create_connection((parts.hostname or "", port), timeout=PROBE_SECONDS)


def _proxy() -> str:
    """The sentence about a proxy of the environment, which explains an address that only the proxy can reach."""
    name = next((name for name in PROXIES if os.environ.get(name, "").strip()), None)
    return f" ({name} is set, but this command never uses a proxy.)" if name else ""
