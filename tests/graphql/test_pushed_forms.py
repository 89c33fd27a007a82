"""A form that is pushed to an operator right after it was opened is not run a second time for it."""

import asyncio
import json
from pathlib import Path
from typing import Any

from stories import COMPLETED, SUSPENDED
from support.database import sqlite_url
from support.playbooks import of
from support.web import site_of
from toy_face import SECONDS, serving
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from orchestrator_gql import inputstep
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.types import FormGenerator, Json
from orchestrator_gql.workflow import Workflow

PUSHED = """subscription { processEvents { events { ... on InputRequestedEvent { inputRequest {
  id form { ... on FormPage { digest initialData } } } } } } }"""
READ = """query ($id: ID!) { process(id: $id) { openInputRequest {
  id form { ... on FormPage { digest initialData } } } } }"""
SUBMIT = """mutation ($input: SubmitFormInput!) { submitForm(input: $input) { __typename
  ... on UserError { code message } } }"""


def counting(runs: list[int], **options: Any) -> Workflow:
    """A workflow with a form that notes each run."""

    @inputstep("Confirm", **options)
    def confirm() -> FormGenerator:
        runs.append(len(runs) + 1)

        class Confirm(FormPage):
            question: ReadOnly[str] = "Is it good?"
            remark: str = "none"

        yield Confirm
        return {}

    return of(confirm)


async def pushed_to(socket: ClientConnection) -> dict[str, Json]:
    """The input request of the next event that opens one."""
    async with asyncio.timeout(SECONDS):
        while True:
            message = json.loads(await socket.recv())
            for event in message["payload"]["data"]["processEvents"]["events"]:
                if event:
                    request: dict[str, Json] = event["inputRequest"]
                    return request


async def subscribed(socket: ClientConnection) -> None:
    """Subscribe, and wait for the first message."""
    for message in ({"type": "connection_init"}, {"id": "s", "type": "subscribe", "payload": {"query": PUSHED}}):
        await socket.send(json.dumps(message))
        await socket.recv()


async def test_a_form_is_run_to_open_it_and_to_submit_it_and_not_to_push_it(tmp_path: Path) -> None:
    flow = counting(runs := list[int]())
    async with (
        site_of(sqlite_url(tmp_path), flow) as site,
        serving(site.app) as address,
        connect(f"ws://{address}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket,
    ):
        await subscribed(socket)
        process_id = await site.engine.start(flow)
        request = await pushed_to(socket)
        opened = len(runs)
        given = {"inputRequestId": request["id"], "pages": [{}], "shownDigest": request["form"]["digest"]}
        answer = await site.ask(SUBMIT, input=given)
        await site.engine.reaches(process_id, COMPLETED)

    assert request["form"]["initialData"] == {"question": "Is it good?", "remark": "none"}
    assert answer["submitForm"] == {"__typename": "SubmitFormSuccess"}
    assert (opened, len(runs)) == (1, 2)


async def test_a_form_that_several_people_approve_is_run_to_push_it(tmp_path: Path) -> None:
    flow = counting(runs := list[int](), approvals=2)
    async with (
        site_of(sqlite_url(tmp_path), flow) as site,
        serving(site.app) as address,
        connect(f"ws://{address}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket,
    ):
        await subscribed(socket)
        await site.engine.start(flow)
        await pushed_to(socket)

    assert runs == [1, 2]


async def test_a_query_always_runs_the_form(tmp_path: Path) -> None:
    flow = counting(runs := list[int]())
    async with site_of(sqlite_url(tmp_path), flow) as site:
        process_id = await site.engine.start(flow)
        await site.engine.reaches(process_id, SUSPENDED)
        await site.ask(READ, id=str(process_id))

    assert runs == [1, 2]
