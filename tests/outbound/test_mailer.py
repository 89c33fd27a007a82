"""Mails go to a real mail server: encrypted as configured, with its refusals in words, within limits of time."""

import asyncio
import ssl
import subprocess
import sys
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from support.certificates import write_certificate
from support.mail_server import DROP, HANG, MailServer, mail_server

from orchestrator_gql.config.notifications import Smtp
from orchestrator_gql.outbound import mail as mails
from orchestrator_gql.outbound.mail import CONNECTIONS, Mailer, compose
from orchestrator_gql.outbound.send_result import SendResult

NOW = datetime(2026, 3, 2, tzinfo=UTC)
LOGIN = ("bot", "hush\u00fchush")


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of ``localhost``, with its key in the same file."""
    return write_certificate(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture
def certificate(pem: Path) -> ssl.SSLContext:
    """The TLS context of a mail server with the certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return context


@pytest.fixture
def trusted(pem: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine trusts the certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))


def setting(server: MailServer | int, **more: Any) -> Smtp:
    """The setting of the mail server."""
    port = server if isinstance(server, int) else server.port
    return Smtp(**{"host": "localhost", "port": port, "sender": "bot@corp.example", "security": "none"} | more)


def mail_of(smtp: Smtp, to: str = "noc@teams.example", text: str = ".\nWie g\u00fcnstig\n..\n") -> EmailMessage:
    """A mail with lines that SMTP must escape."""
    return compose(smtp, to=to, id="1f", subject="A form waits", text=text, now=NOW)


async def sent(smtp: Smtp, **more: Any) -> SendResult:
    """The result of sending a mail."""
    return await Mailer(smtp).send(mail_of(smtp, **more))


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_mail_and_a_password_go_over_an_encrypted_line(certificate: ssl.SSLContext, security: str) -> None:
    async with mail_server(certificate=certificate, is_tls=security == "tls", login=LOGIN) as server:
        result = await sent(setting(server, security=security, user=LOGIN[0], password=LOGIN[1]))

    assert result == SendResult(250)
    (mail,) = server.mails
    assert server.logged_in == [True]
    assert mail.recipients == ("noc@teams.example",)
    assert mail.message.get_content().replace("\r\n", "\n") == ".\nWie g\u00fcnstig\n..\n"
    assert server.heard[-1] == "QUIT"


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("wrong", ["issuer", "name"])
async def test_a_certificate_that_is_not_trusted_gets_no_mail_and_no_password(
    certificate: ssl.SSLContext, pem: Path, monkeypatch: pytest.MonkeyPatch, security: str, wrong: str
) -> None:
    if wrong == "name":
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    host = "127.0.0.1" if wrong == "name" else "localhost"
    async with mail_server(certificate=certificate, is_tls=security == "tls", login=LOGIN) as server:
        result = await sent(setting(server, host=host, security=security, user=LOGIN[0], password=LOGIN[1]))

    assert result.error is not None
    assert "certificate verify failed" in result.error
    assert (result.status, result.is_final, server.mails) == (None, False, [])
    assert [line for line in server.heard if line.startswith(("AUTH", "MAIL"))] == []


@pytest.mark.usefixtures("trusted")
async def test_a_wrong_password_is_not_repeated(certificate: ssl.SSLContext) -> None:
    async with mail_server(certificate=certificate, is_tls=True, login=LOGIN) as server:
        result = await sent(setting(server, security="tls", user="bot", password="wr0ng"))

    assert result == SendResult(535, "The mail server did not take the user and the password.")
    assert server.mails == []


NOT_SPOKEN = "The mail server could not be spoken to: "


@pytest.mark.parametrize(
    ("verb", "reply", "expected"),
    [
        ("CONNECT", b"421 too busy", SendResult(421, "The mail server answered 421: too busy")),
        ("CONNECT", b"554 not you", SendResult(554, "The mail server answered 554: not you")),
        ("MAIL", b"451 later", SendResult(451, "The mail server answered 451: later")),
        ("MAIL", b"550 not you", SendResult(550, "The mail server answered 550: not you")),
        ("RCPT", b"450 grey", SendResult(450, "The mail server answered 450: grey")),
        (
            "RCPT",
            b"550-no\r\n550 such user",
            SendResult(550, "The mail server answered 550: no such user", is_final=True),
        ),
        ("RCPT", b"421 bye", SendResult(421, "The mail server answered 421: bye")),
        ("DATA", b"452 full", SendResult(452, "The mail server answered 452: full")),
        ("BODY", b"554 spam", SendResult(554, "The mail server answered 554: spam")),
        ("BODY", b"554 \xff\x00\x1b[2J", SendResult(554, "The mail server answered 554: \ufffd [2J")),
        ("BODY", b"554 " + b"x" * 2000, SendResult(554, f"The mail server answered 554: {'x' * 469}\u2026")),
        ("MAIL", DROP, SendResult(error=f"{NOT_SPOKEN}the connection broke off.")),
        ("BODY", DROP, SendResult(error=f"{NOT_SPOKEN}the connection broke off.")),
        ("CONNECT", DROP, SendResult(error=f"{NOT_SPOKEN}the connection broke off.")),
        ("QUIT", b"500 no", SendResult(250)),
        ("QUIT", DROP, SendResult(250)),
    ],
)
async def test_a_refusal_is_stored_in_the_words_of_the_mail_server(
    verb: str, reply: bytes, expected: SendResult
) -> None:
    async with mail_server(answers={verb: reply}) as server:
        assert await sent(setting(server)) == expected


