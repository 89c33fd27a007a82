"""A process that fails without an exception of its author is in the log: with its id, the code and the reason."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from support.database import sqlite_url
from support.engine import Engine, engine_of
from support.playbooks import judge
from support.remote import Remote

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.commands.callback_deliveries import fail_callback
from orchestrator_gql.testing.clock import TurnableClock
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.workflow import Step, Workflow, workflow

AWAITING, FAILED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.FAILED


def order(remote: Remote, *before: Step) -> Workflow:
    """A workflow that waits for the remote service, with these steps before."""

    @workflow("Order")
    def orders() -> Any:
        steps = begin
        for step_before in before:
            steps = steps >> step_before
        return steps >> callback_step("Job", remote.action(), judge, timeout=60)

    return orders


async def expires(engine: Engine, remote: Remote) -> None:
    """Let the deadline pass."""
    engine.turn(61)


async def is_reported(engine: Engine, remote: Remote) -> None:
    """Let the remote service report a failure."""
    token = await remote.asked()
    await fail_callback(engine.runtime, token=token, code="no-license", message="login with password=hunter2 failed")


@pytest.mark.parametrize(
    ("end", "code", "reason"),
    [
        (expires, "callback-expired", "The remote service did not answer in time"),
        (is_reported, "no-license", "login with password=[redacted] failed"),
    ],
)
async def test_a_wait_that_fails_is_logged_with_the_process_and_the_reason(
    tmp_path: Any, caplog: pytest.LogCaptureFixture, end: Callable[[Engine, Remote], Any], code: str, reason: str
) -> None:
    remote = Remote()
    async with engine_of(sqlite_url(tmp_path), order(remote)) as engine:
        process_id = await engine.start(engine.runtime.registry.get("orders"))
        await engine.reaches(process_id, AWAITING)
        await end(engine, remote)
        await engine.reaches(process_id, FAILED)
        (record,) = await logged(engine, caplog)

    assert (record.process_id, record.code) == (str(process_id), code)
    assert record.reason.startswith(reason)
    assert record.levelno == logging.WARNING


async def test_a_process_whose_definition_changed_is_logged(tmp_path: Any, caplog: pytest.LogCaptureFixture) -> None:
    @step("Another")
    def another() -> None:
        return None

    clock, remote = TurnableClock(), Remote()
    async with engine_of(sqlite_url(tmp_path), order(remote), clock=clock) as engine:
        process_id = await engine.start(engine.runtime.registry.get("orders"))
        await engine.reaches(process_id, AWAITING)
    async with engine_of(sqlite_url(tmp_path), order(remote, another), clock=clock) as engine:
        engine.turn(61)
        await engine.reaches(process_id, FAILED)
        (record,) = await logged(engine, caplog)

    assert (record.process_id, record.code) == (str(process_id), "definition-changed")
    assert "changed under this process" in record.reason


async def logged(engine: Engine, caplog: pytest.LogCaptureFixture) -> list[Any]:
    """The lines about failed processes."""

    async def look() -> list[Any] | None:
        return [record for record in caplog.records if record.getMessage() == "process failed"] or None

    return await engine.until(look, awaited="a line in the log")
