"""Secrets that go through a process: the steps work with them, and nobody is shown them anywhere."""

import base64
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr
from support.database import sqlite_url
from support.operator import ADA
from support.remote import Remote, answer, fail
from support.web import site_of

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.cli.serving.log_lines import LineFormatter
from orchestrator_gql.commands.callback_deliveries import report_callback_progress
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.engine.input_requests.requests import DecisionResult
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.storage import input_requests
from orchestrator_gql.types import FormGenerator, ProcessStatus, State
from orchestrator_gql.utils.errors import CallbackConflict, ProcessFailureError
from orchestrator_gql.utils.json.redaction import MASK
from orchestrator_gql.workflow import workflow

AWAITING, SUSPENDED, FAILED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.SUSPENDED, ProcessStatus.FAILED
CANARY = "canary-hunter2"

EVERYTHING = """{
  processes { nodes { state startPages note failure { message details traceback }
    steps { stateDelta failure { message details } inputRequest { decisions { pages }
      form { ... on FormPage { initialData schema uiSchema } } } }
    callbacks { result resultPreview resultText { text } contract validation { message details }
      progress { message data } progressLog { nodes { message data } } attempts { nodes { bodyPreview error } } } } }
  workflows { nodes { steps { callbackContract } } }
  events { nodes { __typename ... on StepChangedEvent { stateDelta failure { message details } }
    ... on ProcessStatusChangedEvent { failure { message details } }
    ... on CallbackReceivedEvent { result resultPreview }
    ... on CallbackProgressedEvent { progress { message data } }
    ... on CallbackValidatedEvent { validation { message details } } } } }"""


class ExecutionResponse(BaseModel):
    """The remote's answer; what it calls `pin` is nobody's business."""

    rc: int
    pin: SecretStr
    log: str = ""


def spellings(secret: str) -> list[str]:
    """The secret as it is, JSON-escaped, %-encoded, and as base64."""
    escaped = "".join(f"\\u{ord(payload):04x}" for payload in secret)
    return [secret, escaped, secret.replace("-", "%2D"), base64.b64encode(secret.encode()).decode()]


async def test_no_secret_is_shown_anywhere_and_the_steps_see_it_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    remote, seen = Remote(), list[Any]()

    def form() -> FormGenerator:
        class Login(FormPage):
            user: str
            db_password: str = CANARY

        response = yield Login
        return {"user": response.user, "db_password": response.db_password}

    @step("Judge")
    def judge(callback_result: dict[str, Any], db_password: str) -> State:
        seen.append((callback_result["pin"], db_password))
        return {"headers": {"api_key": CANARY, "accept": "json"}, "text": f"curl -u ada password={CANARY}"}

    @inputstep("Confirm")
    def confirm(callback_result: dict[str, Any]) -> FormGenerator:
        class Result(FormPage):
            shown: ReadOnly[str] = json.dumps(callback_result)
            client_secret: str = CANARY
            remark: str = ""

        response = yield Result
        return {"client_secret": response.client_secret, "remark": response.remark}

    @step("Stumble")
    def stumble(client_secret: str) -> None:
        seen.append(client_secret)
        raise ProcessFailureError(f"login with password={CANARY} failed", details={"api_key": CANARY})

    @workflow("Log in", initial_input_form=form)
    def logs_in() -> Any:
        return begin >> callback_step("Job", remote.action(), judge, contract=ExecutionResponse) >> confirm >> stumble

    async with site_of(sqlite_url(tmp_path), logs_in) as site:
        engine = site.engine
        process_id = await engine.start(logs_in, {"user": "ada", "db_password": MASK})
        token = await remote.asked()
        await engine.reaches(process_id, AWAITING)
        report = {"pin": CANARY, "ansible_become_pass": CANARY}
        await report_callback_progress(engine.runtime, token=token, message=f"pin: {CANARY}", data=report)
        payload = {"rc": 0, "pin": CANARY, "log": f'{{"password": "{CANARY}"}}'}
        await answer(engine.runtime, token, payload)
        await engine.reaches(process_id, SUSPENDED)
        with pytest.raises(CallbackConflict):
            await answer(engine.runtime, token, {"rc": 1, "pin": CANARY})
        with pytest.raises(CallbackConflict):
            await fail(engine.runtime, token, f"secret={CANARY}")
        asked = await engine.read(lambda conn: input_requests.open_of_process(conn, process_id))
        assert asked is not None
        waiting = await site.ask(EVERYTHING)
        page = {"client_secret": MASK, "remark": "fine"}
        response = await submit_form(engine.runtime, ADA, input_request_id=asked.id, pages=[page])
        assert isinstance(response, DecisionResult)
        await engine.reaches(process_id, FAILED)
        failed = await site.ask(EVERYTHING)

    assert seen == [(CANARY, CANARY), CANARY]
    formatter = LineFormatter()
    logged = "\n".join(formatter.format(record) for record in caplog.records)
    received = json.dumps([waiting, failed], ensure_ascii=False) + logged
    assert [one for one in spellings(CANARY) if one in received] == []
    assert received.count(MASK) > 20
    shown = waiting["processes"]["nodes"][0]
    assert shown["state"]["headers"] == {"api_key": MASK, "accept": "json"}
    assert shown["state"]["callback_result"]["rc"] == 0
    assert shown["callbacks"][0]["contract"]["properties"]["pin"]["writeOnly"] is True


async def test_what_is_redacted_is_the_deployments_choice(tmp_path: Path) -> None:
    @step("Work")
    def work() -> State:
        return {"password": "shown", "vlan": 100}

    @workflow("Work")
    def works() -> Any:
        return begin >> work

    async with site_of(sqlite_url(tmp_path), works, redact=("vl?n",)) as site:
        process_id = await site.engine.start(works)
        await site.engine.reaches(process_id, ProcessStatus.COMPLETED)
        received = await site.ask("{ processes { nodes { state } } }")

    assert received["processes"]["nodes"] == [{"state": {"password": "shown", "vlan": MASK}}]
