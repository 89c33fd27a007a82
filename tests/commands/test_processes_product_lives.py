"""Random lives of products that use each other, by several operators at once: no acknowledged change is ever lost."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from conftest import Offer
from support.engine import Engine
from support.network import rested
from support.product_lives import LIVES, DeedRefused, Operators, Seen, demand_all
from support.sizes import size

from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.commands.processes import abort_process, retry_process
from orchestrator_gql.commands.product_subscriptions import set_in_sync
from orchestrator_gql.commands.workflow_starts import Started, start_workflow
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import input_requests
from orchestrator_gql.utils.errors import OrchestratorError
from orchestrator_gql.workflow import Workflow

OPERATORS = 4
DEEDS = size(12, 20)


@contextmanager
def deed() -> Iterator[None]:
    """Turn an error of a command into the refusal of a deed."""
    try:
        yield
    except OrchestratorError as error:
        raise DeedRefused(error.code) from error


class EngineOperators(Operators):
    """Operators who call the commands of one engine."""

    def __init__(self, engine: Engine, seed: int) -> None:
        super().__init__(seed)
        self.engine = engine

    async def start(self, workflow: Workflow, *pages: Any) -> str:
        with deed():
            started = await start_workflow(
                self.engine.runtime, LOCAL_OPERATOR, workflow_name=workflow.name, pages=list(pages)
            )
        assert isinstance(started, Started), started
        return str(started.process.id)

    async def rested(self, process_id: str) -> Seen:
        process = await rested(self.engine, UUID(process_id))
        failure = process.failure.code if process.failure else None
        return Seen(process.status, failure, process.state.get("subscription_id"))

    async def submit(self, process_id: str) -> None:
        request = await self.engine.read(lambda conn: input_requests.open_of_process(conn, UUID(process_id)))
        assert request is not None
        await submit_form(self.engine.runtime, LOCAL_OPERATOR, input_request_id=request.id, pages=[{}])

    async def retry(self, process_id: str) -> None:
        with deed():
            await retry_process(self.engine.runtime, LOCAL_OPERATOR, process_id=UUID(process_id))

    async def end(self, process_id: str) -> None:
        with deed():
            await abort_process(self.engine.runtime, LOCAL_OPERATOR, process_id=UUID(process_id))

    async def set_in_sync(self, id: str) -> None:
        with deed():
            await set_in_sync(self.engine.runtime, LOCAL_OPERATOR, subscription_id=UUID(id), reason="I looked.")


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("seed", range(2))
async def test_no_acknowledged_change_is_lost_and_nothing_refers_to_what_has_ended(offer: Offer, seed: int) -> None:
    operators = EngineOperators(await offer(*LIVES), seed)
    await operators.furnish()

    await asyncio.gather(*(operators.operate(number, DEEDS) for number in range(OPERATORS)))

    await operators.engine.read(demand_all)
    assert operators.counted, "the operators never met"
