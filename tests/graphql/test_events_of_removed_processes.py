"""A client reads old events while retention deletes their processes: it gets the other events, and no error."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from support.database import sqlite_url
from support.operator import ADA
from support.remote import Remote, answer
from support.web import Site, site_of
from test_prune_processes import PRUNE, completed, greeting
from test_subscription import follow, heard, socket_of
from toy_face import serving

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.events.stream import Batch
from orchestrator_gql.forms import FormPage
from orchestrator_gql.reads import events as event_reads
from orchestrator_gql.types import FormGenerator, ProcessStatus, State
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

EVENTS = """__typename processId ... on CallbackEvent { callback { status } } ...Form"""
FORM = "fragment Form on InputRequestEvent { inputRequest { status } }"
PAGE = f"query ($id: ID!) {{ events(first: 200, filter: {{processIds: [$id]}}) {{ nodes {{ {EVENTS} }} }} }} {FORM}"
CHANGES = f'query ($id: ID!) {{ process(id: $id) {{ changes(after: "MC4w") {{ events {{ {EVENTS} }} }} }} }} {FORM}'
FOLLOW = f"subscription ($after: String) {{ processEvents(after: $after) {{ events {{ {EVENTS} }} }} }} {FORM}"
remote = Remote()


@step("Judge")
def judge(callback_result: dict[str, Any]) -> State:
    return {}


@inputstep("Confirm", assignee=Assignee("NOC"))
def confirms() -> FormGenerator:
    class Page(FormPage):
        is_agreed: bool = True

    yield Page
    return {}


@workflow("Change a port")
def changes_port() -> Any:
    return begin >> callback_step("Playbook", remote.action(), judge) >> confirms


async def aborted(site: Site) -> str:
    """A process that has events of a callback and of a form, and may go."""
    remote._asked = asyncio.Queue()
    id = await site.engine.start(changes_port)
    await answer(site.engine.runtime, await remote.asked(), {})
    await site.engine.reaches(id, ProcessStatus.SUSPENDED)
    await abort_process(site.engine.runtime, ADA, process_id=id, reason="an exercise")
    await site.engine.reaches(id, ProcessStatus.ABORTED)
    return str(id)


async def prune(site: Site) -> None:
    wish = {"olderThanDays": 0, "workflows": ["changes_port"], "dryRun": False}
    await site.ask(PRUNE, input=wish)


@pytest.mark.parametrize("query", [PAGE, CHANGES])
async def test_a_page_has_the_events_that_still_have_their_rows(
    storage: str, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    read = event_reads.event_page

    async with site_of(storage, changes_port) as site:
        id = await aborted(site)
        before = await site.answer(query, id=id)

        async def read_and_prune(*args: Any, **options: Any) -> Any:
            page = await read(*args, **options)
            await prune(site)
            return page

        monkeypatch.setattr(event_reads, "event_page", read_and_prune)
        answered = await site.answer(query, id=id)

    kinds = {"CallbackReceivedEvent", "InputRequestedEvent"}
    assert kinds <= names(before)
    assert "errors" not in answered, answered
    assert "ProcessCreatedEvent" in names(answered) and not kinds & names(answered)


@pytest.mark.parametrize(
    ("selected", "left_out"),
    [
        ("... on InputRequestEvent { inputRequest { status } }", {"InputRequestedEvent"}),
        ("... on CallbackEvent { callback { status } }", {"CallbackReceivedEvent"}),
        ("id", set()),
    ],
)
async def test_only_the_rows_that_are_selected_decide(
    selected: str, left_out: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "query ($id: ID!) { events(first: 200, filter: {processIds: [$id]}) { nodes { __typename %s } } }"
    read = event_reads.event_page

    async with site_of(sqlite_url(tmp_path), changes_port) as site:
        id = await aborted(site)

        async def read_and_prune(*args: Any, **options: Any) -> Any:
            page = await read(*args, **options)
            await prune(site)
            return page

        monkeypatch.setattr(event_reads, "event_page", read_and_prune)
        answered = await site.answer(query % selected, id=id)

    assert "errors" not in answered, answered
    assert {"CallbackReceivedEvent", "InputRequestedEvent"} - names(answered) == left_out


def names(answered: dict[str, Any]) -> set[str]:
    """The types of the events in an answer."""
    data = answered["data"]
    events = data["events"]["nodes"] if "events" in data else data["process"]["changes"]["events"]
    return {event["__typename"] for event in events}


async def test_a_subscription_goes_on_with_the_events_that_still_have_their_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site_of(sqlite_url(tmp_path), changes_port, greeting) as site, serving(site.app) as address:
        first = (await site.ask("{ events(first: 1) { pageInfo { endCursor } } }"))["events"]["pageInfo"]["endCursor"]
        await aborted(site)
        stays = await completed(site)
        followed = event_reads.followed

        async def prune_first(*args: Any, **options: Any) -> AsyncGenerator[Batch, None]:
            async for batch in followed(*args, **options):
                await prune(site)
                yield batch

        monkeypatch.setattr(event_reads, "followed", prune_first)
        async with socket_of(address) as socket:
            await follow(socket, FOLLOW, after=first)
            batch = await heard(socket)

    found = {event["__typename"] for event in batch["events"]}
    assert stays in {event["processId"] for event in batch["events"]}
    assert "ProcessCreatedEvent" in found and not found & {"CallbackReceivedEvent", "InputRequestedEvent"}
