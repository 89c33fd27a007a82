"""The commit of a step knows of its callbacks what the database has, or it reads them."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from sqlalchemy import Connection
from support.engine import Engine
from support.operator import ADA
from support.playbooks import calls, of
from support.remote import Remote, answer, fail, report, token_of

from orchestrator_gql import callback_step, step
from orchestrator_gql.callbacks.rules import WITH_RESULT, Callback
from orchestrator_gql.commands.callback_operator_actions import reissue_callback
from orchestrator_gql.engine import commit
from orchestrator_gql.engine.commit import CommitResult
from orchestrator_gql.storage import callbacks
from orchestrator_gql.types import CallbackStatus, ProcessStatus
from orchestrator_gql.workflow import Workflow

AWAITING, COMPLETED, FAILED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.COMPLETED, ProcessStatus.FAILED
ROUTERS = ("ams-1", "ams-2")


def _parts(callback: Callback) -> tuple[Any, ...]:
    """What the decision of a wait and its validation read."""
    due = (callback.expires_at, callback.heartbeat_due_at)
    return callback.id, callback.name, callback.status, callback.record_seq, callback.wait_seq, *due


class Compared:
    """Compares what each commit leaves the worker to know with what the database has then."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pairs: list[tuple[Any, Any]] = []
        self._apply = commit.apply
        monkeypatch.setattr(commit, "apply", self._compared)

    def _compared(self, conn: Connection, *arguments: Any, **options: Any) -> CommitResult:
        result = self._apply(conn, *arguments, **options)
        for (process_id, step_index), of_wait in result.known.items():
            stored = callbacks.of_wait(conn, process_id, step_index)
            if of_wait[0].status in WITH_RESULT:
                stored = [callback for callback in stored if callback.status in WITH_RESULT]
            self.pairs.append(([_parts(each) for each in of_wait], [_parts(each) for each in stored]))
        return result


Play = Callable[[Engine, UUID, Remote], Awaitable[None]]


async def _delivered(engine: Engine, process_id: UUID, remote: Remote) -> None:
    await answer(engine.runtime, await remote.asked(), {"rc": 0})


async def _issue_again(engine: Engine, process_id: UUID) -> None:
    await engine.reaches(process_id, FAILED)
    of_wait = await engine.read(lambda conn: callbacks.of_wait(conn, process_id, 1))
    (failed,) = [callback for callback in of_wait if callback.status is CallbackStatus.FAILED_BY_REMOTE]
    await reissue_callback(engine.runtime, ADA, callback_id=failed.id)


async def _issued_again(engine: Engine, process_id: UUID, remote: Remote) -> None:
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    await fail(engine.runtime, token, "broken")
    await _issue_again(engine, process_id)
    await _delivered(engine, process_id, remote)


async def _two_of_two(engine: Engine, process_id: UUID, remote: Remote) -> None:
    for _ in ROUTERS:
        await answer(engine.runtime, await remote.asked(), {"rc": 0})


async def _one_of_two(engine: Engine, process_id: UUID, remote: Remote) -> None:
    token = await remote.asked()
    await engine.reaches(process_id, AWAITING)
    await answer(engine.runtime, token, {"rc": 0})


async def _one_is_issued_again(engine: Engine, process_id: UUID, remote: Remote) -> None:
    first, second = await remote.asked(), await remote.asked()
    await engine.reaches(process_id, AWAITING)
    await answer(engine.runtime, first, {"rc": 0})
    await fail(engine.runtime, second, "broken")
    await _issue_again(engine, process_id)
    await answer(engine.runtime, await remote.asked(), {"rc": 0})


def _named(remote: Remote, **options: Any) -> Workflow:
    @step("Call the routers")
    async def call(callback_urls: dict[str, str]) -> None:
        for url in callback_urls.values():
            remote.take(url)

    @step("Judge")
    async def judge(callback_result: dict[str, Any]) -> None:
        assert callback_result

    return of(callback_step("Routers", call, judge, expect=ROUTERS, **options))


PLAYS: dict[str, tuple[Callable[..., Workflow], Play]] = {
    "one result": (calls, _delivered),
    "a second URL": (calls, _issued_again),
    "two results": (_named, _two_of_two),
    "one of two is enough": (partial(_named, require=1), _one_of_two),
    "one of two again": (_named, _one_is_issued_again),
}


@pytest.mark.each_pair
@pytest.mark.parametrize("play", PLAYS)
async def test_a_worker_knows_of_its_callbacks_what_the_database_has(
    offer: Offer, monkeypatch: pytest.MonkeyPatch, play: str
) -> None:
    make, act = PLAYS[play]
    compared, remote = Compared(monkeypatch), Remote()
    engine = await offer(flow := make(remote))

    process_id = await engine.start(flow)
    await act(engine, process_id, remote)
    await engine.reaches(process_id, COMPLETED)

    assert [pair for pair in compared.pairs if pair[0] != pair[1]] == []
    assert compared.pairs
    found = await engine.read(lambda conn: callbacks.of_wait(conn, process_id, 1))
    assert {callback.status for callback in found} <= {CallbackStatus.VALIDATED, CallbackStatus.WITHDRAWN}
    assert found[0].status is CallbackStatus.VALIDATED


async def test_a_result_that_arrives_before_its_action_ends_is_taken(offer: Offer) -> None:
    @step("Call")
    async def call(callback_route: str) -> None:
        await answer(engine.runtime, token_of(callback_route), {"rc": 0})

    @step("Judge")
    async def judge(callback_result: Any) -> None:
        assert callback_result == {"rc": 0}

    engine = await offer(flow := of(callback_step("Job", call, judge)))
    process_id = await engine.start(flow)

    await engine.reaches(process_id, COMPLETED)


async def test_a_progress_report_during_the_action_keeps_the_wait_alive(offer: Offer) -> None:
    @step("Call")
    async def call(callback_route: str) -> None:
        remote.take(callback_route)
        engine.turn(50)
        await report(engine.runtime, token_of(callback_route), "half")
        engine.turn(50)

    @step("Judge")
    async def judge() -> None:
        """Accept everything."""

    remote = Remote()
    engine = await offer(flow := of(callback_step("Job", call, judge, timeout=3600, heartbeat_timeout=60)))
    process_id = await engine.start(flow)

    await engine.reaches(process_id, AWAITING)
    await answer(engine.runtime, await remote.asked(), {"rc": 0})
    await engine.reaches(process_id, COMPLETED)
