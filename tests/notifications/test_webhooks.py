"""Webhooks, on both databases: signed, sent at least once, and without any secret."""

import logging
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import Offer
from pydantic import ConfigDict
from sqlalchemy import Connection
from support.database import sqlite_url
from support.engine import engine_of
from support.operator import ADA, confirm, open_request
from support.outbox import KEY, hook, reach
from support.receiver import Answer, receiving
from support.web import site_of

from orchestrator_gql import begin, inputstep, step
from orchestrator_gql.callbacks.signature import Proof, signature_fault
from orchestrator_gql.commands.notifications import resend_notification
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.config.notifications import Webhook
from orchestrator_gql.forms import FormPage
from orchestrator_gql.notifications import webhooks
from orchestrator_gql.notifications.sender import AT_ONCE
from orchestrator_gql.outbound import http_client
from orchestrator_gql.outbound.send_result import SHOWN
from orchestrator_gql.reads.audit import audit_list
from orchestrator_gql.security import LOCAL_OPERATOR, Permission, Principal
from orchestrator_gql.storage import events
from orchestrator_gql.storage.audit import AuditFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import Event, EventKind, FormGenerator, NotificationStatus, ProcessStatus, State
from orchestrator_gql.utils.errors import Forbidden, InvalidState, NotFound, ProcessFailureError
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

PENDING, SENT, DEAD = NotificationStatus.PENDING, NotificationStatus.SENT, NotificationStatus.DEAD
COMPLETED = ProcessStatus.COMPLETED
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Minutes(FormPage):
    model_config = ConfigDict(title="Choose a window")

    minutes: int = 30


@step("Prepare")
def prepare() -> State:
    return {"password": "swordfish"}


@inputstep("Choose a window", assignee=Assignee("NOC"), due=3600, remind=1800)
def choose() -> FormGenerator:
    answer = yield Minutes
    return {"minutes": answer.minutes}


@step("Break")
def break_down() -> None:
    raise ProcessFailureError("The device refused password=swordfish.")


@workflow("Maintain")
def maintain() -> Any:
    return begin >> prepare >> choose


@workflow("Fail")
def failing() -> Any:
    return begin >> break_down


