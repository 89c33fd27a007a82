"""A workflow that waits for a result with a contract, and writes down where for; a server is given this file."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictInt

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.workflow import workflow

PAPER = "route.txt"


class Host(BaseModel):
    """A part that holds others of its kind."""

    name: Annotated[str, Field(min_length=1, max_length=20)]
    neighbours: "list[Host]" = []


class Report(BaseModel):
    """What the remote service is asked for."""

    status: Literal["successful", "failed"]
    return_code: StrictInt
    hosts: dict[str, Host] = {}


@step("Order")
def order(callback_route: str) -> None:
    """Write the route into the folder that the server was started in."""
    Path(PAPER).write_text(callback_route)


@step("Judge")
def judge(callback_result: Any) -> None:
    """Anything that came through the door will do."""


@workflow("Configure")
def configure() -> Any:
    """Wait for one playbook."""
    return begin >> callback_step("Playbook", order, judge, contract=Report)
