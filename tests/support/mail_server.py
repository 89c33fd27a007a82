"""A mail server as a test plays it: enough of SMTP (RFC 5321) to take mails, over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


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
    """What came so far; ``refusals`` are given to the next recipients, in order."""

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    refusals: list[bytes] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client."""
        sender, recipients = "", list[str]()
        writer.write(b"220 ready\r\n")
        try:
            while line := await reader.readline():
                said = line.decode().strip()
                self.heard.append(said)
                match said.partition(" ")[0].partition(":")[0].upper():
                    case "EHLO" | "HELO":
                        writer.write(b"250-here\r\n250 8BITMIME\r\n")
                    case "MAIL":
                        sender = said.partition("<")[2].partition(">")[0]
                        writer.write(b"250 fine\r\n")
                    case "RCPT":
                        refusal = self.refusals.pop(0) if self.refusals else None
                        if refusal is None:
                            recipients.append(said.partition("<")[2].partition(">")[0])
                        writer.write((refusal or b"250 fine") + b"\r\n")
                    case "DATA":
                        writer.write(b"354 go on\r\n")
                        raw = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                        self.mails.append(Mail(sender, tuple(recipients), raw))
                        writer.write(b"250 taken\r\n")
                    case "QUIT":
                        writer.write(b"221 bye\r\n")
                        break
                    case "RSET":
                        writer.write(b"250 fine\r\n")
                    case _:
                        writer.write(b"502 what\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # whoever sent has gone
        finally:
            writer.close()


@asynccontextmanager
async def mail_server(*refusals: bytes) -> AsyncIterator[MailServer]:
    """A mail server on a free port of this machine."""
    served = MailServer(refusals=list(refusals))
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        await server.wait_closed()
