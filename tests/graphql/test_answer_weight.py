"""What an answer weighs is counted while its rows are loaded and while it is written, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, select
from support.remote import Remote
from support.until import becomes
from support.web import Site, site_of

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage
from orchestrator_gql.graphql.context import Context
from orchestrator_gql.graphql.documents import Kind
from orchestrator_gql.graphql.execution import SharedResponse
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.reads.weight import Places, Weight
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import callbacks, events
from orchestrator_gql.storage.events import BEGINNING, EventFilter
from orchestrator_gql.storage.tables import payloads
from orchestrator_gql.storage.weight import Allowance, TooHeavy, charge, under, within
from orchestrator_gql.types import FormGenerator, Json, ProcessStatus, State
from orchestrator_gql.utils.errors import ResponseTooLarge
from orchestrator_gql.utils.json import encode, read
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

KIB = 1024
LIMIT = 256 * KIB
COUNT = 4
RESULT = {"lines": ["x" * 1_000] * 100}
"""Larger than what is shown inline, smaller than the limit: of four of them a page is over it."""
SUSPENDED = ProcessStatus.SUSPENDED


@step("Judge")
def judge(callback_result: Json) -> None:
    """Anything will do."""


@inputstep("Confirm", assignee=Assignee("NOC"))
def confirm() -> FormGenerator:
    class Result(FormPage):
        remark: str = "z" * 50_000

    yield Result
    return {}


@asynccontextmanager
async def heavy(storage: str, *, state: int = 60_000, **settings: Any) -> AsyncIterator[tuple[Site, list[UUID]]]:
    """A server with four processes, each with a large result and a large state, waiting for a person."""
    remote = Remote()

    @step("Change a lot")
    def change() -> State:
        return {"large": ["y" * state]}

    @workflow("Heavy")
    def heavy_one() -> Any:
        return begin >> change >> callback_step("Playbook", remote.action(), judge) >> confirm

    limits = {"max_answer_bytes": LIMIT, "max_callback_bytes": LIMIT, **settings}
    async with site_of(storage, heavy_one, **limits) as site:
        made = []
        for _ in range(COUNT):
            process_id = await site.engine.start(heavy_one)
            token = await remote.asked()
            response = await site.ask(
                "mutation ($i: ReceiveCallbackInput!) { receiveCallback(input: $i) { __typename } }",
                i={"token": token, "result": RESULT},
            )
            assert response["receiveCallback"]["__typename"] == "ReceiveCallbackSuccess"
            await site.engine.reaches(process_id, SUSPENDED)
            made.append(process_id)
        yield site, made


def aliased(field: str, count: int = 6) -> str:
    """The same field under so many names."""
    return " ".join(f"a{number}: {field}" for number in range(count))


HEAVY = {
    "callbacks.nodes.resultText": "{ callbacks { nodes { resultText(length: 1) { totalLength } } } }",
    "processes.nodes.a4": f"{{ processes {{ nodes {{ {aliased('state')} }} }} }}",
    "processes.nodes.steps.a4": f"{{ processes {{ nodes {{ steps {{ {aliased('stateDelta')} }} }} }} }}",
    "inputRequests.nodes.a2.initialData": (
        f"{{ inputRequests {{ nodes {{ {aliased('form { ... on FormPage { initialData } }')} }} }} }}"
    ),
    "processes.nodes.steps.process.a9": (
        "{ processes { nodes { steps { process { " + aliased("events { nodes { id } }", 28) + " } } } } }"
    ),
}


def fields_of(path: str) -> list[str]:
    """The path without the numbers of aliases: which of them is the first that is too much is no matter."""
    return [field.rstrip("0123456789") for field in path.split(".")]


@pytest.mark.parametrize("field", HEAVY)
async def test_an_answer_over_the_limit_is_one_error_that_names_the_field(storage: str, field: str) -> None:
    async with heavy(storage) as (site, _):
        response = await site.answer(HEAVY[field])
        small = await site.answer("{ callbacks(first: 1) { nodes { resultText(length: 10) { text } } } }")

    (error,) = response["errors"]
    assert response["data"] is None
    assert error["extensions"]["code"] == "RESPONSE_TOO_LARGE"
    assert error["extensions"]["limitBytes"] == LIMIT
    assert error["extensions"]["field"] in error["message"]
    assert [key for key in error["path"] if isinstance(key, str)] == error["extensions"]["field"].split(".")
    assert fields_of(error["extensions"]["field"]) == fields_of(field)
    assert "first" in error["message"]
    assert len(small["data"]["callbacks"]["nodes"][0]["resultText"]["text"]) == 10


async def test_a_page_of_events_is_cut_where_the_events_are_large(storage: str) -> None:
    query = "query ($a: String) { events(first: 200, after: $a) { nodes { id } pageInfo { endCursor hasNextPage } } }"
    async with heavy(storage) as (site, _):
        every, after, pages = list[str](), None, 0
        while True:
            page = (await site.ask(query, a=after))["events"]
            every += [node["id"] for node in page["nodes"]]
            pages, after = pages + 1, page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        log = await site.engine.read(lambda conn: events.after(conn, BEGINNING, EventFilter(), 1_000))

    assert every == [event.cursor for event in log.events]
    assert pages > 1


@pytest.mark.parametrize(("fields", "too_large"), [("state", 0), ("a: state b: state c: state d: state e: state", 1)])
async def test_a_batch_that_is_too_large_is_sent_as_several_and_no_event_is_lost(
    storage: str, fields: str, too_large: int
) -> None:
    """The first of the processes has a state of 60 KB; what is asked of each event is 60 KB, or 300."""
    query = f"""subscription ($a: String, $p: [ID!]) {{ processEvents(after: $a, filter: {{processIds: $p}}) {{
      cursor caughtUp events {{ id process {{ {fields} }} }} }} }}"""
    async with heavy(storage) as (site, made):
        wanted = EventFilter(process_ids=(made[0],))
        log = await site.engine.read(lambda conn: events.after(conn, BEGINNING, wanted, 1_000))
        answers = await until_all_received(site, query, len(log.events), a=BEGINNING, p=[str(made[0])])

    expected = [event.cursor for event in log.events]
    batches = [answer["data"]["processEvents"] for answer in answers if answer["data"]]
    refused = [answer["errors"] for answer in answers if not answer["data"]]
    received = [event["id"] for batch in batches for event in batch["events"]]
    assert received == (expected if not too_large else [])
    assert [[error["extensions"]["code"] for error in errors] for errors in refused] == (
        [["RESPONSE_TOO_LARGE"]] * (len(expected) if too_large else 0)
    )
    assert [batch["cursor"] for batch in batches[:-1]] == [batch["events"][-1]["id"] for batch in batches[:-1]]
    assert max(len(encode(answer)) for answer in answers) < LIMIT
    assert len(answers) > 1


async def test_a_mutation_is_carried_out_and_tells_what_fits(storage: str) -> None:
    async with heavy(storage) as (site, made):
        response = await site.answer(
            "mutation ($i: AbortProcessInput!) { abortProcess(input: $i) { ... on ProcessActionSuccess {"
            f" process {{ status {aliased('state')} }} }} }} }}",
            i={"processId": str(made[0])},
        )

    process = response["data"]["abortProcess"]["process"]
    assert process["status"] == "ABORTED"
    assert process["a0"] is not None
    assert process["a5"] is None
    assert [error["extensions"]["code"] for error in response["errors"]] == ["RESPONSE_TOO_LARGE"]


async def test_no_command_is_refused_because_a_process_is_large(storage: str) -> None:
    submit = """mutation ($i: SubmitFormInput!) { submitForm(input: $i) {
      __typename ... on SubmitFormSuccess { process { id } } } }"""
    async with heavy(storage, state=500_000, max_answer_bytes=64 * KIB, max_callback_bytes=LIMIT) as (site, made):
        found = await site.ask("query ($id: ID!) { process(id: $id) { openInputRequest { id } } }", id=str(made[0]))
        request_id = found["process"]["openInputRequest"]["id"]
        response = await site.ask(submit, i={"inputRequestId": request_id, "pages": [{}]})

    assert response["submitForm"]["__typename"] == "SubmitFormSuccess"


async def test_a_single_value_may_be_as_large_as_a_callback_may(storage: str) -> None:
    query = "{ callbacks(first: 1) { nodes { resultText(offset: 1, length: 5) { text totalLength } } } }"
    async with heavy(storage, max_answer_bytes=64 * KIB, max_callback_bytes=LIMIT) as (site, _):
        response = await site.ask(query)

    assert response["callbacks"]["nodes"][0]["resultText"]["totalLength"] > 64 * KIB


async def test_a_list_loads_no_state_deltas_and_no_bodies_that_nobody_asked_for(storage: str) -> None:
    async with heavy(storage, max_answer_bytes=64 * KIB, max_callback_bytes=64 * KIB * 8) as (site, _):
        response = await site.answer(
            "{ processes { nodes { id currentStep { name } steps { name status } "
            "callbacks { id attempts { nodes { bytes isAdoptable bodyPreview } } } } } }"
        )

    assert "errors" not in response


async def test_the_database_stops_behind_the_allowance(storage: str) -> None:
    async with heavy(storage) as (site, _):
        ids = await site.engine.read(lambda conn: list(conn.execute(select(payloads.c.id)).scalars()))
        size = len(encode(RESULT))

        def texts(conn: Connection) -> int:
            query = select(payloads).where(payloads.c.id.in_(ids))
            return len(list(within(conn, query, heavy=[payloads.c.text], order=["id"])))

        found = await site.engine.read(under(Allowance(size + 1), texts))
        with pytest.raises(TooHeavy):
            await site.engine.read(under(Allowance(size + 1), lambda conn: callbacks.texts(conn, ids)))
        free = await site.engine.read(lambda conn: callbacks.texts(conn, ids))

    assert len(free) == len(ids) == COUNT
    assert found == (COUNT if storage.startswith("sqlite") else 2)


async def test_reads_that_load_much_wait_for_each_other_and_light_ones_for_nobody(storage: str) -> None:
    async with heavy(storage) as (site, _):
        database, places = site.engine.runtime.database, Places(1)
        first, second, late = (Weight(8_000, places) for _ in range(3))

        await first.read(database, loading(5_000))
        waiting, given_up = (asyncio.create_task(one.read(database, loading(5_000))) for one in (second, late))
        light = await Weight(8_000, places).read(database, loading(900))
        await becomes(lambda: len(places._free._waiters or ()) >= 2, every=0)
        late.close()
        done, _ = await asyncio.wait([waiting, given_up], timeout=0.2)
        first.finish()
        await waiting
        second.finish()
        with pytest.raises(ResponseTooLarge):
            await given_up
        await Weight(8_000, places).read(database, loading(5_000))

    assert light == 900
    assert done == set()


async def test_an_answer_is_counted_anew_for_each_and_over_all_its_reads(storage: str) -> None:
    async with heavy(storage) as (site, _):
        database, weight = site.engine.runtime.database, Weight(8_000, Places())
        for _ in range(3):
            await weight.read(database, loading(2_400))
        with pytest.raises(ResponseTooLarge):
            await weight.read(database, loading(2_400))
        was_over = weight.is_over
        weight.finish()
        await weight.read(database, loading(2_400))

    assert (was_over, weight.was_over, weight.is_over) == (True, True, False)


def loading(size: int) -> Any:
    """A unit that loads so many bytes."""

    def load(conn: Connection) -> int:
        charge(size)
        return size

    return load


async def until_all_received(site: Site, query: str, count: int, **variables: Json) -> list[Any]:
    """The payloads of a subscription until it has sent so many events, or was refused."""
    context = Context(site.engine.runtime, LOCAL_OPERATOR)
    answers = site.app.state.graphql.responses(GraphQLRequest(query, variables), context, kind=Kind.SUBSCRIPTION)
    found: list[Any] = []
    received = 0
    async with asyncio.timeout(60), aclosing(answers):
        while received < count:
            answer = await anext(answers)  # the first response may be that of several subscribers
            found.append(read(answer.data) if isinstance(answer, SharedResponse) else answer.payload)
            received += len(found[-1]["data"]["processEvents"]["events"]) if found[-1]["data"] else 1
    return found
