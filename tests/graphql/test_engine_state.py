"""The engine paused and resumed, and what can be seen of it."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from stories import telling
from support.database import sqlite_url
from support.engine import Engine, engine_of
from support.operator import ADA, BOB
from support.playbooks import of
from support.web import Site, site_of
from test_statements import counting

from orchestrator_gql import step
from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.security import Principal
from orchestrator_gql.storage import workers
from orchestrator_gql.storage.database.after_commit import NoHooks
from orchestrator_gql.storage.workers import Worker
from orchestrator_gql.types import EventKind, ProcessStatus
from orchestrator_gql.utils.errors import Forbidden

SET = """mutation ($input: SetEngineStateInput!) { setEngineState(input: $input) { __typename
  ... on SetEngineStateSuccess { engine { state reason changedAt changedBy { id } } }
  ... on PayloadInvalidError { errors { pointer type } }
  ... on UserError { code message } } }"""
ENGINE = "{ engine { state reason changedAt changedBy { id } } }"
NUMBERS = "{ engine { runningSteps queuedProcesses lagSeconds } }"
EVENTS = """{ events(filter: {kinds: [ENGINE_STATE_CHANGED]}) { nodes { processId actor { id } occurredAt
  ... on EngineStateChangedEvent { engineState reason } } } }"""


async def switch(site: Site, **input: Any) -> Any:
    """What the mutation answers."""
    return (await site.ask(SET, input=input))["setEngineState"]


async def test_whoever_pauses_and_why_is_seen_by_everybody(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        before = (await story.site.ask(ENGINE))["engine"]
        response = await switch(story.site, paused=True, reason=" router upgrade ")
        seen = (await story.site.ask(ENGINE))["engine"]
        stats = (await story.site.ask("{ stats { engine { state reason } } }"))["stats"]["engine"]

    assert before == {"state": "RUNNING", "reason": None, "changedAt": None, "changedBy": None}
    assert response["__typename"] == "SetEngineStateSuccess"
    assert response["engine"] == seen == {
        "state": "PAUSED",
        "reason": "router upgrade",
        "changedAt": "2026-03-02T09:00:00Z",
        "changedBy": {"id": "local"},
    }  # fmt: skip
    assert stats == {"state": "PAUSED", "reason": "router upgrade"}


async def test_an_engine_that_stands_so_already_is_not_changed_and_tells_no_event(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        await switch(story.site, paused=False, reason="nothing to resume")
        await switch(story.site, paused=True, reason="first")
        story.site.engine.turn(60)
        second = await switch(story.site, paused=True, reason="second")
        story.site.engine.turn(60)
        resumed = await switch(story.site, paused=False)
        received = (await story.site.ask(EVENTS))["events"]["nodes"]

    assert (second["engine"]["reason"], second["engine"]["changedAt"]) == ("first", "2026-03-02T09:00:00Z")
    assert (resumed["engine"]["state"], resumed["engine"]["reason"]) == ("RUNNING", None)
    assert [(one["engineState"], one["reason"], one["actor"], one["processId"]) for one in received] == [
        ("PAUSED", "first", {"id": "local"}, None),
        ("RUNNING", None, {"id": "local"}, None),
    ]


async def test_a_change_reaches_those_who_follow_the_events(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        await switch(story.site, paused=True, reason="window")
        [event] = await story.site.engine.events(kind=EventKind.ENGINE_STATE_CHANGED)

    assert (event.payload, event.actor) == ({"state": "PAUSED", "reason": "window"}, "local")


async def test_an_engine_whose_steps_still_run_is_pausing(tmp_path: Path) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    @step("Wait")
    async def wait() -> None:
        begun.set()
        await go.wait()

    works = of(wait)
    async with site_of(sqlite_url(tmp_path), works) as site:
        await site.engine.start(works)
        await begun.wait()
        response = await switch(site, paused=True)
        numbers = (await site.ask(NUMBERS))["engine"]
        again = await switch(site, paused=True)
        go.set()

    assert (response["engine"]["state"], again["engine"]["state"]) == ("PAUSING", "PAUSING")
    assert numbers == {"runningSteps": 1, "queuedProcesses": 0, "lagSeconds": 0.0}


async def test_a_reason_is_at_most_a_thousand_characters(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        longest = await switch(story.site, paused=True, reason="x" * 1000)
        longer = await switch(story.site, paused=False, reason="x" * 1001)
        state = (await story.site.ask(ENGINE))["engine"]["state"]

    assert longest["engine"]["reason"] == "x" * 1000
    assert (longer["__typename"], longer["code"]) == ("PayloadInvalidError", "PAYLOAD_INVALID")
    assert longer["errors"] == [{"pointer": "/reason", "type": "string_too_long"}]
    assert state == "PAUSED"


async def test_whoever_may_not_manage_the_engine_changes_nothing(tmp_path: Path) -> None:
    reader = Principal("eve", "Eve", permissions=frozenset())

    async with telling(tmp_path) as story:
        with pytest.raises(Forbidden):
            await set_engine_state(story.site.engine.runtime, reader, paused=True)
        state = (await story.site.ask(ENGINE))["engine"]["state"]

    assert state == "RUNNING"


@pytest.mark.each_pair
async def test_of_two_pauses_at_once_one_makes_an_event(storage: str) -> None:
    async with engine_of(storage) as engine:
        response = await asyncio.gather(
            *(set_engine_state(engine.runtime, by, paused=True, reason=f"{by.name}\0") for by in (ADA, BOB) * 5)
        )
        received = await engine.events(kind=EventKind.ENGINE_STATE_CHANGED)

    assert len(set(response)) == 1
    assert [(one.actor, one.payload["reason"]) for one in received] == [(response[0].changed_by, response[0].reason)]
    assert response[0].reason in ("Ada\ufffd", "Bob\ufffd")


async def test_what_no_worker_takes_is_counted_with_how_long_it_waits(storage: str) -> None:
    @step("Work")
    async def work() -> None: ...

    deployed = of(work, name="deployed")
    async with engine_of(storage, deployed, heartbeat=60) as engine:
        await engine.reaches(await engine.start(deployed), ProcessStatus.COMPLETED)
        await _leave(engine, deployed)
    async with site_of(storage) as site:  # the workflow is not deployed here, so nobody takes the process
        site.engine.turn(90)
        with counting() as sent:
            numbers = (await site.ask(NUMBERS))["engine"]

    assert numbers == {"runningSteps": 0, "queuedProcesses": 1, "lagSeconds": 90.0}
    assert "sqlite" not in storage or len([one for one in sent if "min(CASE" in one]) == 1


async def _leave(engine: Engine, workflow: Any) -> None:
    """Start a process that the engine does not come to, also if its watch finds the process."""
    engine.runtime.may_advance.clear()
    engine.runtime.database.hooks = NoHooks()
    await engine.start(workflow)


async def test_the_workers_are_named_with_when_they_were_last_heard_of(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        now = story.site.engine.clock.now()
        other = Worker("ams-2:41:c0ffee", "1.0", 3, now - timedelta(hours=1), now - timedelta(seconds=4))
        await story.site.engine.runtime.database.transaction(lambda conn: workers.seen(conn, other))
        response = await story.site.ask("{ engine { workers { name lastSeenAt runningSteps } } }")

    shown = {"name": other.name, "lastSeenAt": "2026-03-02T08:59:56Z", "runningSteps": 3}
    assert shown in response["engine"]["workers"]


async def test_a_dead_worker_is_gone_after_its_lease(storage: str) -> None:
    works = of(step("Work")(_nothing), name="works")
    async with site_of(storage, works) as site:
        now = site.engine.clock.now()
        silent = Worker("ams-2:41:c0ffee", "1.0", 3, now - timedelta(hours=1), now - timedelta(seconds=31))
        alive = Worker("ams-3:42:c0ffee", "1.0", 3, now - timedelta(hours=1), now - timedelta(seconds=29))
        await site.engine.runtime.database.transaction(lambda conn: workers.seen(conn, silent))
        await site.engine.runtime.database.transaction(lambda conn: workers.seen(conn, alive))
        response = await site.ask("{ engine { workers { name } } }")

    names = {worker["name"] for worker in response["engine"]["workers"]}
    assert (silent.name in names, alive.name in names) == (False, True)


async def test_on_sqlite_the_worker_before_a_kill_is_gone_at_the_next_start(tmp_path: Path) -> None:
    """Only one server opens the file, so the other server is dead."""
    async with site_of(sqlite_url(tmp_path)) as site:
        now = site.engine.clock.now()
        killed = Worker("ams-2:41:c0ffee", "1.0", 3, now, now)
    async with site_of(sqlite_url(tmp_path)) as site:
        await site.engine.runtime.database.transaction(lambda conn: workers.seen(conn, killed))
    async with site_of(sqlite_url(tmp_path)) as site:
        response = await site.ask("{ engine { workers { name } } }")

    assert killed.name not in {worker["name"] for worker in response["engine"]["workers"]}


async def _nothing() -> None: ...


async def test_a_start_or_a_retry_during_a_pause_learns_since_when(tmp_path: Path) -> None:
    refusal = "{ __typename ... on EnginePausedError { code message since } }"

    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        await story.say("receiveCallback", token=token, result={"rc": 2})
        await story.site.engine.reaches(process_id, ProcessStatus.FAILED)
        await switch(story.site, paused=True, reason="window")
        story.site.engine.turn(5)
        response = await story.site.ask(
            f"""mutation ($id: ID!) {{
              startWorkflow(input: {{workflowName: "note"}}) {refusal}
              retryProcess(input: {{processId: $id}}) {refusal} }}""",
            id=str(process_id),
        )

    refused = {
        "__typename": "EnginePausedError",
        "code": "ENGINE_PAUSED",
        "message": "The engine was paused by Local operator at 2026-03-02 09:00:00 UTC (window): "
        "nothing is started until it is resumed.",
        "since": "2026-03-02T09:00:00Z",
    }
    assert response == {"startWorkflow": refused, "retryProcess": refused}
