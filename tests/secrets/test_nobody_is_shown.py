"""Secrets of every kind pass through a process: its steps get them unchanged, and no reader sees them."""

import json
import logging
from typing import Any
from urllib.parse import quote

import pytest
from kinds import SECRETS, spellings_in, stored_texts
from pydantic import BaseModel, Field, SecretBytes, SecretStr, computed_field
from pydantic_forms.validators import LongText
from support.operator import ADA
from support.remote import Remote, answer
from support.web import site_of

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.cli.serving.log_lines import LineFormatter
from orchestrator_gql.commands.callback_deliveries import report_callback_progress
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.commands.processes import abort_process, update_process_note
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.engine.input_requests.requests import DecisionResult
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.storage import input_requests
from orchestrator_gql.types import FormGenerator, ProcessStatus, State
from orchestrator_gql.utils.errors import CallbackConflict
from orchestrator_gql.utils.json.redaction import MASK
from orchestrator_gql.workflow import workflow

EVERYTHING = """query($id: ID!) {
  process(id: $id) { state startPages note failure { code message details traceback }
    whyWaiting { message }
    steps { stateDelta failure { message details traceback } inputRequests { title decisions { pages comment }
      form { ... on FormPage { title description initialData schema uiSchema digest }
        ... on FormComplete { data pages } } } }
    callbacks { result resultPreview resultText { text } contract validation { message details }
      progress { message data } progressLog { nodes { message data } } attempts { nodes { bodyPreview error } } } }
  events { nodes { __typename ... on StepChangedEvent { stateDelta failure { message details traceback } }
    ... on ProcessStatusChangedEvent { failure { message details traceback } }
    ... on CallbackReceivedEvent { result resultPreview }
    ... on CallbackProgressedEvent { progress { message data } }
    ... on ProcessNoteChangedEvent { note }
    ... on CallbackValidatedEvent { validation { message details } } } }
  audit { nodes { action details } } }"""

AUTHORS = logging.getLogger("an.author")


class Login(BaseModel):
    """The result of a step."""

    user: str
    pin: SecretStr = Field(serialization_alias="the-pin")
    raw: SecretBytes
    spare: list[SecretStr]
    by_name: dict[str, SecretStr]

    @computed_field
    def again(self) -> SecretStr:
        """A secret that is computed from another secret."""
        return SecretStr(self.pin.get_secret_value() + "!")


class Answer(BaseModel):
    """The result of the remote service."""

    token: SecretStr
    log: str = ""


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("kind", SECRETS)
async def test_nobody_is_shown_a_secret_and_the_steps_get_it(
    storage: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret, remote, received = SECRETS[kind], Remote(), dict[str, Any]()

    def start() -> FormGenerator:
        class Start(FormPage):
            user: str
            password: SecretStr
            note: str = Field("", json_schema_extra={"writeOnly": True})

        form_values = yield Start
        AUTHORS.warning("typed %s", form_values.password.get_secret_value())
        return {
            **form_values.model_dump(),
            "dsn": f"db://u:{quote(form_values.password.get_secret_value())}@h",
            "t": f"in {form_values.note}",
        }

    @step("Use")
    def use(password: str, note: SecretStr, dsn: str) -> State:
        AUTHORS.error("uses %r", password)
        received["start"], received["marked"] = password, note.get_secret_value()
        login = Login(user="u", pin=password, raw=password, spare=[password], by_name={"k": password})
        return {"login": login, "bare": SecretStr(password), "plain": password, "within": [f"x{password}y"]}

    @step("Judge")
    def judge(login: dict[str, Any], bare: SecretStr, plain: str, callback_result: dict[str, Any]) -> State:
        received["model"], received["bare"], received["plain"] = (
            login,
            bare.get_secret_value(),
            plain,
        )
        received["result"] = callback_result["token"]
        return {"callback_result": callback_result}

    @inputstep("Confirm", assignee=Assignee("NOC"))
    def confirm(state: State) -> FormGenerator:
        class Confirm(FormPage):
            """Shows the state."""

            everything: ReadOnly[LongText] = json.dumps(state, default=str)
            as_it_is: ReadOnly[dict] = state["login"]  # type: ignore[type-arg]
            edited: LongText = json.dumps(state["callback_result"], indent=1)
            api_key: SecretStr = state["bare"]
            remark: str = f"{state['plain']} it is"

        form_values = yield Confirm
        data: State = form_values.model_dump(include={"edited", "api_key", "remark"})
        return data

    @step("Stumble")
    def stumble(edited: str, api_key: str, remark: str) -> None:
        received["edited"], received["form"], received["remark"] = (
            json.loads(edited),
            api_key,
            remark,
        )
        try:
            raise KeyError(api_key)
        except KeyError as cause:
            raise ValueError(f"no login with {api_key!r}, {quote(api_key)}") from cause

    @workflow("Log in", initial_input_form=start)
    def logs_in() -> Any:
        return begin >> use >> callback_step("Job", remote.action(), judge, contract=Answer) >> confirm >> stumble

    async with site_of(storage, logs_in) as site:
        engine, runtime = site.engine, site.engine.runtime
        id = await engine.start(logs_in, {"user": "ada", "password": secret, "note": secret}, note=f"with {secret}")
        token = await remote.asked()
        await engine.reaches(id, ProcessStatus.AWAITING_CALLBACK)
        await report_callback_progress(runtime, token=token, message=f"login {secret}", data={"said": [secret]})
        await answer(runtime, token, {"token": secret, "log": f"ok: {secret}"})

        await engine.reaches(id, ProcessStatus.SUSPENDED)
        with pytest.raises(CallbackConflict):
            await answer(runtime, token, {"token": "another", "log": f"again {secret}"})
        await update_process_note(runtime, ADA, process_id=id, note=f"its password is {secret}")
        waiting = await site.ask(EVERYTHING, id=str(id))
        form = next(
            request["form"]
            for execution in waiting["process"]["steps"]
            for request in execution["inputRequests"]
            if request["form"]
        )
        open_request = await engine.read(lambda conn: input_requests.open_of_process(conn, id))
        assert open_request is not None
        decision = await submit_form(
            runtime, ADA, input_request_id=open_request.id, pages=[form["initialData"]], comment=f"as {secret}"
        )
        assert isinstance(decision, DecisionResult), decision
        await engine.reaches(id, ProcessStatus.FAILED)
        await abort_process(runtime, ADA, process_id=id, reason=f"gave up {secret}")
        failed = await site.ask(EVERYTHING, id=str(id))
        export = (await site.http.get("/api/audit/export")).text
        stored = await engine.read(stored_texts)

    texts = [received[name] for name in ("start", "marked", "bare", "plain", "result", "form")]
    assert texts == [secret] * 6
    assert received["model"] == {
        "user": "u", "pin": secret, "raw": secret, "spare": [secret], "by_name": {"k": secret}, "again": secret + "!"
    }  # fmt: skip
    assert received["edited"] == {"token": secret, "log": f"ok: {secret}"} and received["remark"] == f"{secret} it is"
    assert form["initialData"]["api_key"] == MASK
    logged = "\n".join(map(LineFormatter().format, caplog.records))
    shown = {"waiting": json.dumps(waiting), "failed": json.dumps(failed), "export": export}
    assert {
        name: spellings_in(text, secret) for name, text in (shown | stored).items() if spellings_in(text, secret)
    } == {}
    assert "typed" in logged and "startWorkflow" in export
