"""An HTTP client for URLs that somebody typed into a configuration: it goes there, and nowhere else.

A name is resolved once, every address it has is checked, and the connection is made to a checked address: whoever
controls the name cannot answer with a public address to the check and with a private one to the connection (DNS
rebinding). TLS still speaks to the name, so the certificate must be the name's. There are no redirects, which would be
a second URL that nobody typed; no proxy of the environment, which would resolve the name anew; and no connection that
is kept, which would be another name's at the same address.
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
"""What a request may take, from the name's resolution to the answer's end."""

MOST_BYTES = 64 * 1024
"""What is read of an answer."""

RESOLVERS = 64
"""Names that are resolved at once: a resolver that hangs over one of them must not hold up the others."""

TALKATIVE = ("httpx", "httpcore")
"""They log URLs and headers, which are secrets here, at INFO and DEBUG."""


class NotReached(OrchestratorError):
    """The receiver cannot be reached."""

    code = "not-reached"


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer; ``text`` is its beginning where it is a refusal, and empty otherwise."""

    status: int
    headers: Mapping[str, str]
    text: str


class HttpClient:
    """One server's; it keeps nothing between two requests but what TLS trusts."""

    def __init__(self) -> None:
        for name in TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
        self._tls = ssl.create_default_context()
        self._resolvers = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolve")

    def close(self) -> None:
        """Let go of the threads, without waiting for a resolver that hangs."""
        self._resolvers.shutdown(wait=False, cancel_futures=True)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, allow_private: bool) -> Answered:
        """Send the body; `NotReached` says in words that hold no secret why no answer came."""
        try:
            async with asyncio.timeout(SECONDS):
                asked = httpx.URL(url)
                addresses = await self._resolved(asked)
                if not allow_private and not all(map(is_public, addresses)):
                    raise NotReached("Its name leads to an address that is not of the internet, which is refused.")
                return await self._sent(asked, addresses, body, headers)
        except TimeoutError:
            raise NotReached(f"It did not answer within {SECONDS:.0f} seconds.") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            # Not the error's own words: of some they quote the URL.
            raise NotReached(f"It could not be spoken to: {_words(error)}.") from None

    async def _resolved(self, url: httpx.URL) -> list[str]:
        find = partial(
            socket.getaddrinfo, url.raw_host.decode("ascii"), url.port or _port(url), type=socket.SOCK_STREAM
        )
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._resolvers, find)
        except (socket.gaierror, UnicodeError):
            raise NotReached("Its name cannot be resolved.") from None
        return list(dict.fromkeys(str(place[0]) for *_, place in found))

    async def _sent(self, url: httpx.URL, addresses: list[str], body: bytes, headers: Mapping[str, str]) -> Answered:
        """Send it to the first address that takes a connection."""
        own = {**headers, "host": url.netloc.decode("ascii"), "accept-encoding": "identity"}
        name = {"sni_hostname": url.raw_host.decode("ascii")}
        async with httpx.AsyncClient(verify=self._tls, trust_env=False, timeout=SECONDS) as http:
            for number, address in enumerate(addresses, start=1):
                place = url.copy_with(host=address)
                try:
                    async with http.stream("POST", place, content=body, headers=own, extensions=name) as answer:
                        text = "" if answer.is_success else await _beginning(answer)
                        return Answered(answer.status_code, answer.headers, text)
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    if number == len(addresses):
                        raise
        raise NotReached


def _port(url: httpx.URL) -> int:
    return 443 if url.scheme == "https" else 80


async def _beginning(answer: httpx.Response) -> str:
    """What a refusal says: as it came, for what is small when packed may be huge."""
    read = bytearray()
    with suppress(httpx.HTTPError):  # the status is what counts
        async for part in answer.aiter_raw():
            read += part
            if len(read) >= MOST_BYTES:
                break
    return bytes(read[:MOST_BYTES]).decode("utf-8", "replace")


def _words(error: Exception) -> str:
    """What happened, by the error's own type and, where a connection was refused or TLS failed, the cause's."""
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
