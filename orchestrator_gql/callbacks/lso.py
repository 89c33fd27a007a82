"""Contracts for `callback_step`: what the lightweight service orchestrator (LSO) sends when a job has ended.

    callback_step("Configure", start_playbook, judge, contract=LsoPlaybookResult)

An LSO sends once and ignores the response. So the contracts demand only the fields that a validation needs, and allow
all others. If the output has wrong lines, only the first error is reported: ten million errors would cost a gigabyte.
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
    """The result of a playbook."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [_PLAYBOOK]})

    status: Literal["successful", "failed", "timeout", "canceled"]
    job_id: UUID
    output: Annotated[
        list[str], FailFast(), Field(description="The lines that are not empty; they may hold ANSI colours.")
    ]
    return_code: Annotated[StrictInt, Field(description="0 if the playbook succeeded on every host.")]


class LsoExecution(BaseModel):
    """The output and the result of a program."""

    model_config = ConfigDict(extra="allow")

    output: Annotated[str, Field(description="The output of the program as one text, with the errors at the end.")]
    return_code: Annotated[StrictInt, Field(description="-1 if the program could not be started or took too long.")]
    status: Literal["successful", "failed"]


class LsoExecutableResult(BaseModel):
    """The result of a program; unlike the result of a playbook it is nested one level deeper."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [_EXECUTABLE]})

    job_id: UUID
    result: LsoExecution
