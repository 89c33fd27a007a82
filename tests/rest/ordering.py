"""A workflow file for a server: it waits for a result with a contract and writes its callback route to a file."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictInt

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.workflow import workflow

ROUTE_FILE = "route.txt"


class Host(BaseModel):
    """A part of the contract that contains parts of the same type."""

    name: Annotated[str, Field(min_length=1, max_length=20)]
    neighbours: "list[Host]" = []


class Report(BaseModel):
    """The contract of the result."""

    status: Literal["successful", "failed"]
    return_code: StrictInt
    hosts: dict[str, Host] = {}


@step("Order")
def order(callback_route: str) -> None:
    """Write the route into the folder that the server was started in."""
    Path(ROUTE_FILE).write_text(callback_route)


@step("Judge")
def judge(callback_result: Any) -> None:
    """Accept every result that fits the contract."""


@workflow("Configure")
def configure() -> Any:
    """Wait for one playbook."""
    return begin >> callback_step("Playbook", order, judge, contract=Report)
