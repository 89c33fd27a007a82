"""The contracts for an LSO accept every payload that an LSO sends, and refuse others."""

from typing import Any

import pytest
from pydantic import BaseModel

from orchestrator_gql.callbacks.contract import schema, violations
from orchestrator_gql.callbacks.lso import LsoExecutableResult, LsoPlaybookResult

JOB = "9f0c6d0e-6f0b-4a53-9d55-2f6f3f0d6a11"
PLAYBOOK = {"status": "successful", "job_id": JOB, "output": ["\x1b[0;32mok: [ams-1]\x1b[0m"], "return_code": 0}
CRASH = {"status": "failed", "job_id": JOB, "output": ["Ansible playbook run failed: no such user"], "return_code": -1}
EXECUTION = {"output": "ams-1 answers\n", "return_code": 0, "status": "successful"}
EXECUTABLE = {"job_id": JOB, "result": EXECUTION}


@pytest.mark.parametrize(
    ("contract", "payload"),
    [
        (LsoPlaybookResult, PLAYBOOK),
        (LsoPlaybookResult, CRASH),
        (LsoPlaybookResult, PLAYBOOK | {"status": "timeout", "return_code": 254, "output": []}),
        (LsoPlaybookResult, PLAYBOOK | {"status": "canceled"}),
        (LsoPlaybookResult, PLAYBOOK | {"worker": "lso-2", "artifacts": {"facts": []}}),
        (LsoExecutableResult, EXECUTABLE),
        (LsoExecutableResult, EXECUTABLE | {"host": "lso-2", "result": EXECUTION | {"seconds": 3}}),
    ],
)
def test_a_payload_of_an_lso_fits_and_keeps_its_further_keys(
    contract: type[BaseModel], payload: dict[str, Any]
) -> None:
    assert violations(contract, payload) == ()
    assert contract.model_validate(payload).model_dump(mode="json") == payload


@pytest.mark.parametrize(
    ("contract", "payload", "pointers"),
    [
        (LsoPlaybookResult, PLAYBOOK | {"output": "one text"}, ["/output"]),
        (LsoPlaybookResult, PLAYBOOK | {"output": ["a", 1, 2]}, ["/output/1"]),
        (LsoPlaybookResult, PLAYBOOK | {"status": "running"}, ["/status"]),
        (LsoPlaybookResult, PLAYBOOK | {"return_code": "0"}, ["/return_code"]),
        (LsoPlaybookResult, PLAYBOOK | {"return_code": False}, ["/return_code"]),
        (LsoPlaybookResult, PLAYBOOK | {"return_code": None}, ["/return_code"]),
        (LsoPlaybookResult, PLAYBOOK | {"job_id": "7"}, ["/job_id"]),
        (LsoPlaybookResult, {}, ["/status", "/job_id", "/output", "/return_code"]),
        (LsoExecutableResult, PLAYBOOK, ["/result"]),
        (LsoExecutableResult, EXECUTABLE | {"result": None}, ["/result"]),
        (LsoExecutableResult, EXECUTABLE | {"result": EXECUTION | {"output": ["a"]}}, ["/result/output"]),
    ],
)
def test_a_payload_that_no_lso_sends_is_refused_with_its_places(
    contract: type[BaseModel], payload: Any, pointers: list[str]
) -> None:
    assert [error.pointer for error in violations(contract, payload)] == pointers


def test_the_schemas_allow_further_keys_and_have_an_example_that_fits() -> None:
    for contract in (LsoPlaybookResult, LsoExecutableResult):
        json_schema = schema(contract)

        assert json_schema["additionalProperties"] is True
        assert [violations(contract, example) for example in json_schema["examples"]] == [()]
