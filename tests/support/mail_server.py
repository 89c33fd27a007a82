"""A mail server for tests: enough of SMTP (RFC 5321) to receive mails, over a real socket."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

HANG = b""
"""As a reply: the server sends nothing, and the connection stays open."""

DROP = b"drop"
"""As a reply: the server closes the connection and sends nothing."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A received mail: its envelope and its bytes."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        message = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message


@dataclass(slots=True)
class MailServer:
    """The server and the mails so far; ``refusals`` are the replies to the next recipients, in order.

    ``answers`` replace the correct reply to a command, each time; `CONNECT` is the greeting, `BODY` the end of the
    mail. The server shows ``certificate`` after STARTTLS, or from the beginning if ``is_tls``.
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
    """For each mail: whether its sender had signed in over an encrypted connection."""
    connections: int = 0
    most_connections: int = 0
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client waits for a reply that does not come."""
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client has disconnected."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client."""
        self.connections += 1
        self.most_connections = max(self.most_connections, self.connections)
        try:
            await _Talk(self, reader, writer).run()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass  # the client has disconnected
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
            goes_on = await self._answer(verb, self._correct_reply(verb, text))
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

    def _correct_reply(self, verb: str, text: str) -> bytes:
        match verb:
            case "EHLO" | "HELO":
                lines = [b"here", b"8BITMIME"]
                lines += [b"STARTTLS"] if self._server.certificate and not self._is_encrypted else []
                lines += [b"AUTH PLAIN"] if self._server.login else []
                return b"\r\n".join(b"250-" + line for line in lines) + b"\r\n250 HELP"
            case "AUTH":
                credentials = base64.b64decode(text.rpartition(" ")[2]).decode().split("\0")[1:]
                self._is_signed_in = tuple(credentials) == self._server.login
                return b"235 welcome" if self._is_signed_in else b"535 not " + " ".join(credentials).encode()
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

    async def _answer(self, verb: str, correct: bytes) -> bool:
        """Send the reply; False if the connection is to be closed."""
        answer = self._server.answers.get(verb, correct)
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
    mails = MailServer(
        refusals=list(refusals), answers=answers or {}, certificate=certificate, is_tls=is_tls, login=login
    )
    server = await asyncio.start_server(mails.serve, "127.0.0.1", 0, ssl=certificate if is_tls else None)
    mails.port = server.sockets[0].getsockname()[1]
    try:
        yield mails
    finally:
        server.close()
        await server.wait_closed()
