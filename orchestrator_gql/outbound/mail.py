"""Composes mails of plain text and sends them over SMTP."""

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
from orchestrator_gql.outbound.send_result import SHOWN, SendResult
from orchestrator_gql.utils.json.text import in_one_line, preview

if TYPE_CHECKING:
    import aiosmtplib

SECONDS = 10.0
"""Seconds for each reply of the mail server; a mail takes some seven replies."""

LONGEST = 70.0
"""Seconds for all replies together: after two minutes another server may claim the notification."""

GOODBYE = 1.0
"""Seconds for the reply to QUIT: the mail is accepted or refused already."""

CONNECTIONS = 4
"""The most mails that are sent at the same time: they all go to one server."""

LONGEST_SUBJECT = 200


def compose(smtp: Smtp, *, to: str, id: str, subject: str, text: str, now: datetime) -> EmailMessage:
    """The mail. ``id`` makes the Message-ID, so that mail programs show two copies as one mail."""
    mail = EmailMessage()
    mail["From"], mail["To"] = smtp.sender, to
    mail["Subject"] = preview(in_one_line(subject), LONGEST_SUBJECT)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{id}@{smtp.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office reply is sent back
    mail.set_content(text)
    return mail


class Mailer:
    """Sends mails to one mail server, some at the same time, each over its own connection."""

    def __init__(self, smtp: Smtp) -> None:
        self._smtp = smtp
        self._free_connections = asyncio.Semaphore(CONNECTIONS)

    async def send(self, mail: EmailMessage) -> SendResult:
        """Hand the mail to the mail server. On cancellation the connection is closed at once."""
        import aiosmtplib  # takes a megabyte, which only an installation with a mail server needs

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
                result = await _hand_over(client, mail, self._smtp.security)
                with suppress(aiosmtplib.SMTPException, OSError):  # the reply to QUIT does not change the result
                    await client.quit(timeout=GOODBYE)
            finally:
                client.close()
            return result


async def _hand_over(client: "aiosmtplib.SMTP", mail: EmailMessage, security: str) -> SendResult:
    import aiosmtplib

    try:
        async with asyncio.timeout(LONGEST):
            await client.connect(local_hostname=await asyncio.to_thread(_own_name))
            await client.send_message(mail)
    except aiosmtplib.SMTPAuthenticationError as error:  # its text may repeat the credentials
        return SendResult(error.code, "The mail server did not take the user and the password.")
    except aiosmtplib.SMTPRecipientsRefused as error:
        refusal = error.recipients[0]
        # RFC 5321, 4.2.1: 5yz is permanent.
        return SendResult(refusal.code, _refusal(refusal), is_final=refusal.code >= 500)
    except aiosmtplib.SMTPResponseException as error:
        return SendResult(error.code if error.code > 0 else None, _refusal(error))  # -1: the reply was no SMTP reply
    except OSError as error:
        return SendResult(error=f"The mail server could not be spoken to: {_reason(error)}.")
    except aiosmtplib.SMTPNotSupported:
        return SendResult(error="The mail server takes no address with letters beyond ASCII.")
    except aiosmtplib.SMTPException:  # the other errors are missing extensions of the server
        return SendResult(error=f"The mail server cannot do what is asked: {security}, or a sign-in.")
    return SendResult(250)


def _own_name() -> str:
    """The name in EHLO: the full name of this machine, or else its address (RFC 5321, section 4.1.3).

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
    # The text comes from the server: invalid UTF-8 arrives as lone surrogates, which no database stores.
    text = error.message.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    code = error.code if error.code > 0 else "what is no answer of SMTP"
    return preview(f"The mail server answered {code}: {in_one_line(text)}", SHOWN)


def _reason(error: OSError) -> str:
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if isinstance(error, TimeoutError) or isinstance(cause, TimeoutError):
        return "it took too long"
    if isinstance(cause, ssl.SSLError | socket.gaierror) and cause.strerror:
        return cause.strerror.lower()
    if cause.errno:
        return os.strerror(cause.errno).lower()
    return "the connection broke off"
