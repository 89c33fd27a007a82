"""A notification as a mail of plain text."""

import asyncio
import smtplib
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from orchestrator_gql.config.notifications import Smtp
from orchestrator_gql.outside.answers import SHOWN, Answer
from orchestrator_gql.utils.json.text import preview

SECONDS = 10.0
"""What the server may take for each answer; there are some seven of them."""

THREADS = 4
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
    """One server's; smtplib blocks, so each mail has a thread while it is sent."""

    def __init__(self, smtp: Smtp) -> None:
        self._smtp = smtp
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mail")

    def close(self) -> None:
        """Let go of the threads, without waiting for a mail server that hangs."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def send(self, mail: EmailMessage) -> Answer:
        """Hand it to the mail server."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _handed_over, self._smtp, mail)


def _handed_over(smtp: Smtp, mail: EmailMessage) -> Answer:
    try:
        server = _connected(smtp)
        try:
            if smtp.user is not None:
                server.login(smtp.user, smtp.password.get_secret_value() if smtp.password else "")
            server.send_message(mail)
        finally:
            with suppress(smtplib.SMTPException, OSError):  # what is said to a goodbye unsends no mail
                server.quit()
    except smtplib.SMTPAuthenticationError as error:  # its words may repeat what was sent
        return Answer(error.smtp_code, "The mail server did not take the user and the password.")
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        return Answer(code, _refusal(code, said), is_final=code >= 500)  # RFC 5321, 4.2.1: for good
    except smtplib.SMTPResponseException as error:
        return Answer(error.smtp_code, _refusal(error.smtp_code, error.smtp_error))
    except smtplib.SMTPNotSupportedError:
        return Answer(error=f"The mail server cannot do what is asked: {smtp.security}, or a sign-in.")
    except (smtplib.SMTPException, OSError) as error:
        return Answer(error=f"The mail server could not be spoken to: {_words(error)}.")
    return Answer(250)


def _connected(smtp: Smtp) -> smtplib.SMTP:
    if smtp.security == "tls":
        return smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=SECONDS, context=ssl.create_default_context())
    server = smtplib.SMTP(smtp.host, smtp.port, timeout=SECONDS)
    if smtp.security == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _refusal(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return preview(f"The mail server answered {code}: {' '.join(text.split())}", SHOWN)


def _words(error: Exception) -> str:
    told = error.strerror if isinstance(error, OSError) else None
    return told.lower() if told else type(error).__name__
