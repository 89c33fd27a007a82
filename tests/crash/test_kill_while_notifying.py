"""A server is killed at each commit of a notification: the notification arrives under one id all the same."""

import json
from pathlib import Path

import pytest
from errands import ERRANDS
from support.database import sqlite_url
from support.engine import engine_of
from support.outbox import hook, outbox, reach
from support.receiver import receiving
from test_kill import killed

from orchestrator_gql.types import NotificationStatus

KEEP = "notifications.relay.OutboxRelay.read_on[_keep]"
CLAIM = "notifications.sender.Sender._send_due[notifications.claim]"
SETTLE = "notifications.sender.Sender._send[notifications.settle]"


@pytest.mark.parametrize(
    ("boundary", "arrivals"),
    [
        (f"before {KEEP}", 1),
        (f"after {KEEP}", 1),
        (f"before {CLAIM}", 1),
        (f"after {CLAIM}", 1),
        (f"before {SETTLE}", 2),
        (f"after {SETTLE}", 1),
    ],
)
async def test_a_notification_survives_a_kill_and_keeps_its_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, boundary: str, arrivals: int
) -> None:
    async with receiving() as receiver:
        monkeypatch.setenv("ORCHESTRATOR_WEBHOOKS", json.dumps({"ops": hook(receiver.url)}))
        monkeypatch.setenv("ORCHESTRATOR_FAILPOINT", f"{boundary}:1")
        await killed(tmp_path, "notifies", lambda _: False)  # the failpoint kills it
        before = len(receiver.received)
        monkeypatch.delenv("ORCHESTRATOR_FAILPOINT")
        async with engine_of(sqlite_url(tmp_path), *ERRANDS) as engine:
            engine.turn(120)
            (sent,) = await reach(engine, NotificationStatus.SENT)
            stored = await outbox(engine)

    assert stored == [sent]
    assert [request.id for request in receiver.received] == [str(sent.id)] * arrivals
    assert before == (1 if SETTLE in boundary else 0)
