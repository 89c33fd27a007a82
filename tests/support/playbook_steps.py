"""The steps of a workflow with every kind of step, for the tests of the state machine."""

from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator_gql import inputstep, step
from orchestrator_gql.types import Failure

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
FAILURE = Failure("step-raised", "it broke", NOW)


@step("Call")
def call(callback_route: str) -> None: ...


@step("Judge")
def judge(callback_result: Any) -> None: ...


@inputstep("Confirm")
def confirm() -> Any:
    return {}


@step("Finish")
def finish() -> None: ...
