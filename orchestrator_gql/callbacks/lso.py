"""What the lightweight service orchestrator (LSO) sends when a job has ended, as contracts for `callback_step`.

    callback_step("Configure", start_playbook, judge, contract=LsoPlaybookResult)

An LSO tries once and reads no answer: so they ask for no more than a validation needs, and take whatever else it says.
Of ten million lines that are none only the first is told: the others would cost a gigabyte.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, FailFast, Field, JsonValue, StrictInt

_JOB = "0c6f6c1e-2f0d-4c55-9b1c-6f8f5d1f3a77"
_PLAYBOOK: dict[str, JsonValue] = {
    "status": "successful",
    "job_id": _JOB,
    "output": ["PLAY [Configure]", "\x1b[0;32mok: [ams-1]\x1b[0m"],
    "return_code": 0,
}
_EXECUTABLE: dict[str, JsonValue] = {
    "job_id": _JOB,
    "result": {"output": "ams-1 answers\n", "return_code": 0, "status": "successful"},
}


class LsoPlaybookResult(BaseModel):
    """How a playbook ended."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [_PLAYBOOK]})

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

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [_EXECUTABLE]})

    job_id: UUID
    result: LsoExecution