@pytest.mark.parametrize("reply", [b"HTTP/1.1 400 Bad Request", b"\xff\xfe\x00", b"-12 odd", b"x" * 50_000])
async def test_a_reply_that_is_not_smtp_is_a_temporary_failure_whose_text_can_be_stored(reply: bytes) -> None:
    async with mail_server(answers={"CONNECT": reply}) as server:
        result = await sent(setting(server))

    assert result.error is not None
    assert result.error.isprintable()
    assert len(result.error.encode()) < 1_000
    assert (result.status, result.is_final) == (None, False)


async def test_a_closed_port_is_a_connection_refused() -> None:
    async with mail_server() as server:
        pass

    assert await sent(setting(server)) == SendResult(error=f"{NOT_SPOKEN}connection refused.")


async def test_an_address_beyond_ascii_needs_a_server_that_accepts_it() -> None:
    async with mail_server() as server:
        result = await sent(setting(server), to="n\u00f6c@teams.example")

    assert result == SendResult(error="The mail server takes no address with letters beyond ASCII.")


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY"])
@pytest.mark.parametrize("limit", ["SECONDS", "LONGEST"])
async def test_a_mail_server_that_does_not_reply_is_left_after_the_limit(
    monkeypatch: pytest.MonkeyPatch, verb: str, limit: str
) -> None:
    monkeypatch.setattr(mails, limit, 0.2)
    async with mail_server(answers={verb: HANG}) as server:
        async with asyncio.timeout(8):  # the other limit is longer
            assert await sent(setting(server)) == SendResult(error=f"{NOT_SPOKEN}it took too long.")


async def test_a_quit_without_a_reply_does_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mails, "GOODBYE", 0.05)
    async with mail_server(answers={"QUIT": HANG}) as server:
        async with asyncio.timeout(5):
            assert await sent(setting(server)) == SendResult(250)


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "RCPT", "BODY", "QUIT"])
async def test_a_cancelled_mail_closes_its_connection_at_once(monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    monkeypatch.setattr(mails, "GOODBYE", 60.0)
    async with mail_server(answers={verb: HANG}) as server:
        task = asyncio.create_task(sent(setting(server)))
        async with asyncio.timeout(5):
            await server.silent.wait()
        task.cancel()
        async with asyncio.timeout(5):  # a reply may take ten seconds
            with pytest.raises(asyncio.CancelledError):
                await task
            await server.left.wait()


async def test_no_more_than_a_few_mails_are_sent_at_once() -> None:
    async with mail_server() as server:
        smtp = setting(server)
        mailer = Mailer(smtp)
        results = await asyncio.gather(*(mailer.send(mail_of(smtp, to=f"n{n}@teams.example")) for n in range(20)))

    assert results == [SendResult(250)] * 20
    assert len({mail.recipients for mail in server.mails}) == 20
    assert 1 < server.most_connections <= CONNECTIONS


@pytest.mark.parametrize(
    ("full", "address", "expected"),
    [
        ("mta.corp.example", "10.0.0.7", "mta.corp.example"),
        ("3f2a", "10.0.0.7", "[10.0.0.7]"),
        ("3f2a", None, "[127.0.0.1]"),
    ],
)
async def test_a_machine_without_a_full_name_greets_with_its_address(
    monkeypatch: pytest.MonkeyPatch, full: str, address: str | None, expected: str
) -> None:
    def resolve(_: str) -> str:
        if address is None:
            raise OSError
        return address

    async with mail_server() as server:
        monkeypatch.setattr("socket.getfqdn", lambda: full)
        monkeypatch.setattr("socket.gethostbyname", resolve)
        assert await sent(setting(server)) == SendResult(250)

    assert server.heard[0] == f"EHLO {expected}"


def test_a_server_without_a_mail_server_does_not_load_the_library() -> None:
    code = "import sys, orchestrator_gql.app, orchestrator_gql.notifications.channels as _; print(sys.modules.keys())"
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert "'orchestrator_gql.outbound.mail'" in output.stdout
    assert "aiosmtplib" not in output.stdout
