"""Webhooks, on both databases: signed, at least once, in spite of everything, and never more than may be told."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from support.engine import Engine
from support.operator import ADA, confirm, open_request
from support.receiver import Answer, Receiver, receiving

from orchestrator_gql import begin, inputstep, step
from orchestrator_gql.callbacks.signature import Proof, signature_fault
from orchestrator_gql.commands.processes.abort_process import abort_process
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.config.notifications import Webhook
from orchestrator_gql.forms import FormPage
from orchestrator_gql.storage.keyset import Window
from orchestrator_gql.storage.outbox import notifications
from orchestrator_gql.storage.outbox.notifications import Notification, NotificationFilter
from orchestrator_gql.types import FormGenerator, NotificationStatus, ProcessStatus, State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import workflow

KEY = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
PENDING, SENT, DEAD = NotificationStatus.PENDING, NotificationStatus.SENT, NotificationStatus.DEAD
COMPLETED, FAILED, SUSPENDED = ProcessStatus.COMPLETED, ProcessStatus.FAILED, ProcessStatus.SUSPENDED


class Window_(FormPage):
    minutes: int = 30


@step("Prepare")
def prepare() -> State:
    return {"password": "swordfish"}


@inputstep("Choose a window", assignee=Assignee("NOC"), due=3600, remind=1800)
def choose() -> FormGenerator:
    answer = yield Window_
    return {"minutes": answer.minutes}


@step("Break")
def break_down() -> State:
    raise ProcessFailureError("The password is swordfish.")


@workflow("Maintain")
def maintain() -> Any:
    return begin >> prepare >> choose


@workflow("Fail")
def failing() -> Any:
    return begin >> break_down


def hook(receiver: Receiver, **given: Any) -> dict[str, Any]:
    """The setting of a webhook at the receiver."""
    return {"url": receiver.url, "signature_key": KEY, "allow_private": True, **given}


async def outbox(engine: Engine, **wanted: Any) -> list[Notification]:
    """What is in the outbox, the oldest first."""
    page = await engine.read(lambda conn: notifications.page(conn, NotificationFilter(**wanted), Window(200)))
    return [one for _, one in page.items][::-1]


async def reach(engine: Engine, status: NotificationStatus, count: int = 1, tries: int | None = None) -> Any:
    """The notifications that stand so, once there are so many, after so many tries."""

    async def look() -> list[Notification] | None:
        found = [one for one in await outbox(engine, statuses=[status]) if tries in (None, len(one.log))]
        return found if len(found) >= count else None

    return await engine.until(look, told=f"{count} notifications to be {status} after {tries or 'any'} tries")


async def test_a_receiver_that_stumbles_twice_is_told_once_with_three_tries_and_a_good_signature(offer: Offer) -> None:
    async with receiving(Answer(500, b"later"), Answer(503)) as receiver:
        engine = await offer(maintain, webhooks={"ops": hook(receiver, kinds=["input-request.opened"])})
        process_id = await engine.start(maintain)
        asked = await open_request(engine, process_id)
        await reach(engine, PENDING, tries=1)
        engine.turn(5)
        await reach(engine, PENDING, tries=2)
        engine.turn(30)
        (sent,) = await reach(engine, SENT)
        await confirm(engine, process_id)
        await engine.reaches(process_id, COMPLETED)

    assert [one.status for one in sent.log] == [500, 503, 200]
    assert [one.error for one in sent.log] == ["It answered 500: later", "It answered 503.", None]
    assert (sent.tries, sent.sent_at, sent.last_error) == (3, engine.clock.now(), None)
    assert [one.id for one in receiver.received] == [str(sent.id)] * 3
    assert len({one.body for one in receiver.received}) == 1
    last = receiver.received[-1]
    proof = Proof.of(last.headers, last.body)
    keys = [Webhook(**hook(receiver)).key]
    assert signature_fault(keys, proof, engine.clock.now()) is None
    assert signature_fault([b"x" * 24], proof, engine.clock.now())
    assert signature_fault(keys, Proof.of(last.headers, last.body + b" "), engine.clock.now())
    assert last.json == {
        "type": "input-request.opened",
        "timestamp": asked.created_at.isoformat(),
        "data": {
            "process_id": str(process_id),
            "workflow_name": "maintain",
            "input_request_id": str(asked.id),
            "title": "Choose a window",
            "assignee": "NOC",
            "due_at": (asked.created_at + timedelta(hours=1)).isoformat(),
            "link": f"{engine.runtime.settings.base_url}/#/processes/{process_id}",
        },
    }
