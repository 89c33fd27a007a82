"""A client of one process reads what changed, ends with what a whole read shows, and reads little for it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from support.database import sqlite_url
from support.operator import ADA
from support.remote import token_of
from support.web import Site, site_of

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.commands.callback_operator_actions import reissue_callback
from orchestrator_gql.commands.processes import abort_process, retry_process
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage
from orchestrator_gql.reads import events as event_reads
from orchestrator_gql.types import FormGenerator, Json, ProcessStatus, State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import workflow

ROUTERS = [f"router-{number}" for number in range(20)]
AWAITING, SUSPENDED, FAILED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.SUSPENDED, ProcessStatus.FAILED

FIELDS = """
  fragment S on ProcessStep { id index name group status attempt startedAt completedAt stateDeltaBytes
    failureReason { code message } }
  fragment C on Callback { id name status round source receivedAt resultBytes resultPreview
    validation { outcome message } failure { code message } }
  fragment I on InputRequest { id version status title assignee { key } closedAt decisions { verdict comment } }"""
HEAD = "id version status availableActions failureReason { code message } assignee { key }"
WHOLE = f"""query ($id: ID!) {{ process(id: $id) {{ {HEAD}
    steps {{ ...S callbacks {{ ...C }} inputRequests {{ ...I }} }} }}
  events(filter: {{processIds: [$id]}}, first: 200) {{ pageInfo {{ endCursor }} }} }}{FIELDS}"""
CHANGES = f"""query ($id: ID!, $after: String!, $first: Int) {{ process(id: $id) {{ {HEAD}
  changes(after: $after, first: $first) {{ cursor hasMore reset stepCount
    events {{ __typename ... on CallbackProgressedEvent {{ callbackId progress {{ percent message }} }} }}
    steps {{ ...S }} callbacks {{ ...C }} inputRequests {{ ...I }} }} }} }}{FIELDS}"""
EVERYTHING = """query ($id: ID!) { process(id: $id) { id status state steps { id stateDelta failure { details }
  callbacks { id result resultPreview progressLog(last: 100) { nodes { message } } }
  inputRequests { form { ... on FormPage { schema initialData } } } } } }"""
DECIDE = """mutation ($i: RejectInputRequestInput!) { rejectInputRequest(input: $i) { __typename } }"""
SUBMIT = """mutation ($i: SubmitFormInput!) { submitForm(input: $i) { __typename } }"""
ADDRESS = """mutation ($i: ReceiveCallbackInput!) { receiveCallback(input: $i) { __typename } }"""
REPORT = """mutation ($i: ReportCallbackProgressInput!) { reportCallbackProgress(input: $i) { __typename } }"""


@dataclass(slots=True)
class Viewer:
    """A client that reads the whole process once, then only its changes."""

    site: Site
    id: str
    head: Json = None
    parts: dict[str, dict[str, Json]] = field(default_factory=dict)
    cursor: str = ""
    bytes_read: int = 0
    messages: list[str] = field(default_factory=list)

    async def whole(self) -> tuple[Json, dict[str, dict[str, Json]], str]:
        """The head, the parts by id, and the cursor of the process, read whole."""
        data = await self.site.ask(WHOLE, id=self.id)
        process, parts = data["process"], {}
        for shown in process.pop("steps"):
            for part in (*shown.pop("callbacks"), *shown.pop("inputRequests"), shown):
                parts[part["id"]] = part
        return process, parts, data["events"]["pageInfo"]["endCursor"]

    async def begin(self) -> None:
        """Read the whole process."""
        self.head, self.parts, self.cursor = await self.whole()

    async def catch_up(self, first: int | None = None) -> None:
        """Read what changed since the last call."""
        has_more = True
        while has_more:
            data = await self.site.ask(CHANGES, id=self.id, after=self.cursor, first=first)
            self.bytes_read += len(json.dumps(data))
            self.head = data["process"]
            changes = self.head.pop("changes")
            assert not changes["reset"]
            for part in (*changes["steps"], *changes["callbacks"], *changes["inputRequests"]):
                self.parts[part["id"]] = part
            progress = [event["progress"] for event in changes["events"] if "progress" in event]
            self.messages += [report["message"] for report in progress]
            self.cursor, has_more = changes["cursor"], changes["hasMore"]
        assert changes["stepCount"] == len([part for part in self.parts.values() if "index" in part])


@dataclass(slots=True)
class Fleet:
    """A process that waits for twenty routers, and then for a person."""

    site: Site
    process_id: UUID
    routes: dict[str, str]
    viewer: Viewer

    async def deliver(self, name: str, result: Json) -> None:
        await self.site.ask(ADDRESS, i={"token": token_of(self.routes[name]), "result": result})

    async def report(self, name: str, message: str) -> None:
        await self.site.ask(REPORT, i={"token": token_of(self.routes[name]), "message": message})

    async def request_id(self) -> str:
        """The id of the open input request, when there is one."""
        await self.site.engine.reaches(self.process_id, SUSPENDED)
        data = await self.site.ask(
            "query ($id: ID!) { process(id: $id) { openInputRequest { id } } }", id=str(self.process_id)
        )
        return str(data["process"]["openInputRequest"]["id"])

    async def is_caught_up(self, first: int | None = None) -> bool:
        """True if the changes lead to what a whole read shows; both see the process at rest."""
        await self.viewer.catch_up(first)
        head, parts, _ = await self.viewer.whole()
        assert (self.viewer.head, self.viewer.parts) == (head, parts)
        return True


@asynccontextmanager
async def fleet_of(folder: Path) -> AsyncIterator[Fleet]:
    """The process at its wait, and a viewer that has read it."""
    routes: dict[str, str] = {}

    @step("Configure")
    def configure(callback_routes: dict[str, str]) -> None:
        routes.update(callback_routes)

    @step("Judge")
    def judge(callback_result: Json) -> State:
        if any(isinstance(result, dict) and result.get("rc") for result in callback_result.values()):
            raise ProcessFailureError("A router failed.", details={"log": "z" * 50_000})
        return {}

    @inputstep("Confirm", assignee=Assignee("NOC"), on_reject="Routers")
    def confirm(callback_result: Json) -> FormGenerator:
        class Page(FormPage):
            remark: str = "none"

        yield Page
        return {}

    @step("Draft")
    def draft() -> State:
        return {"is_drafted": True}

    @step("Undo")
    def undo() -> None:
        raise ProcessFailureError("This cannot be undone.")

    @step("Tidy up")
    def tidy() -> None:
        return None

    @workflow("Configure a fleet", on_abort=begin >> undo >> tidy)
    def configures() -> Any:
        wait = callback_step("Routers", configure, judge, expect=ROUTERS, require=len(ROUTERS), timeout=3600)
        return begin >> wait >> draft >> confirm >> draft

    async with site_of(sqlite_url(folder), configures) as site:
        process_id = await site.engine.start(configures)
        await site.engine.reaches(process_id, AWAITING)
        fleet = Fleet(site, process_id, routes, Viewer(site, str(process_id)))
        await fleet.viewer.begin()
        yield fleet


async def answered(fleet: Fleet) -> None:
    for name in ROUTERS:
        await fleet.deliver(name, {"rc": 0})
    await fleet.site.engine.reaches(fleet.process_id, SUSPENDED)


async def rejected(fleet: Fleet) -> None:
    for name in ROUTERS:
        await fleet.deliver(name, {"rc": 1})
    await fleet.site.engine.reaches(fleet.process_id, FAILED)


async def sent_back(fleet: Fleet) -> None:
    await answered(fleet)
    await fleet.viewer.catch_up()
    request = {"inputRequestId": await fleet.request_id(), "comment": "Again.", "sendBack": True}
    await fleet.site.ask(DECIDE, i=request)
    await fleet.site.engine.reaches(fleet.process_id, AWAITING)  # the later steps count as not reached again


async def confirmed(fleet: Fleet) -> None:
    await answered(fleet)
    await fleet.site.ask(SUBMIT, i={"inputRequestId": await fleet.request_id(), "pages": [{}]})
    await fleet.site.engine.reaches(fleet.process_id, ProcessStatus.COMPLETED)


async def aborted(fleet: Fleet) -> None:
    await abort_process(fleet.site.engine.runtime, ADA, process_id=fleet.process_id)
    await fleet.site.engine.reaches(fleet.process_id, FAILED)  # one of the clean-up steps is still to come


async def retried(fleet: Fleet) -> None:
    await rejected(fleet)
    await retry_process(fleet.site.engine.runtime, ADA, process_id=fleet.process_id)
    await fleet.site.engine.reaches(fleet.process_id, FAILED)


async def expired(fleet: Fleet) -> None:
    await fleet.deliver(ROUTERS[0], {"rc": 0})
    fleet.site.engine.turn(3601)
    await fleet.site.engine.reaches(fleet.process_id, FAILED)


async def issued_again(fleet: Fleet) -> None:
    await expired(fleet)
    _, parts, _ = await fleet.viewer.whole()
    lost = next(id for id, part in parts.items() if part.get("name") == ROUTERS[1])
    await reissue_callback(fleet.site.engine.runtime, ADA, callback_id=UUID(lost), reason="lost")
    await fleet.site.engine.reaches(fleet.process_id, AWAITING)


LIVES = (answered, rejected, sent_back, confirmed, aborted, retried, expired, issued_again)


async def test_a_change_between_the_reading_of_the_process_and_of_its_events_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_page = event_reads.event_page

    async with fleet_of(tmp_path) as fleet:

        async def page_after_the_answers(*args: Any, **more: Any) -> Any:
            monkeypatch.undo()
            await answered(fleet)
            return await read_page(*args, **more)

        monkeypatch.setattr(event_reads, "event_page", page_after_the_answers)
        await fleet.viewer.catch_up()

        assert await fleet.is_caught_up()


@pytest.mark.each_value
@pytest.mark.parametrize("first", [None, 3])
@pytest.mark.parametrize("life", LIVES)
async def test_the_changes_lead_to_what_a_whole_read_shows(tmp_path: Path, life: Any, first: int | None) -> None:
    async with fleet_of(tmp_path) as fleet:
        await life(fleet)

        assert await fleet.is_caught_up(first)


async def test_a_viewer_of_twenty_large_results_reads_less_than_a_megabyte(tmp_path: Path) -> None:
    result = {"rc": 0, "output": ["x" * 90] * 9_000}

    async with fleet_of(tmp_path) as fleet:
        at_once = 0
        for number, name in enumerate(ROUTERS):
            for line in range(5):
                await fleet.report(name, f"line {line} of {name}")
                await fleet.viewer.catch_up()
            await fleet.deliver(name, result)
            await fleet.viewer.catch_up()
            if number % 5 == 0:
                at_once += 5 * len(json.dumps(await fleet.site.answer(EVERYTHING, id=str(fleet.process_id))))
        await fleet.request_id()
        await fleet.is_caught_up()
        messages, read = fleet.viewer.messages, fleet.viewer.bytes_read

    assert len(json.dumps(result)) > 800_000
    assert messages == [f"line {line} of {name}" for name in ROUTERS for line in range(5)]
    assert read < 300_000


async def test_a_cursor_of_another_database_asks_for_a_whole_read(tmp_path: Path) -> None:
    async with fleet_of(tmp_path) as fleet:
        ahead = "MC45OTk5OTk5"  # 0.9999999
        data = await fleet.site.ask(CHANGES, id=str(fleet.process_id), after=ahead)
        wrong = await fleet.site.answer(CHANGES, id=str(fleet.process_id), after="x")

    assert data["process"]["changes"]["reset"] is True
    assert wrong["errors"][0]["extensions"]["code"] == "CURSOR_INVALID"
