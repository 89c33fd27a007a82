"""Workflows whose contracts are hard for a generator of clients; the server of a test loads this file."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from orchestrator_gql import StepList, begin, callback_step, step
from orchestrator_gql.callbacks.lso import LsoExecutableResult, LsoPlaybookResult
from orchestrator_gql.types import State
from orchestrator_gql.workflow import workflow


class Host(BaseModel):
    """A model with itself inside, and a property that has the name of a keyword."""

    name: str
    title: str = "none"
    neighbours: list["Host"] = []


class Copper(BaseModel):
    kind: Literal["copper"]
    pairs: int


class Fibre(BaseModel):
    kind: Literal["fibre"]
    colour: Literal["red", "blue"] = Field("red", title="A choice")
    size: Literal[1, "auto"] = "auto"
    grade: Literal["a", "b", None] = None
    length: Literal["short", "long"] | None = Field(None, title="A choice")


class Problem(BaseModel):
    """A model with the name of a component of ours."""

    hosts: list[Host]
    cable: Annotated[Copper | Fibre, Field(discriminator="kind")]
    is_done: Literal[True] = True
    is_final: Literal[True] | None = None
    version: Literal[2] = 2


@step("Order")
def order(callback_url: str) -> None:
    """Give the URL to the test, which is the remote service."""
    Path(os.environ["URL_FILE"]).write_text(callback_url)


@step("Judge")
def judge(callback_result: dict[str, Any]) -> State:
    return {"hosts": len(callback_result["hosts"])}


@step("Accept")
def accept() -> None:
    """Accept every result."""


@workflow("Lay a cable")
def lay_cable() -> StepList:
    return begin >> callback_step("Dig", order, judge, contract=Problem)


@workflow("Run it again and again")
def again() -> StepList:
    return (
        begin
        >> callback_step("Run", order, accept, contract=LsoPlaybookResult)
        >> callback_step("Run!", order, accept, contract=LsoPlaybookResult)
        >> callback_step("run", order, accept, contract=LsoExecutableResult)
        >> callback_step("R-u-n", order, accept, contract=Host)
        >> callback_step("Host", order, accept, contract=Problem)
        >> callback_step("Anything", order, accept)
    )
