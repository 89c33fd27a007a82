"""An HTTP client for configured URLs: it connects only to the configured host.

A name is resolved once, all its addresses are checked, and the connection goes to a checked address. So the owner of
the name cannot give a public address to the check and a private one to the connection (DNS rebinding). TLS still
verifies the certificate for the name. Redirects are not followed: a redirect is a second URL that nobody configured.
Proxies of the environment are not used: a proxy would resolve the name again. Connections are not kept: another name
with the same address could use the connection.
"""

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import httpx

from orchestrator_gql.outbound.addresses import is_public
from orchestrator_gql.utils.errors import OrchestratorError

SECONDS = 10.0
"""Seconds for a request, from the resolution of the name to the end of the response."""

MOST_BYTES = 64 * 1024
"""The most bytes that are read of a response."""

BODY_SECONDS = 3.0
"""Seconds for the body of a refusal: its status counts, also if its text comes byte by byte or never."""

RESOLVERS = 64
"""The most names that are resolved at the same time: a resolver that hangs must not delay other names."""

VERBOSE_LOGGERS = ("httpx", "httpcore")
"""These loggers write URLs and headers at INFO and DEBUG, and both may be secret here."""


class NotReached(OrchestratorError):
    """The receiver cannot be reached."""

    code = "not-reached"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """The response; ``text`` is the beginning of its body if the status is not 2xx, and empty otherwise."""

    status: int
    headers: Mapping[str, str]
    text: str


class HttpClient:
    """The client of one server; between two requests it keeps only the trusted certificates."""

    def __init__(self) -> None:
        for name in VERBOSE_LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)
        self._tls = ssl.create_default_context()
        self._resolvers = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolve")

    def close(self) -> None:
        """Stop the threads, without waiting for a resolver that hangs."""
        self._resolvers.shutdown(wait=False, cancel_futures=True)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, allow_private: bool) -> HttpResponse:
        """Send the body. Raises `NotReached` with the reason, without secrets, if there is no response."""
        try:
            async with asyncio.timeout(SECONDS):
                target = httpx.URL(url)
                addresses = await self._resolve(target)
                if not allow_private and not all(map(is_public, addresses)):
                    raise NotReached("Its name leads to an address that is not of the internet, which is refused.")
                return await self._send(target, addresses, body, headers)
        except TimeoutError:
            raise NotReached(f"It did not answer within {SECONDS:.0f} seconds.") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            # Not the text of the error: some errors quote the URL.
            raise NotReached(f"It could not be spoken to: {_reason(error)}.") from None

    async def _resolve(self, url: httpx.URL) -> list[str]:
        find = partial(
            socket.getaddrinfo, url.raw_host.decode("ascii"), url.port or _port(url), type=socket.SOCK_STREAM
        )
        try:
            results = await asyncio.get_running_loop().run_in_executor(self._resolvers, find)
        except (socket.gaierror, UnicodeError):
            raise NotReached("Its name cannot be resolved.") from None
        return list(dict.fromkeys(str(address[0]) for *_, address in results))

    async def _send(
        self, url: httpx.URL, addresses: list[str], body: bytes, headers: Mapping[str, str]
    ) -> HttpResponse:
        """Send the body to the first address that accepts a connection."""
        own_headers = {**headers, "host": url.netloc.decode("ascii"), "accept-encoding": "identity"}
        extensions = {"sni_hostname": url.raw_host.decode("ascii")}
        async with httpx.AsyncClient(verify=self._tls, trust_env=False, timeout=SECONDS) as http:
            for number, address in enumerate(addresses, start=1):
                address_url = url.copy_with(host=address)
                try:
                    async with http.stream(
                        "POST", address_url, content=body, headers=own_headers, extensions=extensions
                    ) as response:
                        text = "" if response.is_success else await _beginning(response)
                        return HttpResponse(response.status_code, response.headers, text)
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    if number == len(addresses):
                        raise
        raise NotReached


def _port(url: httpx.URL) -> int:
    return 443 if url.scheme == "https" else 80


async def _beginning(response: httpx.Response) -> str:
    """The beginning of the body, not decompressed: a small compressed body may be huge."""
    content = bytearray()
    with suppress(httpx.HTTPError, TimeoutError):  # only the status matters
        async with asyncio.timeout(BODY_SECONDS):
            async for part in response.aiter_raw():
                content += part
                if len(content) >= MOST_BYTES:
                    break
    return bytes(content[:MOST_BYTES]).decode("utf-8", "replace")


def _reason(error: Exception) -> str:
    """The reason by the type of the error, or of its cause if the connection was refused or TLS failed."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not good ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return "TLS failed"
        if isinstance(cause, OSError) and cause.errno is not None:
            return os.strerror(cause.errno).lower()
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
