"""What the lightweight service orchestrator (LSO) sends when a job has ended, as contracts for `callback_step`.

    callback_step("Configure", start_playbook, judge, contract=LsoPlaybookResult)

An LSO tries once and reads no answer: so they ask for no more than a validation needs, and take whatever else it says.
Of ten million lines that are none only the first is told: the others would cost a gigabyte.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, FailFast, Field, StrictInt


class LsoPlaybookResult(BaseModel):
    """How a playbook ended."""

    model_config = ConfigDict(extra="allow")

    status: Literal["successful", "failed", "timeout", "canceled"]
    job_id: UUID
    output: Annotated[
        list[str], FailFast(), Field(description="The lines that are not empty; they may hold ANSI colours.")
    ]
    return_code: Annotated[StrictInt, Field(description="0 where every host came through.")]


class LsoExecution(BaseModel):
    """What a program said and how it ended."""

    model_config = ConfigDict(extra="allow")

    output: Annotated[str, Field(description="One text: what it wrote, errors behind the rest.")]
    return_code: Annotated[StrictInt, Field(description="-1 where it could not be started or took too long.")]
    status: Literal["successful", "failed"]


class LsoExecutableResult(BaseModel):
    """How a program ended: unlike a playbook's, one level down."""

    model_config = ConfigDict(extra="allow")

    job_id: UUID
    result: LsoExecution
