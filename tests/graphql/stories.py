"""A small deployment, and documents that clients send to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from support.database import sqlite_url
from support.remote import Remote
from support.web import Site, site_of

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.types import FormGenerator, Json, ProcessStatus, State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import Workflow, workflow

AWAITING, SUSPENDED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.SUSPENDED
FAILED, COMPLETED, ABORTED = ProcessStatus.FAILED, ProcessStatus.COMPLETED, ProcessStatus.ABORTED

START = """mutation ($input: StartWorkflowInput!) { startWorkflow(input: $input) { __typename
  ... on StartWorkflowSuccess { created process { id status } }
  ... on FormIncomplete { nextPage { index key digest } }
  ... on FormInvalid { pageIndex errors { pointer type } page { key } }
  ... on UserError { code message } } }"""
SUBMIT = """mutation ($input: SubmitFormInput!) { submitForm(input: $input) { __typename
  ... on SubmitFormSuccess { inputRequest { status decisions { verdict comment by { id } } } process { id } }
  ... on FormIncomplete { nextPage { index } }
  ... on FormInvalid { pageIndex errors { pointer } }
  ... on ConflictError { by { id } at currentVersion }
  ... on UserError { code message } } }"""


def act(name: str) -> str:
    """The document of a verb on a process."""
    return f"""mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ __typename
      ... on ProcessActionSuccess {{ process {{ id status note version }} }}
      ... on ConflictError {{ currentVersion conflictingProcess {{ id }} }}
      ... on UserError {{ code message }} }} }}"""


def deliver(name: str) -> str:
    """The document of a remote service's mutation."""
    return f"""mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ __typename
      ... on ReceiveCallbackSuccess {{ receipt receivedAt duplicate }}
      ... on PayloadInvalidError {{ errors {{ pointer }} }}
      ... on PayloadTooLargeError {{ limitBytes }}
      ... on UserError {{ code message }} }} }}"""


@step("Judge the result")
def judge(callback_result: Json) -> State:
    if isinstance(callback_result, dict) and callback_result.get("rc"):
        raise ProcessFailureError("The playbook failed.", details={"rc": callback_result["rc"]})
    return {"is_good": True}


@inputstep("Confirm the result", assignee=Assignee("NOC"))
def confirm(is_good: bool) -> FormGenerator:
    class Result(FormPage):
        is_good: ReadOnly[bool] = True
        remark: str = "none"

    answer = yield Result
    return {"remark": answer.remark}


@step("Activate")
def activate() -> None:
    """Nothing more to do."""


def port_form() -> FormGenerator:
    class Port(FormPage):
        port: int

    class Speed(FormPage):
        speed: int = 10

    port = yield Port
    speed = yield Speed
    return {"port": port.port, "speed": speed.speed}


@dataclass(slots=True)
class Story:
    """The deployment: `change_port` runs through everything, `note` ends at once, `ask` starts with a form."""

    site: Site
    remote: Remote
    change_port: Workflow
    note: Workflow
    ask: Workflow
    started: list[str] = field(default_factory=list)

    async def waits(self) -> tuple[UUID, str]:
        """A process of `change_port` at its wait, and the token."""
        process_id = await self.site.engine.start(self.change_port)
        token = await self.remote.asked()
        await self.site.engine.reaches(process_id, AWAITING)
        return process_id, token

    async def asks(self) -> tuple[UUID, str]:
        """A process that waits for a person, and its input request's id."""
        process_id, token = await self.waits()
        await self.say("receiveCallback", token=token, result={"rc": 0})
        await self.site.engine.reaches(process_id, SUSPENDED)
        response = await self.site.ask(
            "query ($id: ID!) { process(id: $id) { openInputRequest { id } } }", id=str(process_id)
        )
        return process_id, response["process"]["openInputRequest"]["id"]

    async def notes(self, count: int) -> list[str]:
        """Processes that have ended, the oldest first."""
        made = []
        for _ in range(count):
            self.site.engine.turn(1)
            process_id = await self.site.engine.start(self.note)
            await self.site.engine.reaches(process_id, COMPLETED)
            made.append(str(process_id))
        return made

    async def say(self, name: str, **input: Json) -> Any:
        """What a remote service's mutation answers."""
        return (await self.site.ask(deliver(name), input=input))[name]

    async def act(self, name: str, process_id: UUID | str, **input: Json) -> Any:
        """What a verb on a process answers."""
        return (await self.site.ask(act(name), input={"processId": str(process_id), **input}))[name]

    async def start(self, **input: Json) -> Any:
        """What starting answers."""
        return (await self.site.ask(START, input=input))["startWorkflow"]

    async def submit(self, **input: Json) -> Any:
        """What answering a form answers."""
        return (await self.site.ask(SUBMIT, input=input))["submitForm"]


@asynccontextmanager
async def telling(folder: Path, **settings: Any) -> AsyncIterator[Story]:
    """The deployment, served until the block ends."""
    remote = Remote()

    @workflow("Change a port")
    def change_port() -> Any:
        return begin >> callback_step("Playbook", remote.action(), judge) >> confirm >> activate

    @workflow("Write a note")
    def note() -> Any:
        return begin >> activate

    @workflow("Ask for a port", initial_input_form=port_form)
    def ask() -> Any:
        return begin >> activate

    async with site_of(sqlite_url(folder), change_port, note, ask, **settings) as site:
        yield Story(site, remote, change_port, note, ask)
