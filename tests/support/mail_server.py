"""A mail server as a test plays it: enough of SMTP (RFC 5321) to take mails, over a real socket."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

HANG = b""
"""As an answer: nothing is answered, and the connection stays open."""

DROP = b"drop"
"""As an answer: the connection is closed without a word."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that was taken: its envelope, and itself."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail as a mail program reads it."""
        found = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found


@dataclass(slots=True)
class MailServer:
    """What came so far; ``refusals`` are given to the next recipients, in order.

    ``answers`` are given to a command instead of what it deserves, each time; `CONNECT` is the greeting, `BODY` the end
    of the mail. ``certificate`` is shown after STARTTLS, or from the beginning if ``is_tls``.
    """

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    refusals: list[bytes] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    answers: Mapping[str, bytes] = field(default_factory=dict)
    certificate: ssl.SSLContext | None = None
    is_tls: bool = False
    login: tuple[str, str] | None = None
    logged_in: list[bool] = field(default_factory=list)
    """Of each mail: whether its sender had signed in, over a line that was encrypted."""
    connections: int = 0
    most_connections: int = 0
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    """A client waits for an answer that does not come."""
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """A client has gone."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client."""
        self.connections += 1
        self.most_connections = max(self.most_connections, self.connections)
        try:
            await _Talk(self, reader, writer).run()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass  # whoever sent has gone
        finally:
            self.connections -= 1
            self.left.set()
            writer.close()


class _Talk:
    """One connection."""

    def __init__(self, server: MailServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._sender, self._recipients = "", list[str]()
        self._is_encrypted, self._is_signed_in = server.is_tls, False

    async def run(self) -> None:
        if not await self._answer("CONNECT", b"220 ready"):
            return
        while line := await self._reader.readline():
            text = line.decode().strip()
            self._server.heard.append(text)
            verb = text.partition(" ")[0].partition(":")[0].upper()
            goes_on = await self._answer(verb, self._deserved(verb, text))
            if not goes_on or (verb == "QUIT" and not self._server.silent.is_set()):
                return
            if verb == "DATA" and "DATA" not in self._server.answers:
                raw = (await self._reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                self._server.mails.append(Mail(self._sender, tuple(self._recipients), raw))
                self._server.logged_in.append(self._is_signed_in and self._is_encrypted)
                if not await self._answer("BODY", b"250 taken"):
                    return
            if verb == "STARTTLS" and self._server.certificate:
                await self._writer.start_tls(self._server.certificate)
                self._is_encrypted = True

    def _deserved(self, verb: str, text: str) -> bytes:
        match verb:
            case "EHLO" | "HELO":
                lines = [b"here", b"8BITMIME"]
                lines += [b"STARTTLS"] if self._server.certificate and not self._is_encrypted else []
                lines += [b"AUTH PLAIN"] if self._server.login else []
                return b"\r\n".join(b"250-" + each for each in lines) + b"\r\n250 HELP"
            case "AUTH":
                given = base64.b64decode(text.rpartition(" ")[2]).decode().split("\0")[1:]
                self._is_signed_in = tuple(given) == self._server.login
                return b"235 welcome" if self._is_signed_in else b"535 not " + " ".join(given).encode()
            case "MAIL":
                self._sender = text.partition("<")[2].partition(">")[0]
            case "RCPT":
                if self._server.refusals:
                    return self._server.refusals.pop(0)
                self._recipients.append(text.partition("<")[2].partition(">")[0])
            case "DATA":
                return b"354 go on"
            case "QUIT":
                return b"221 bye"
            case "STARTTLS" if self._server.certificate:
                return b"220 go on"
            case "RSET":
                pass
            case _:
                return b"502 what"
        return b"250 fine"

    async def _answer(self, verb: str, deserved: bytes) -> bool:
        """Whether the talk goes on."""
        answer = self._server.answers.get(verb, deserved)
        if answer == DROP:
            return False
        if answer == HANG:
            self._server.silent.set()
            return True
        self._writer.write(answer + b"\r\n")
        await self._writer.drain()
        return True


@asynccontextmanager
async def mail_server(
    *refusals: bytes,
    answers: Mapping[str, bytes] | None = None,
    certificate: ssl.SSLContext | None = None,
    is_tls: bool = False,
    login: tuple[str, str] | None = None,
) -> AsyncIterator[MailServer]:
    """A mail server on a free port of this machine."""
    served = MailServer(
        refusals=list(refusals), answers=answers or {}, certificate=certificate, is_tls=is_tls, login=login
    )
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0, ssl=certificate if is_tls else None)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        await server.wait_closed()
