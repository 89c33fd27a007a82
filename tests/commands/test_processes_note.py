"""A note is written beside a process at any time, and outlives whatever the process does meanwhile."""

import asyncio

from conftest import Offer

from orchestrator_gql import begin, step
from orchestrator_gql.commands.processes import update_process_note
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.types import EventKind, ProcessStatus
from orchestrator_gql.workflow import StepList, workflow


async def test_a_note_that_was_written_while_a_step_ran_is_still_there_when_it_has_ended(offer: Offer) -> None:
    began, goes_on = asyncio.Event(), asyncio.Event()

    @step("wait")
    async def wait() -> None:
        began.set()
        await goes_on.wait()

    @workflow("RetryLater")
    def waiting() -> StepList:
        return begin >> wait

    engine = await offer(waiting)
    process_id = await engine.start(waiting)
    async with asyncio.timeout(20):
        await began.wait()
    seen = await engine.process(process_id)
    noted = await update_process_note(engine.runtime, LOCAL_OPERATOR, process_id=process_id, note="see ticket 7")
    goes_on.set()
    ended = await engine.reaches(process_id, ProcessStatus.COMPLETED)
    told = (await engine.events(process_id, EventKind.PROCESS_STATUS_CHANGED))[-1]

    assert ended.note == "see ticket 7"
    assert [seen.version + 1, seen.version + 2] == [noted.version, ended.version]
    assert told.payload["version"] == ended.version
