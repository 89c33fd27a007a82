"""Each entry of the audit log has the address and the method of its own request, whatever is written beside it."""

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from support.remote import Remote
from support.sign_in import api_token, token_of
from support.web import Site, site_of

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.audit.entries import AuditEntry
from orchestrator_gql.audit.origin import INTERNAL, LONGEST, acting, current
from orchestrator_gql.callbacks.signature import sign
from orchestrator_gql.callbacks.urls import route
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage
from orchestrator_gql.reads.audit import audit_list, verify_audit
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage.audit import AuditFilter
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import FormGenerator, Json, ProcessStatus, State
from orchestrator_gql.workflow import Workflow, workflow

pytestmark = pytest.mark.one_dispatcher

KEY, CREDENTIAL = b"k" * 32, "s3cret-of-the-proxy"
SERVICES: dict[str, dict[str, Any]] = {
    "known": {"credential_sha256": hashlib.sha256(CREDENTIAL.encode()).hexdigest()},
    "signed": {"signature_keys": [f"whsec_{base64.b64encode(KEY).decode()}"]},
}
OPERATOR, PROXY = "192.0.2.1", "198.51.100.2"
ADA = f"Bearer {token_of('ada')}"
START = """mutation ($name: String!) { startWorkflow(input: {workflowName: $name}) { __typename
  ... on StartWorkflowSuccess { process { id } } } }"""
RECEIVE = """mutation ($token: String!) { receiveCallback(input: {token: $token, result: {rc: 0}}) { __typename } }"""
ABORT = """mutation ($id: ID!) { abortProcess(input: {processId: $id, reason: "enough"}) { __typename } }"""


@step("Judge")
def judge(callback_result: Json) -> State:
    return {"rc": callback_result["rc"]}


@inputstep("Confirm", assignee=Assignee("NOC"), auto_confirm=lambda rc: rc == 0)
def confirm(rc: int) -> FormGenerator:
    class Confirm(FormPage):
        seen: bool = True

    yield Confirm
    return {}


def ordering(remote: Remote, service: str | None) -> Workflow:
    """A workflow that waits for the service, and confirms by itself."""

    @step("Order")
    async def order(callback_route: str) -> State:
        remote.take(callback_route)
        return {"remote_ref": f"job-{service}"} if service else {}

    def waits() -> Any:
        return begin >> callback_step("Job", order, judge, service=service, timeout=3600) >> confirm

    waits.__name__ = f"waits_for_{service or 'anybody'}"
    return workflow("Order")(waits)


@dataclass(frozen=True)
class World:
    """A server, the tokens that its remote service received, and clients at several addresses."""

    site: Site
    remote: Remote

    def client(self, address: str, **headers: str) -> httpx.AsyncClient:
        """A client with that address."""
        transport = httpx.ASGITransport(self.site.app, client=(address, 4711))
        return httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers)

    async def ask(self, address: str, query: str, authorization: str | None = ADA, /, **variables: Json) -> Any:
        """The only root field of an operation from that address."""
        headers = {"authorization": authorization} if authorization else {}
        async with self.client(address, **headers) as http:
            response = await http.post("/graphql", json={"query": query, "variables": variables})
        (value,) = response.json()["data"].values()
        return value

    async def start(self, name: str, address: str = OPERATOR) -> UUID:
        """Start the workflow as ada."""
        started = await self.ask(address, START, name=name)
        return UUID(started["process"]["id"])

    async def entries(self, process_id: UUID | None = None) -> list[AuditEntry]:
        """The audit log, the oldest entry first."""
        runtime = self.site.engine.runtime
        page = await audit_list.page(runtime, LOCAL_OPERATOR, AuditFilter(process_id), PageArgs(200))
        return [entry for _, entry in page.items][::-1]


async def deliver_by_url(world: World, process_id: UUID, token: str) -> None:
    async with world.client(PROXY) as http:
        await http.post(route(process_id, token), json={"rc": 0})


async def fail_by_url(world: World, process_id: UUID, token: str) -> None:
    async with world.client(PROXY) as http:
        await http.post(f"{route(process_id, token)}/fail", json={"message": "no"})


async def deliver_by_graphql(world: World, _: UUID, token: str) -> None:
    await world.ask(PROXY, RECEIVE, None, token=token)


async def deliver_by_graphql_with_a_token(world: World, _: UUID, token: str) -> None:
    await world.ask(PROXY, RECEIVE, token=token)


async def deliver_with_a_credential(world: World, *_: object) -> None:
    async with world.client(PROXY, authorization=f"Bearer {CREDENTIAL}") as http:
        await http.post("/api/callbacks/by-ref/known/job-known", json={"rc": 0})


async def deliver_with_a_signature(world: World, *_: object) -> None:
    body, at = b'{"rc":0}', int(world.site.engine.clock.now().timestamp())
    head = {"webhook-id": "m", "webhook-timestamp": str(at), "webhook-signature": sign(KEY, "m", at, body)}
    async with world.client(PROXY, **head, **{"content-type": "application/json"}) as http:
        await http.post("/api/callbacks/by-ref/signed/job-signed", content=body)


Deliver = Callable[[World, UUID, str], Awaitable[None]]
DELIVERIES: dict[str, tuple[Deliver, str | None, str, str]] = {
    "URL": (deliver_by_url, None, "receiveCallback", "rest/callback-token"),
    "URL and failure": (fail_by_url, None, "failCallback", "rest/callback-token"),
    "GraphQL": (deliver_by_graphql, None, "receiveCallback", "graphql/callback-token"),
    "GraphQL, signed in": (deliver_by_graphql_with_a_token, None, "receiveCallback", "graphql/callback-token"),
    "job name and credential": (deliver_with_a_credential, "known", "receiveCallback", "rest/credential"),
    "job name and signature": (deliver_with_a_signature, "signed", "receiveCallback", "rest/signature"),
}


