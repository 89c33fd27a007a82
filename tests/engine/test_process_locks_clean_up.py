"""A process with a lock that is aborted: its clean-up works on the device, so the key is free behind it."""

from typing import Any
from uuid import uuid4

from conftest import Offer
from support.locked import confirm_change, each_node, fail_until_repaired, repaired, rows_of, which_nodes
from support.operator import ADA, open_request

from orchestrator_gql import begin, step
from orchestrator_gql.commands.processes import abort_process, retry_process
from orchestrator_gql.types import ProcessStatus, State
from orchestrator_gql.workflow import workflow

cleaned: list[str] = []


@step("Give the node back")
def give_back(node: str) -> State:
    cleaned.append(node)
    return {}


@workflow(
    "Reserve a node",
    initial_input_form=which_nodes,
    lock=each_node,
    on_locked="queue",
    on_abort=begin >> fail_until_repaired >> give_back,
)
def reserve() -> Any:
    return begin >> confirm_change


async def test_an_aborted_process_holds_its_keys_until_its_clean_up_has_ended(offer: Offer) -> None:
    engine, node = await offer(reserve), f"ams-{uuid4()}"
    holder, second, third = [await engine.start(reserve, {"nodes": [node]}) for _ in range(3)]
    await open_request(engine, holder)

    await abort_process(engine.runtime, ADA, process_id=holder)
    await engine.reaches(holder, ProcessStatus.FAILED)
    await abort_process(engine.runtime, ADA, process_id=second)
    during = await rows_of(engine)
    status = (await engine.process(second)).status
    repaired.add(node)
    await retry_process(engine.runtime, ADA, process_id=holder)
    await engine.reaches(holder, ProcessStatus.ABORTED)
    await open_request(engine, third)

    assert during == {f"node:{node}": [holder, third]}
    assert status is ProcessStatus.ABORTED, "it has not begun, so it has nothing to clean up on a node of another"
    assert cleaned.count(node) == 1
    assert await rows_of(engine) == {f"node:{node}": [third]}
