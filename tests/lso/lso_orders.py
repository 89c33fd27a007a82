"""Workflows that order jobs from an LSO, as its users write them; the server of the tests loads this file."""

import os
from typing import Any
from uuid import UUID

import httpx

from orchestrator_gql import StepList, begin, callback_step, step
from orchestrator_gql.callbacks.lso import LsoExecutableResult, LsoPlaybookResult
from orchestrator_gql.types import State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import Step, workflow


def ask_lso(path: str, order: dict[str, Any]) -> State:
    """Order a job, and return its id."""
    response = httpx.post(os.environ["LSO_URL"] + path, json=order, timeout=60, trust_env=False)
    response.raise_for_status()
    return {"job_id": response.json()["job_id"]}


def playbook(vlan: int, *, is_incremental: bool) -> Step:
    """A step that runs the playbook."""

    @step("Run the playbook")
    def run(callback_url: str, progress_url: str) -> State:
        order = {
            "playbook_name": "greet.yml",
            "inventory": {"all": {"hosts": {"ams-1": None, "ams-2": None}}},
            "extra_vars": {"vlan": vlan},
            "callback": callback_url,
            "progress": progress_url,
            "progress_is_incremental": is_incremental,
        }
        return ask_lso("/api/playbook/", order)

    return run


def executable(return_code: int) -> Step:
    """A step that runs the program."""

    @step("Run the program")
    def run(callback_url: str) -> State:
        order = {"executable_name": "report", "args": ["ams-1", str(return_code)], "callback": callback_url}
        return ask_lso("/api/execute/", order)

    return run


@step("Judge the playbook")
def judge_playbook(callback_result: LsoPlaybookResult, job_id: UUID) -> State:
    """Fail if the playbook failed; store whether the result belongs to our job."""
    if callback_result.return_code != 0 or callback_result.status != "successful":
        raise ProcessFailureError("The playbook failed.", details={"return_code": callback_result.return_code})
    return {"is_ours": callback_result.job_id == job_id, "lines": len(callback_result.output)}


@step("Judge the program")
def judge_program(callback_result: LsoExecutableResult, job_id: UUID) -> State:
    """Fail if the program failed; store whether the result belongs to our job."""
    result = callback_result.result
    if result.return_code != 0:
        raise ProcessFailureError("The program failed.", details={"return_code": result.return_code})
    return {"is_ours": callback_result.job_id == job_id}


@workflow("A playbook that reports line by line")
def playbook_line_by_line() -> StepList:
    """Each report holds the new lines."""
    action = playbook(100, is_incremental=True)
    return begin >> callback_step("Greet", action, judge_playbook, contract=LsoPlaybookResult)


@workflow("A playbook that reports all of its lines each time")
def playbook_as_a_whole() -> StepList:
    """Each report holds all lines so far."""
    action = playbook(100, is_incremental=False)
    return begin >> callback_step("Greet", action, judge_playbook, contract=LsoPlaybookResult)


@workflow("A playbook that fails")
def playbook_that_fails() -> StepList:
    """Ansible ends with return code 2."""
    action = playbook(5000, is_incremental=True)
    return begin >> callback_step("Greet", action, judge_playbook, contract=LsoPlaybookResult)


@workflow("A program")
def program() -> StepList:
    """The program ends with return code 0."""
    return begin >> callback_step("Report", executable(0), judge_program, contract=LsoExecutableResult)


@workflow("A program that fails")
def program_that_fails() -> StepList:
    """The program ends with return code 3."""
    return begin >> callback_step("Report", executable(3), judge_program, contract=LsoExecutableResult)