@pytest.mark.parametrize("way", DELIVERIES)
async def test_a_delivery_has_the_address_and_the_method_of_its_sender(storage: str, way: str) -> None:
    deliver, service, action, method = DELIVERIES[way]
    remote = Remote()
    waits = ordering(remote, service)
    settings: dict[str, Any] = {"services": SERVICES, "api_tokens": [api_token("ada", role="admin")]}

    async with site_of(storage, waits, **settings) as site:
        world = World(site, remote)
        process_id = await world.start(waits.name)
        token = await remote.asked()
        await site.engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
        await deliver(world, process_id, token)
        ended = ProcessStatus.FAILED if action == "failCallback" else ProcessStatus.COMPLETED
        await site.engine.reaches(process_id, ended)
        entries = await world.entries(process_id)
        whole = await verify_audit(site.engine.runtime, LOCAL_OPERATOR, after=None, first=100)

    found = [(entry.action, entry.address, entry.method) for entry in entries]
    # The engine confirms by the policy in a task of its own, which must not have the origin of the delivery.
    confirmed = [] if action == "failCallback" else [("autoConfirm", None, "internal")]
    assert found == [("startWorkflow", OPERATOR, "graphql/api-token"), (action, PROXY, method), *confirmed]
    assert whole.fault is None


@pytest.mark.parametrize(
    ("service", "way"), [("known", deliver_with_a_credential), ("signed", deliver_with_a_signature)]
)
async def test_a_delivery_that_waited_for_its_action_has_its_own_origin(
    storage: str, service: str, way: Deliver
) -> None:
    """The engine claims it when the action is done, but a remote service sent it."""
    begun, is_delivered = asyncio.Event(), asyncio.Event()

    @step("Order")
    async def order() -> State:
        begun.set()
        await is_delivered.wait()
        return {"remote_ref": f"job-{service}"}

    @workflow("Order")
    def early() -> Any:
        return begin >> callback_step("Job", order, judge, service=service, timeout=3600) >> confirm

    settings: dict[str, Any] = {"services": SERVICES, "api_tokens": [api_token("ada", role="admin")]}
    async with site_of(storage, early, **settings) as site:
        world = World(site, Remote())
        process_id = await world.start("early")
        await begun.wait()
        await way(world, process_id, "")
        is_delivered.set()
        await site.engine.reaches(process_id, ProcessStatus.COMPLETED)
        entries = await world.entries(process_id)
        whole = await verify_audit(site.engine.runtime, LOCAL_OPERATOR, after=None, first=100)

    method = "rest/signature" if service == "signed" else "rest/credential"
    assert [(entry.action, entry.address, entry.method) for entry in entries][1:] == [
        ("receiveCallback", PROXY, method),
        ("autoConfirm", None, "internal"),
    ]
    assert whole.fault is None


async def test_requests_in_one_commit_have_an_origin_each(storage: str) -> None:
    @workflow("Do nothing")
    def nothing() -> Any:
        return begin

    addresses = [f"192.0.2.{number}" for number in range(1, 41)]
    async with site_of(storage, nothing, api_tokens=[api_token("ada", role="admin")]) as site:
        world = World(site, Remote())
        ids = await asyncio.gather(*(world.start("nothing", address) for address in addresses))
        found = {entry.process_id: entry.address for entry in await world.entries()}

    assert found == dict(zip(ids, addresses, strict=True))


async def by_events(world: World, query: str, **variables: Json) -> None:
    """Send a mutation by server-sent events, whose generator runs after the request was read."""
    async with world.client(OPERATOR, authorization=ADA, accept="text/event-stream") as http:
        await http.post("/graphql", json={"query": query, "variables": variables})


async def test_actions_of_people_have_their_address_and_method(storage: str) -> None:
    remote = Remote()
    waits = ordering(remote, None)

    async with site_of(storage, waits, api_tokens=[api_token("ada", role="admin")]) as site:
        world = World(site, remote)
        process_id = await world.start(waits.name)
        await remote.asked()
        await site.engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
        await by_events(world, ABORT, id=str(process_id))
        for paused in ("true", "false"):
            await world.ask(OPERATOR, f"mutation {{ setEngineState(input: {{paused: {paused}}}) {{ __typename }} }}")
        entries = await world.entries()
        shown = await world.ask(OPERATOR, "{ audit { nodes { action address method } } }")

    assert [entry.action for entry in entries] == ["startWorkflow", "abortProcess", "setEngineState", "setEngineState"]
    assert {(entry.address, entry.method) for entry in entries} == {(OPERATOR, "graphql/api-token")}
    assert shown["nodes"][0] == {"action": "setEngineState", "address": OPERATOR, "method": "graphql/api-token"}


async def test_a_server_without_sign_in_says_so(storage: str) -> None:
    waits = ordering(Remote(), None)

    async with site_of(storage, waits) as site:
        world = World(site, Remote())
        await world.ask("2001:db8::7", START, None, name=waits.name)
        [entry] = await world.entries()

    assert (entry.address, entry.method) == ("2001:db8::7", "graphql/none")


def test_an_origin_ends_with_its_block_and_its_address_is_bounded() -> None:
    with acting("x" * 1000, "rest/callback-token"):
        inner = current()
        with acting(None, "graphql/none"):
            nested = current()
        again = current()

    assert (inner.address, nested.address, again) == ("x" * LONGEST, None, inner)
    assert current() == INTERNAL
