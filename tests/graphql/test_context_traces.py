"""A process goes on with the trace of the request that started it, or is a trace of its own."""

import json
import re
from typing import Any
from uuid import UUID

import pytest
from support.web import Site, site_of
from toy_face import serving
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from orchestrator_gql import begin, callback_step, conditional, inputstep, retrystep, step
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import FormGenerator, ProcessStatus, State
from orchestrator_gql.workflow import Workflow, workflow

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HEADER = f"00-{TRACE}-{SPAN}-01"
VALID = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]")


def tracing(seen: dict[str, str]) -> Workflow:
    """A workflow that keeps what each of its functions was given."""

    @step("First")
    def first(traceparent: str) -> State:
        seen["first"] = traceparent
        return {"traceparent": "00-of-the-author"}

    @step("Whole")
    def whole(state: State) -> None:
        seen["whole"] = state["traceparent"]

    @retrystep("Again", delay=0)
    def again(traceparent: str) -> None:
        tries = [key for key in seen if key.startswith("again")]
        seen[f"again {len(tries)}"] = traceparent
        if not tries:
            raise ValueError("once")

    @step("Order")
    def order(callback_url: str, traceparent: str) -> None:
        seen["order"] = traceparent

    @step("Judge")
    def judge(callback_result: Any, traceparent: str) -> None: ...

    @inputstep("Confirm")
    def confirm(traceparent: str) -> FormGenerator:
        class Page(FormPage):
            trace: str = traceparent

        yield Page
        return {}

    @workflow("Trace")
    def traced() -> Any:
        asked = conditional(lambda traceparent: bool(seen.setdefault("predicate", traceparent)))(first)
        return begin >> asked >> whole >> again >> confirm >> callback_step("Order", order, judge)

    return traced


START = 'mutation { startWorkflow(input: {workflowName: "traced"}) { ... on StartWorkflowSuccess { process { id } } } }'


async def started(site: Site, headers: dict[str, str] | list[tuple[str, str]]) -> UUID:
    """The id of a process that was started with these headers."""
    response = await site.http.post("/graphql", json={"query": START}, headers=headers)
    return UUID(response.json()["data"]["startWorkflow"]["process"]["id"])


@pytest.mark.one_dispatcher
async def test_every_function_of_a_process_is_given_its_trace_after_a_restart_too(storage: str) -> None:
    seen: dict[str, str] = {}
    flow = tracing(seen)
    async with site_of(storage, flow) as site:
        process_id = await started(site, {"traceparent": HEADER})
        suspended = await site.engine.reaches(process_id, ProcessStatus.SUSPENDED)
    async with site_of(storage, flow) as site:
        form = await site.ask("{ inputRequests(first: 1) { nodes { id } } }")
        (request,) = form["inputRequests"]["nodes"]
        submit = "mutation($id: ID!) { submitForm(input: {inputRequestId: $id, pages: [{}]}) { __typename } }"
        await site.ask(submit, id=request["id"])
        await site.engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)

    assert set(seen) == {"predicate", "first", "whole", "again 0", "again 1", "order"}
    assert all(VALID.fullmatch(value) for value in seen.values())
    assert {value.split("-")[1] for value in seen.values()} == {TRACE}
    assert SPAN not in str(seen)
    assert len({seen[key] for key in ("first", "whole", "again 0", "again 1", "order")}) == 5
    assert "traceparent" not in suspended.state


@pytest.mark.one_dispatcher
@pytest.mark.parametrize(
    "headers", [{}, {"traceparent": "00-nonsense"}, [("traceparent", HEADER), ("traceparent", HEADER)]]
)
async def test_without_a_valid_header_the_process_is_a_trace_of_its_own(storage: str, headers: Any) -> None:
    seen: dict[str, str] = {}
    async with site_of(storage, tracing(seen)) as site:
        process_id = await started(site, headers)
        await site.engine.reaches(process_id, ProcessStatus.SUSPENDED)

    assert {value.split("-")[1] for value in seen.values()} == {process_id.hex}


@pytest.mark.one_dispatcher
async def test_a_socket_has_the_trace_with_which_it_was_opened(storage: str) -> None:
    seen: dict[str, str] = {}
    protocol = Subprotocol("graphql-transport-ws")
    async with (
        site_of(storage, tracing(seen), allowed_hosts=["127.0.0.1"]) as site,
        serving(site.app) as address,
        connect(
            f"ws://{address}/graphql", subprotocols=[protocol], additional_headers={"traceparent": HEADER}
        ) as socket,
    ):
        await socket.send('{"type": "connection_init"}')
        await socket.recv()
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": START}}))
        process = json.loads(await socket.recv())["payload"]["data"]["startWorkflow"]["process"]
        await site.engine.reaches(UUID(process["id"]), ProcessStatus.SUSPENDED)

    assert {value.split("-")[1] for value in seen.values()} == {TRACE}
