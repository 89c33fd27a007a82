"""Workflows whose waits end too early for the remote service, or expect several answers."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from waiting import call, confirm, judge, where

from orchestrator_gql import StepList, begin, callback_step, step, wait_until
from orchestrator_gql.types import State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import workflow


@step("Call each device")
def call_each(file: str, callback_urls: dict[str, str]) -> None:
    """Write the URLs to the file, one in each line."""
    part = Path(file + ".part")
    part.write_text("\n".join(callback_urls.values()))
    part.rename(file)


@step("Count the answers")
def count(callback_result: dict[str, Any]) -> State:
    """Store the number of answers."""
    return {"answers": len(callback_result)}


@workflow("Be in a hurry", initial_input_form=where)
def hurried() -> StepList:
    """Give the remote service hardly any time."""
    waits = callback_step("Playbook", action_step=call, validate_step=judge, timeout=timedelta(seconds=1))
    return begin >> waits >> confirm


@workflow("Wait for two devices", initial_input_form=where)
def two_devices() -> StepList:
    """Expect an answer from each device."""
    return begin >> callback_step("Devices", call_each, count, expect=["ams-1", "lyon-1"])


@workflow("Ask an operator about two devices", initial_input_form=where)
def two_silent() -> StepList:
    """Ask an operator, because no device answers in time."""
    options: dict[str, Any] = {"timeout": timedelta(seconds=1), "on_timeout": "operator"}
    return begin >> callback_step("Devices", call_each, count, expect=["ams-1", "lyon-1"], **options)


@step("Break")
def break_down() -> None:
    """Fail each time."""
    raise ProcessFailureError("The fuse is blown.")


@workflow("Break each time")
def breaks() -> StepList:
    """Fail again at each retry."""
    return begin >> break_down


@workflow("Change at night", initial_input_form=where)
def at_night() -> StepList:
    """Wait for a window that no test sees."""
    return begin >> wait_until("Wait for the night", lambda: "2100-01-01T22:00:00Z")


@workflow("Try and change", initial_input_form=where)
def try_and_change() -> StepList:
    """Call the remote service twice, as a dry run and a change do."""
    tries = callback_step("Dry run", action_step=call, validate_step=judge)
    return begin >> tries >> callback_step("Change", action_step=call, validate_step=judge) >> confirm