async def test_a_receiver_that_fails_twice_gets_one_notification_in_three_tries_with_a_valid_signature(
    offer: Offer,
) -> None:
    async with receiving(Answer(500, b"later"), Answer(503)) as receiver:
        engine = await offer(maintain, webhooks={"ops": hook(receiver.url, kinds=["input-request.opened"])})
        process_id = await engine.start(maintain, traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
        request = await open_request(engine, process_id)
        await reach(engine, PENDING, tries=1)
        engine.turn(5)
        await reach(engine, PENDING, tries=2)
        engine.turn(30)
        (sent,) = await reach(engine, SENT)
        await confirm(engine, process_id)
        await engine.reaches(process_id, COMPLETED)

    assert [attempt.status for attempt in sent.log] == [500, 503, 200]
    assert [attempt.error for attempt in sent.log] == ["It answered 500: later", "It answered 503.", None]
    assert (sent.tries, sent.sent_at, sent.last_error) == (3, engine.clock.now(), None)
    assert [received.id for received in receiver.received] == [str(sent.id)] * 3
    assert {received.headers["traceparent"].split("-")[1] for received in receiver.received} == {TRACE}
    assert len({received.body for received in receiver.received}) == 1
    last = receiver.received[-1]
    proof = Proof.of(last.headers, last.body)
    keys = [Webhook(**hook(receiver.url)).key]
    assert signature_fault(keys, proof, engine.clock.now()) is None
    assert signature_fault([b"x" * 24], proof, engine.clock.now())
    assert signature_fault(keys, Proof.of(last.headers, last.body + b" "), engine.clock.now())
    assert last.json == {
        "type": "input-request.opened",
        "timestamp": request.created_at.isoformat(),
        "data": {
            "process_id": str(process_id),
            "workflow_name": "maintain",
            "input_request_id": str(request.id),
            "title": "Choose a window",
            "assignee": "NOC",
            "due_at": (request.created_at + timedelta(hours=1)).isoformat(),
            "link": f"{engine.runtime.settings.base_url}/processes/{process_id}",
        },
    }


async def test_a_notification_is_given_up_after_seven_tries_and_may_be_sent_again(
    offer: Offer,
) -> None:
    async with receiving(*[Answer(500)] * 7) as receiver:
        engine = await offer(failing, webhooks={"ops": hook(receiver.url)})
        process_id = await engine.start(failing)
        for number, pause in enumerate((5, 30, 120, 600, 3600, 21600), start=1):
            (pending,) = await reach(engine, PENDING, tries=number)
            assert (pending.due_at - engine.clock.now()).total_seconds() == pause
            engine.turn(pause)
        (dead,) = await reach(engine, DEAD)
        engine.turn(86400)
        again = await resend_notification(engine.runtime, ADA, notification_id=dead.id)
        with pytest.raises(InvalidState):
            await resend_notification(engine.runtime, ADA, notification_id=dead.id)
        (sent,) = await reach(engine, SENT)
        log = await audit_list.page(engine.runtime, LOCAL_OPERATOR, AuditFilter(process_id), PageArgs(10))

    assert (len(receiver.received), len({received.id for received in receiver.received})) == (8, 1)
    assert (dead.last_error, dead.tries, again.status) == ("It answered 500.", 7, PENDING)
    assert (sent.tries, sent.tries_before, len(sent.log)) == (8, 7, 8)
    (_, entry), *_ = log.items
    assert (entry.action, entry.actor) == ("resendNotification", "ada")
    assert entry.details == {"notification": str(dead.id), "target": "webhook:ops"}


async def test_a_sent_notification_may_be_sent_again_with_manage_engine(offer: Offer) -> None:
    async with receiving() as receiver:
        engine = await offer(failing, webhooks={"ops": hook(receiver.url)})
        await engine.start(failing)
        (sent,) = await reach(engine, SENT)
        clerk = Principal("carl", "Carl", permissions=frozenset(Permission) - {Permission.MANAGE_ENGINE})
        with pytest.raises(Forbidden):
            await resend_notification(engine.runtime, clerk, notification_id=sent.id)
        with pytest.raises(NotFound):
            await resend_notification(engine.runtime, ADA, notification_id=new_id())
        await resend_notification(engine.runtime, ADA, notification_id=sent.id)
        (again,) = await reach(engine, SENT, tries=2)

    assert [received.id for received in receiver.received] == [str(sent.id)] * 2
    assert again.tries == 2


async def test_a_receiver_that_is_gone_gets_no_second_try(offer: Offer) -> None:
    async with receiving(Answer(410, b"nobody lives here")) as receiver:
        engine = await offer(failing, webhooks={"ops": hook(receiver.url)})
        await engine.start(failing)
        (dead,) = await reach(engine, DEAD)

    assert (dead.tries, dead.last_error) == (1, "It answered 410: nobody lives here")


async def test_a_receiver_may_ask_for_a_longer_pause_within_bounds(offer: Offer) -> None:
    busy = [Answer(429, headers={"retry-after": "60"}), Answer(503, headers={"retry-after": "99999999"})]
    async with receiving(*busy) as receiver:
        engine = await offer(failing, webhooks={"ops": hook(receiver.url)})
        await engine.start(failing)
        (first,) = await reach(engine, PENDING, tries=1)
        at = engine.clock.now()
        engine.turn(60)
        (second,) = await reach(engine, PENDING, tries=2)

    assert (first.due_at - at).total_seconds() == 60
    assert (second.due_at - engine.clock.now()).total_seconds() == 6 * 3600


@pytest.mark.parametrize(
    "header",
    [
        "soon",
        "-1",
        "1e5",
        "99999999999",
        "Mon, 02 Mar 2026 99:01:00 GMT",
        "Mon, 02 Mar 2026 00:01:00 -9999",
        f"Mon, 02 Mar 2026 00:01:00 +{'9' * 20}",
        f"Mon, 02 Mar {'9' * 20} 00:01:00 GMT",
        f"Mon, {'9' * 20} Mar 2026 00:01:00 GMT",
    ],
)
def test_a_pause_that_is_none_is_ignored(header: str) -> None:
    assert webhooks.seconds_of(header, datetime(2026, 3, 2, tzinfo=UTC)) is None


async def test_a_target_that_never_answers_delays_no_other(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "SECONDS", 600.0)  # no request times out, also on a busy machine
    async with receiving() as silent, receiving() as quick:
        silent.open.clear()
        engine = await offer(failing, webhooks={"a": hook(silent.url), "b": hook(quick.url)})
        for _ in range(20):
            await engine.start(failing)
        await reach(engine, SENT, 20)
        held = await reach(engine, PENDING, 20)
        asked = len(silent.received)  # the end of the block answers them, and more follow

    assert len(quick.received) == len({received.id for received in quick.received}) == 20
    assert {notification.target for notification in held} == {"webhook:a"}
    assert asked <= AT_ONCE


async def test_each_target_receives_the_changes_that_it_wants(offer: Offer) -> None:
    async with receiving() as everything, receiving() as desk, receiving() as failures:
        hooks = {
            "everything": hook(everything.url),
            "desk": hook(desk.url, assignees=["DESK"]),
            "failures": hook(failures.url, kinds=["process.failed"]),
        }
        engine = await offer(maintain, failing, webhooks=hooks)
        answered, aborted = await engine.start(maintain), await engine.start(maintain)
        first, second = await open_request(engine, answered), await open_request(engine, aborted)
        await confirm(engine, answered)
        await reach(engine, SENT, 3)  # a notification whose try is running when the clock turns would be sent again
        engine.turn(1800)
        await reach(engine, SENT, 4)
        await abort_process(engine.runtime, ADA, process_id=aborted)
        await engine.start(failing)
        await reach(engine, SENT, 7)

    bodies = [received.json for received in everything.received]
    sent = [(body["type"], body["data"].get("input_request_id")) for body in bodies]
    assert sorted(sent, key=str) == sorted(
        [
            ("input-request.opened", str(first.id)),
            ("input-request.opened", str(second.id)),
            ("input-request.decided", str(first.id)),
            ("input-request.reminded", str(second.id)),
            ("input-request.closed", str(second.id)),
            ("process.failed", None),
        ],
        key=str,
    )
    (decided,) = [body["data"] for body in bodies if body["type"] == "input-request.decided"]
    assert (decided["verdict"], decided["by"], decided["policy"], decided["is_last"]) == ("APPROVED", "ada", None, True)
    assert (desk.received, failures.types) == ([], ["process.failed"])
    assert failures.received[0].json["data"]["failure"] == "process-failure"


async def test_only_the_changes_that_concern_a_team_are_notified(offer: Offer) -> None:
    async with receiving() as noc, receiving() as desk:
        hooks = {"noc": hook(noc.url, assignees=["NOC"]), "desk": hook(desk.url, assignees=["DESK"])}
        engine = await offer(maintain, webhooks=hooks)
        process_id = await engine.start(maintain)
        request = await open_request(engine, process_id)

        def change(conn: Connection) -> None:
            for change_name in ("CLAIMED", "ESCALATED", "RELEASED", "ASSIGNED", "UNHEARD_OF"):
                payload = {"input_request_id": str(request.id), "change": change_name, "assignee": "DESK"}
                event = Event(EventKind.INPUT_REQUEST_CHANGED, engine.clock.now(), process_id, "ada", payload)
                events.append(conn, [event])

        await engine.runtime.database.transaction(change)
        await reach(engine, SENT, 3)

    assert noc.types == ["input-request.opened"]
    assert sorted(desk.types) == ["input-request.assigned", "input-request.escalated"]
    assert {received.json["data"]["assignee"] for received in desk.received} == {"DESK"}


async def test_a_redirect_is_not_followed(offer: Offer) -> None:
    async with receiving() as elsewhere, receiving(Answer(307, headers={"location": elsewhere.url})) as receiver:
        engine = await offer(failing, webhooks={"ops": hook(receiver.url)})
        await engine.start(failing)
        (pending,) = await reach(engine, PENDING, tries=1)

    assert pending.last_error == "It answered 307, a redirect, which is not followed."
    assert elsewhere.received == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"])
async def test_a_private_address_is_refused_in_every_spelling(tmp_path: Path, host: str) -> None:
    async with receiving() as receiver:
        webhook = hook(receiver.url.replace("127.0.0.1", host), allow_private=False)
        async with engine_of(sqlite_url(tmp_path), failing, webhooks={"ops": webhook}) as engine:
            await engine.start(failing)
            (pending,) = await reach(engine, PENDING, tries=1)

    assert pending.last_error == "Its name leads to an address that is not of the internet, which is refused."
    assert receiver.received == []


async def test_the_connection_goes_to_the_address_that_was_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up = []
    real = socket.getaddrinfo

    def resolve(host: Any, *arguments: Any, **more: Any) -> Any:
        if host not in ("rebound.test", b"rebound.test"):
            return real(host, *arguments, **more)
        looked_up.append(host)
        return real("127.0.0.1", *arguments, **more) if len(looked_up) == 1 else []

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")  # a proxy would resolve the name again
    async with receiving() as receiver:
        webhook = hook(receiver.url.replace("127.0.0.1", "rebound.test"))
        async with engine_of(sqlite_url(tmp_path), failing, webhooks={"ops": webhook}) as engine:
            await engine.start(failing)
            await reach(engine, SENT)

    assert len(looked_up) == 1
    assert receiver.received[0].headers["host"] == webhook["url"].split("/")[2]


async def test_no_secret_is_sent_stored_or_logged(offer: Offer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with receiving(Answer(500, b"you said Bearer hushhush"), Answer(500, b"x" * 100_000)) as receiver:
        secret = hook(f"{receiver.url}/s3cr3t-path", headers={"authorization": "Bearer hushhush"})
        engine = await offer(maintain, failing, webhooks={"ops": secret})
        await engine.start(maintain)
        await engine.start(failing)
        await reach(engine, PENDING, 2, tries=1)
        engine.turn(5)
        stored = await reach(engine, SENT, 2)

    sent = b"".join(received.body for received in receiver.received).decode()
    logged = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    hidden = ("s3cr3t-path", "hushhush", KEY, KEY.removeprefix("whsec_"), "swordfish")
    assert [word for word in hidden if word in f"{sent} {logged} {stored} {engine.runtime.settings!r}"] == []
    assert {received.headers["authorization"] for received in receiver.received} == {"Bearer hushhush"}
    assert max(len(attempt.error or "") for row in stored for attempt in row.log) == SHOWN


def test_a_response_that_repeats_a_part_of_a_secret_is_stored_without_it() -> None:
    webhook = hook("https://chat.example/hooks/7f3a9c?key=abc123", headers={"authorization": "Bearer hushhush"})
    echo = "Cannot POST /hooks/7f3a9c?key=abc123: no hook 7f3a9c for hushhush with key=abc123"

    error = webhooks._refusal(404, echo, Webhook(**webhook).secrets)

    assert all(part not in error for part in ("7f3a9c", "hushhush", "abc123"))
    assert error.startswith("It answered 404: Cannot POST [secret]: no hook")


async def test_the_link_opens_a_page_and_a_get_of_it_decides_nothing(tmp_path: Path) -> None:
    async with receiving() as receiver:
        hooks = {"ops": hook(receiver.url)}
        async with site_of(sqlite_url(tmp_path), maintain, webhooks=hooks, public_url="http://testserver") as site:
            process_id = await site.engine.start(maintain)
            request = await open_request(site.engine, process_id)
            await reach(site.engine, SENT)
            link = receiver.received[0].json["data"]["link"]
            before = len(await site.engine.events())
            await site.http.get(link)
            still = await open_request(site.engine, process_id)
            after = len(await site.engine.events())

    assert link == f"http://testserver/processes/{process_id}"
    assert (still, after) == (request, before)
