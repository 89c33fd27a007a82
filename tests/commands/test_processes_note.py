"""A note of a process can change at any time, and stays while the process goes on."""

import asyncio

import pytest
from conftest import Offer

from orchestrator_gql import begin, step
from orchestrator_gql.commands.processes import update_process_note
from orchestrator_gql.config.principals import ROLES
from orchestrator_gql.process import ProcessAction
from orchestrator_gql.reads.processes import available_actions
from orchestrator_gql.security import LOCAL_OPERATOR, Principal
from orchestrator_gql.types import EventKind, ProcessStatus
from orchestrator_gql.utils.errors import Forbidden
from orchestrator_gql.workflow import StepList, workflow


async def test_a_note_that_was_written_during_a_step_is_still_there_after_the_step(offer: Offer) -> None:
    started, may_end = asyncio.Event(), asyncio.Event()

    @step("wait")
    async def wait() -> None:
        started.set()
        await may_end.wait()

    @workflow("Wait")
    def waiting() -> StepList:
        return begin >> wait

    engine = await offer(waiting)
    process_id = await engine.start(waiting)
    async with asyncio.timeout(60):
        await started.wait()
    before = await engine.process(process_id)
    noted = await update_process_note(engine.runtime, LOCAL_OPERATOR, process_id=process_id, note="see ticket 7")
    may_end.set()
    ended = await engine.reaches(process_id, ProcessStatus.COMPLETED)
    status_event = (await engine.events(process_id, EventKind.PROCESS_STATUS_CHANGED))[-1]

    assert ended.note == "see ticket 7"
    assert [before.version + 1, before.version + 2] == [noted.version, ended.version]
    assert status_event.payload["version"] == ended.version


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("role", sorted(ROLES))
async def test_only_a_role_that_acts_on_processes_may_write_a_note(offer: Offer, role: str) -> None:
    @workflow("Empty")
    def empty() -> StepList:
        return begin

    engine = await offer(empty)
    process_id = await engine.start(empty)
    person = Principal(role, role, permissions=ROLES[role])

    if role in ("operator", "admin"):
        await update_process_note(engine.runtime, person, process_id=process_id, note="see ticket 7")
    else:
        with pytest.raises(Forbidden):
            await update_process_note(engine.runtime, person, process_id=process_id, note="see ticket 7")

    is_noted = (await engine.process(process_id)).note is not None
    actions = await available_actions(engine.runtime, person, await engine.process(process_id))
    offered = ProcessAction.EDIT_NOTE in actions
    assert (is_noted, offered) == (role in ("operator", "admin"),) * 2
