"""Workflows with many callbacks and with many steps, for the tests of the page of one process."""

from pathlib import Path
from typing import Any

from waiting import call, confirm, judge, where

from orchestrator_gql import StepList, begin, callback_step, retrystep, step
from orchestrator_gql.types import State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import workflow

ROUTERS = [f"router-{number}" for number in range(1, 13)]
FLEET = [f"device-{number}" for number in range(1, 21)]
LENGTH = 500


@step("Call each router")
def call_each(file: str, callback_urls: dict[str, str]) -> None:
    """Write a line for each router: its name and its URL."""
    part = Path(file + ".part")
    part.write_text("".join(f"{name} {url}\n" for name, url in callback_urls.items()))
    part.rename(file)


@step("Count the answers")
def count(callback_result: dict[str, Any]) -> State:
    """Store the number of answers."""
    return {"answers": len(callback_result)}


@step("Read the interfaces")
def read_interfaces() -> State:
    """A value that a later step changes."""
    return {"interfaces": {"up": 10, "down": 2}}


@step("Repair the interfaces")
def repair_interfaces() -> State:
    """Another value under the same key."""
    return {"interfaces": {"up": 12, "down": 0}, "repaired": True}


@retrystep("Ask a service that is down", attempts=9, delay=30)
def ask_in_vain() -> None:
    """Fail each time."""
    raise ProcessFailureError("The service does not answer.", details={"service": "ipam", "status": 503})


@workflow("Ask twelve routers", initial_input_form=where, title="Twelve routers of {file}")
def twelve_routers() -> StepList:
    """Wait until each of twelve routers has answered."""
    return begin >> callback_step("Routers", call_each, count, expect=ROUTERS)


@workflow("Ask a fleet", initial_input_form=where)
def fleet() -> StepList:
    """Wait until each of twenty devices has answered."""
    return begin >> callback_step("Devices", call_each, count, expect=FLEET)


@workflow("Wait, judge and confirm", initial_input_form=where)
def changing() -> StepList:
    """All kinds of time: working, waiting for a remote service, waiting for a person."""
    waits = callback_step("Playbook", action_step=call, validate_step=judge)
    return begin >> read_interfaces >> repair_interfaces >> waits >> confirm


@workflow("Ask in vain")
def in_vain() -> StepList:
    """A step that waits for its next try."""
    return begin >> ask_in_vain


def _numbered(number: int) -> StepList:
    @step(f"Check interface {number}")
    def check() -> State:
        return {f"interface_{number}": "up"}

    return begin >> check


@workflow("A long course", initial_input_form=where)
def long_course() -> StepList:
    """Five hundred steps; the process waits in their middle."""
    waits = callback_step("Playbook", action_step=call, validate_step=judge)
    half = (LENGTH - 3) // 2
    steps = begin
    for number in range(half):
        steps = steps >> _numbered(number)
    steps = steps >> waits
    for number in range(half, LENGTH - 3):
        steps = steps >> _numbered(number)
    return steps
