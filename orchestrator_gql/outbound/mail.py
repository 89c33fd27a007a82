"""A notification as a mail of plain text."""

import asyncio
import os
import socket
import ssl
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

from orchestrator_gql.config.notifications import Smtp
from orchestrator_gql.outbound.send_result import SHOWN, Answer
from orchestrator_gql.utils.json.text import preview

if TYPE_CHECKING:
    import aiosmtplib

SECONDS = 10.0
"""What the server may take for each answer; there are some seven of them."""

LONGEST = 70.0
"""Seconds for all the answers together: a notification is another server's again after two minutes."""

GOODBYE = 1.0
"""Seconds for the answer to QUIT: the mail is taken, or refused, already."""

CONNECTIONS = 4
"""Mails that are sent at once: they all go to one server."""

LONGEST_SUBJECT = 200


def written(smtp: Smtp, *, to: str, id: str, subject: str, text: str, now: datetime) -> EmailMessage:
    """The mail. ``id`` makes the Message-ID, so that mail programs show a second copy once."""
    mail = EmailMessage()
    mail["From"], mail["To"] = smtp.sender, to
    mail["Subject"] = preview(in_one_line(subject), LONGEST_SUBJECT)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{id}@{smtp.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence note is sent back
    mail.set_content(text)
    return mail


def in_one_line(text: str) -> str:
    r"""The text without what ends a line or steers a terminal: a title must not begin another header.

    >>> in_one_line("Confirm\r\nBcc: everybody@example.org")
    'Confirm Bcc: everybody@example.org'
    """
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


class Mailer:
    """Sends mails to one mail server, a few at a time, each over a connection of its own."""

    def __init__(self, smtp: Smtp) -> None:
        self._smtp = smtp
        self._free_connections = asyncio.Semaphore(CONNECTIONS)

    async def send(self, mail: EmailMessage) -> Answer:
        """Hand the mail to the mail server. If this is cancelled, the connection is closed at once."""
        import aiosmtplib  # a megabyte that only a server with a mail server needs

        async with self._free_connections:
            client = aiosmtplib.SMTP(
                hostname=self._smtp.host,
                port=self._smtp.port,
                username=self._smtp.user,
                password=self._smtp.password.get_secret_value() if self._smtp.password else None,
                timeout=SECONDS,
                use_tls=self._smtp.security == "tls",
                start_tls=self._smtp.security == "starttls",
            )
            try:
                answer = await _handed_over(client, mail, self._smtp.security)
                with suppress(aiosmtplib.SMTPException, OSError):  # what is answered to a goodbye unsends no mail
                    await client.quit(timeout=GOODBYE)
            finally:
                client.close()
            return answer


async def _handed_over(client: "aiosmtplib.SMTP", mail: EmailMessage, security: str) -> Answer:
    import aiosmtplib

    try:
        async with asyncio.timeout(LONGEST):
            await client.connect(local_hostname=await asyncio.to_thread(_own_name))
            await client.send_message(mail)
    except aiosmtplib.SMTPAuthenticationError as error:  # its words may repeat what was sent
        return Answer(error.code, "The mail server did not take the user and the password.")
    except aiosmtplib.SMTPRecipientsRefused as error:
        refusal = error.recipients[0]
        # RFC 5321, 4.2.1: 5yz is for good.
        return Answer(refusal.code, _refusal(refusal), is_final=refusal.code >= 500)
    except aiosmtplib.SMTPResponseException as error:
        return Answer(error.code if error.code > 0 else None, _refusal(error))  # -1: the answer was no answer of SMTP
    except OSError as error:
        return Answer(error=f"The mail server could not be spoken to: {_words(error)}.")
    except aiosmtplib.SMTPNotSupported:
        return Answer(error="The mail server takes no address with letters beyond ASCII.")
    except aiosmtplib.SMTPException:  # what remains are the extensions that the server lacks
        return Answer(error=f"The mail server cannot do what is asked: {security}, or a sign-in.")
    return Answer(250)


def _own_name() -> str:
    """What EHLO says of this machine: its full name, or else its address (RFC 5321, section 4.1.3).

    Many mail servers refuse a name without a dot, such as that of a container.
    """
    name = socket.getfqdn()
    if "." in name:
        return name
    try:
        return f"[{socket.gethostbyname(socket.gethostname())}]"
    except OSError:
        return "[127.0.0.1]"


def _refusal(error: "aiosmtplib.SMTPResponseException") -> str:
    # The text is the server's: bytes that are no UTF-8 came as lone surrogates, which no database stores.
    text = error.message.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    code = error.code if error.code > 0 else "what is no answer of SMTP"
    return preview(f"The mail server answered {code}: {in_one_line(text)}", SHOWN)


def _words(error: OSError) -> str:
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if isinstance(error, TimeoutError) or isinstance(cause, TimeoutError):
        return "it took too long"
    if isinstance(cause, ssl.SSLError | socket.gaierror) and cause.strerror:
        return cause.strerror.lower()
    if cause.errno:
        return os.strerror(cause.errno).lower()
    return "the connection broke off"
