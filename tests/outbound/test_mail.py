"""A real mail server delivers the input requests of a team to its address, on both databases."""

import logging
from pathlib import Path
from typing import Any

import pytest
from conftest import Offer
from pydantic import ConfigDict
from support.database import sqlite_url
from support.engine import Engine, engine_of
from support.mail_server import MailServer, mail_server
from support.operator import open_request
from support.outbox import outbox, reach

from orchestrator_gql import begin, inputstep
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import FormGenerator, NotificationStatus
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

PENDING, SENT, DEAD = NotificationStatus.PENDING, NotificationStatus.SENT, NotificationStatus.DEAD
NOC = {"key": "NOC", "name": "Night\r\nwatch", "email": "noc@teams.example"}
DESK = {"key": "DESK", "email": "desk@teams.example"}
TITLE = "Confirm\r\nBcc: everybody@evil.example\r\n\r\nand more"


class Hostile(FormPage):
    model_config = ConfigDict(title=TITLE)

    minutes: int = 30


@inputstep("Confirm", assignee=Assignee("NOC"), due=3600, remind=1800)
def ask() -> FormGenerator:
    answer = yield Hostile
    return {"minutes": answer.minutes}


@workflow("Maintain")
def maintain() -> Any:
    return begin >> ask


def smtp(server: MailServer, **more: Any) -> dict[str, Any]:
    """The setting of the mail server."""
    return {"host": "127.0.0.1", "port": server.port, "sender": "bot@corp.example", "security": "none", **more}


async def start_and_open(engine: Engine) -> Any:
    """Start a process and return its open input request."""
    process_id = await engine.start(maintain)
    return await open_request(engine, process_id)


async def test_a_team_receives_its_input_requests_by_mail_and_a_title_adds_no_header(offer: Offer) -> None:
    async with mail_server() as server:
        engine = await offer(maintain, teams=(NOC, DESK), smtp=smtp(server))
        request = await start_and_open(engine)
        await reach(engine, SENT)
        engine.turn(1800)
        sent = await reach(engine, SENT, 2)

    first, second = (mail.message for mail in server.mails)
    assert {mail.recipients for mail in server.mails} == {("noc@teams.example",)}
    assert {mail.sender for mail in server.mails} == {"bot@corp.example"}
    assert first["Subject"].strip() == "Please answer: Confirm Bcc: everybody@evil.example and more (maintain)"
    assert second["Subject"].strip().startswith("Still open: ")
    assert (first["Bcc"], first["To"], first["From"]) == (None, "noc@teams.example", "bot@corp.example")
    assert sorted(first.keys()) == sorted(
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "Content-Type",
            "Content-Transfer-Encoding",
            "MIME-Version",
        ]
    )
    assert first["Message-ID"] == f"<{sent[0].id}@corp.example>"
    text = first.get_content()
    link = f"{engine.runtime.settings.base_url}/processes/{request.process_id}"
    assert text.splitlines() == [
        "A process waits for an answer of Night watch.",
        "",
        "  What:     Confirm Bcc: everybody@evil.example and more",
        "  Workflow: maintain",
        "  Due:      2026-03-02 10:00 UTC",
        "",
        "Read it and answer it here:",
        "",
        f"  {link}",
    ]
    assert {notification.target for notification in sent} == {"mail:NOC"}


async def test_a_busy_mail_server_is_tried_again_until_it_refuses(offer: Offer) -> None:
    async with mail_server(b"451 come back later", b"550 no such user") as server:
        engine = await offer(maintain, teams=(NOC,), smtp=smtp(server))
        await start_and_open(engine)
        (pending,) = await reach(engine, PENDING, tries=1)
        engine.turn(5)
        (dead,) = await reach(engine, DEAD)

    assert pending.last_error == "The mail server answered 451: come back later"
    assert [(attempt.status, attempt.error) for attempt in dead.log] == [
        (451, "The mail server answered 451: come back later"),
        (550, "The mail server answered 550: no such user"),
    ]
    assert server.mails == []


async def test_no_mail_and_no_password_go_over_a_line_that_cannot_be_encrypted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with mail_server() as server:
        settings = smtp(server, security="starttls", user="bot", password="hushhush")
        async with engine_of(sqlite_url(tmp_path), maintain, teams=(NOC,), smtp=settings) as engine:
            await start_and_open(engine)
            (pending,) = await reach(engine, PENDING, tries=1)
            shown = repr(engine.runtime.settings)

    assert pending.last_error == "The mail server cannot do what is asked: starttls, or a sign-in."
    assert server.heard != []
    assert (server.mails, [line for line in server.heard if line.startswith(("AUTH", "MAIL"))]) == ([], [])
    assert "hushhush" not in shown + caplog.text + repr(pending)


async def test_a_team_without_an_address_and_a_server_without_a_mail_server_mail_nobody(tmp_path: Path) -> None:
    async with mail_server() as server:
        for settings in ({"teams": ({"key": "NOC"},), "smtp": smtp(server)}, {"teams": (NOC,)}):
            async with engine_of(sqlite_url(tmp_path), maintain, **settings) as engine:
                await start_and_open(engine)
                stored = await outbox(engine)

    assert (stored, server.heard) == ([], [])
