"""The reason why a process waits, as clients read it."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from stories import COMPLETED, FAILED, Story, telling
from support.database import sqlite_url
from support.holds import Hold
from support.remote import Remote, answer
from support.web import Site, site_of

from orchestrator_gql import Window, begin, callback_step, retrystep, step, wait_until
from orchestrator_gql.storage.tables import processes
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.workflow import workflow

WHY = """query ($id: ID!) { process(id: $id) { status whyWaiting {
  kind message since until service missing lastReportAt assignee { key } } } }"""


async def why(story: Story, process_id: UUID) -> Any:
    """What the process says it waits for."""
    return (await story.site.ask(WHY, id=str(process_id)))["process"]["whyWaiting"]


async def test_a_process_says_that_a_remote_service_must_answer_until_when_and_when_it_was_heard_of(
    tmp_path: Path,
) -> None:
    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        silent = await why(story, process_id)
        story.site.engine.turn(60)
        await story.say("reportCallbackProgress", token=token, message="half way")
        heard = await why(story, process_id)

    assert (silent["kind"], silent["message"]) == ("CALLBACK", "It waits for a remote service to answer.")
    assert silent["lastReportAt"] is None
    assert silent["since"] < heard["lastReportAt"] < silent["until"]


async def test_a_process_says_who_must_answer_its_form_and_nothing_when_it_does_not_wait(tmp_path: Path) -> None:
    async with telling(tmp_path, teams=[{"key": "NOC", "name": "Network operations"}]) as story:
        process_id, request_id = await story.asks()
        asked = await why(story, process_id)
        await story.submit(inputRequestId=request_id, pages=[{}])
        await story.site.engine.reaches(process_id, COMPLETED)
        done = await why(story, process_id)
        failing, token = await story.waits()
        await story.say("receiveCallback", token=token, result={"rc": 2})
        await story.site.engine.reaches(failing, FAILED)
        failed = await why(story, failing)

    assert (asked["kind"], asked["assignee"]) == ("PERSON", {"key": "NOC"})
    assert "Network operations" in asked["message"]
    assert (done, failed) == (None, None)


async def test_a_process_says_when_it_tries_again(tmp_path: Path) -> None:
    @retrystep("Ping", delay=30)
    def ping() -> None:
        raise ConnectionError("no route to host")

    @workflow("Ping")
    def pings() -> Any:
        return begin >> ping

    async with site_of(sqlite_url(tmp_path), pings) as site:
        process_id = await site.engine.start(pings)
        await site.engine.reaches(process_id, ProcessStatus.WAITING)
        received = (await site.ask(WHY, id=str(process_id)))["process"]["whyWaiting"]

    assert received["kind"] == "TIME"
    assert received["since"] < received["until"]


GO_ON = """mutation ($id: ID!, $reason: String!) {
  continueProcess(input: {processId: $id, reason: $reason}) {
    ... on ProcessActionSuccess { process { id } } ... on UserError { code } } }"""


async def test_a_process_says_when_its_window_opens_and_that_it_may_go_on_before(tmp_path: Path) -> None:
    @workflow("Change at night")
    def changes() -> Any:
        return begin >> wait_until("Wait for the night", Window("22:00", "04:00"))

    actions = "query ($id: ID!) { process(id: $id) { availableActions status steps { status completedBy { id } } } }"
    async with site_of(sqlite_url(tmp_path), changes) as site:
        process_id = await site.engine.start(changes)
        await site.engine.reaches(process_id, ProcessStatus.WAITING)
        id = str(process_id)
        waits = (await site.ask(WHY, id=id))["process"]["whyWaiting"]
        waiting = (await site.ask(actions, id=id))["process"]
        blank = (await site.ask(GO_ON, id=id, reason=" "))["continueProcess"]
        done = (await site.ask(GO_ON, id=id, reason="agreed"))["continueProcess"]
        await site.engine.reaches(process_id, ProcessStatus.COMPLETED)
        ended = (await site.ask(actions, id=id))["process"]
        late = (await site.ask(GO_ON, id=id, reason="agreed"))["continueProcess"]

    assert (waits["kind"], waits["message"]) == ("TIME", "'Wait for the night' waits for its time.")
    assert waits["until"] == "2026-03-02T22:00:00Z"
    assert waiting["availableActions"] == ["ABORT", "CONTINUE", "EDIT_NOTE"]
    assert (blank, late) == ({"code": "PAYLOAD_INVALID"}, {"code": "INVALID_STATE"})
    assert done == {"process": {"id": id}}
    assert ended["steps"] == [{"status": "SUCCESS", "completedBy": {"id": "local"}}]


@pytest.mark.one_dispatcher
async def test_a_wait_whose_time_is_over_says_so_until_a_worker_takes_the_process(storage: str) -> None:
    remote, pings, pause = (
        Remote(),
        [0],
        "mutation ($p: Boolean!) { setEngineState(input: {paused: $p}) { __typename } }",
    )

    @retrystep("Ping", delay=30, attempts=2)
    def ping() -> None:
        pings[0] += 1
        if pings[0] == 1:
            raise ConnectionError("no route to host")

    @workflow("Ping")
    def pinging() -> Any:
        return begin >> ping

    @workflow("Call")
    def calling() -> Any:
        return begin >> callback_step("Playbook", remote.action(), ping, timeout=60)

    async with site_of(storage, pinging, calling) as site:
        waits = {
            await site.engine.start(pinging): ProcessStatus.WAITING,
            await site.engine.start(calling): ProcessStatus.AWAITING_CALLBACK,
            await site.engine.start(calling): ProcessStatus.AWAITING_CALLBACK,
        }
        for id, status in waits.items():
            await site.engine.reaches(id, status)
        in_time = [(await site.ask(WHY, id=str(id)))["process"]["whyWaiting"] for id in waits]
        await site.ask(pause, p=True)
        await answer(site.engine.runtime, await remote.asked(), {"rc": 0})
        site.engine.turn(61)
        for id in waits:
            await site.engine.reaches(id, ProcessStatus.RUNNING)
        over = [(await site.ask(WHY, id=str(id)))["process"]["whyWaiting"] for id in waits]
        await site.ask(pause, p=False)
        for id in waits:
            await site.engine.until(partial(_is_over, site, id), awaited="an end")

    assert [each["kind"] for each in over] == ["WORKER"] * 3
    assert sorted(each["message"] for each in over) == [
        "The results of 'Playbook - Await callback' are there, and it waits for a worker.",
        "The time of 'Ping' is over, and it waits for a worker.",
        "The time of 'Playbook - Await callback' is over, and it waits for a worker.",
    ]
    ended = [(before["until"], after["since"]) for before, after in zip(in_time, over, strict=True)]
    assert sum(until == since for until, since in ended) == 2


@pytest.mark.one_dispatcher
@pytest.mark.parametrize(("worker", "is_gone"), [("dead", True), (None, True), ("alive", False)])
async def test_a_step_whose_worker_died_says_since_when_it_waits_for_another(
    storage: str, worker: str | None, is_gone: bool
) -> None:
    hold = Hold()

    @step("Reboot")
    async def reboot() -> None:
        await hold.wait()

    @workflow("Upgrade")
    def upgrading() -> Any:
        return begin >> reboot

    async with site_of(storage, upgrading) as site:
        process_id = await site.engine.start(upgrading)
        await asyncio.to_thread(hold.entered.wait, 20)
        before = (await site.ask(WHY, id=str(process_id)))["process"]["whyWaiting"]
        await site.ask("mutation { setEngineState(input: {paused: true}) { __typename } }")
        now = site.engine.runtime.clock.now()
        lease = {"dead": now - timedelta(seconds=40), "alive": now + timedelta(seconds=10)}.get(worker or "")
        change = update(processes).values(worker=worker, lease_until=lease)
        await site.engine.runtime.database.transaction(lambda conn: conn.execute(change))
        after = (await site.ask(WHY, id=str(process_id)))["process"]["whyWaiting"]
        held = (await site.ask("{ engine { runningSteps queuedProcesses } }"))["engine"]
        site.engine.turn(2)
        later = (await site.ask(WHY, id=str(process_id)))["process"]["whyWaiting"]
        hold.let_go()

    assert before is None
    assert held == {"runningSteps": int(not is_gone), "queuedProcesses": int(is_gone)}
    if not is_gone:
        assert (after, later) == (None, None)
        return
    assert (later["kind"], later["message"]) == (
        "WORKER",
        "The worker that ran 'Reboot' is gone, and it waits for another worker.",
    )
    assert (after is not None) == (worker == "dead"), "a wait of a moment is not worth a word"
    if lease is not None:
        assert datetime.fromisoformat(later["since"]) == lease


async def _is_over(site: Site, process_id: UUID) -> bool:
    process = (await site.ask(WHY, id=str(process_id)))["process"]
    return process["status"] in (COMPLETED, FAILED) and process["whyWaiting"] is None
