"""The figures of remote services are those of the traffic: every delivery of these tests is a real POST."""

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import BaseModel
from support.database import sqlite_url
from support.remote import Remote
from support.sign_in import answer_as, api_token
from support.web import Site, site_of

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.callbacks.urls import route
from orchestrator_gql.storage import remote_services
from orchestrator_gql.types import Json, ProcessStatus, State
from orchestrator_gql.workflow import workflow
from orchestrator_gql.workflow.model import Workflow

pytestmark = pytest.mark.one_dispatcher

AWAITING, COMPLETED, FAILED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.COMPLETED, ProcessStatus.FAILED
KEY = f"whsec_{base64.b64encode(b'k' * 32).decode()}"
CREDENTIAL = "s3cret-of-the-service"
SERVICES: dict[str, Any] = {
    "ansible": {},
    "dns": {"signature_keys": [KEY, KEY], "addresses": ["192.0.2.0/24"]},
    "idle": {"credential_sha256": hashlib.sha256(CREDENTIAL.encode()).hexdigest()},
}
LIST = """query ($window: StatsWindow, $first: Int, $after: String) {
  remoteServices(window: $window, first: $first, after: $after) {
    totalCount totalCountIsExact pageInfo { hasNextPage endCursor }
    nodes { name isConfigured signatureKeys hasCredential hasAllowedNetworks state lastSeenAt lastAcceptedAt
      openCallbacks { totalCount totalCountIsExact nodes { isOverdue service process { id } } }
      overdueCallbacks unansweredCallbacks areUnansweredExact
      deliveries { outcome isFailureReport count isExact lastAt }
      durationSecondsP50 durationSecondsP95 durationSamples
      contractVersions { digest title workflowNames openCallbacks acceptedResults } } } }"""


class JobResult(BaseModel):
    """The contract of the result."""

    rc: int


@step("Judge")
def judge(callback_result: Json) -> None:
    """Accept every result."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """A server with remote services, and their jobs."""

    site: Site
    remote: Remote
    workflows: dict[str, Workflow]

    async def order(self, service: str = "ansible") -> "Job":
        """Start a process that waits for a job of the service."""
        process_id = await self.site.engine.start(self.workflows[service])
        token = await self.remote.asked()
        await self.site.engine.reaches(process_id, AWAITING)
        return Job(self.site, process_id, route(process_id, token))

    async def services(self, **variables: Json) -> dict[str, Any]:
        """The services as GraphQL shows them, by name."""
        nodes = (await self.site.ask(LIST, **variables))["remoteServices"]["nodes"]
        return {node["name"]: node for node in nodes}


@dataclass(frozen=True, slots=True)
class Job:
    """A process that waits for a job."""

    site: Site
    process_id: UUID
    url: str

    async def post(self, body: bytes = b'{"rc": 0}', behind: str = "") -> httpx.Response:
        """Deliver the body."""
        return await self.site.http.post(self.url + behind, content=body, headers={"content-type": "application/json"})


@asynccontextmanager
async def traffic(storage: str, services: dict[str, Any] | None = None, **settings: Any) -> AsyncIterator[Traffic]:
    """A server whose workflows order jobs of two services, and of a service without a name."""
    remote = Remote()

    @workflow("Configure")
    def configure() -> Any:
        return begin >> callback_step(
            "Configure", remote.action(), judge, service="ansible", contract=JobResult, timeout=600
        )

    @workflow("Name")
    def name() -> Any:
        return begin >> callback_step("Name", remote.action(), judge, service="dns", timeout=600)

    @step("Order under a name")
    def order_under_a_name(callback_route: str) -> State:
        remote.take(callback_route)
        return {"remote_ref": "job-1"}

    @workflow("Name the job")
    def name_the_job() -> Any:
        return begin >> callback_step("Named", order_under_a_name, judge, service="idle", timeout=600)

    @workflow("Ask")
    def ask() -> Any:
        return begin >> callback_step("Ask", remote.action(), judge, timeout=600)

    async with site_of(storage, configure, name, name_the_job, ask, services=services or SERVICES, **settings) as site:
        yield Traffic(site, remote, {"ansible": configure, "dns": name, "idle": name_the_job, "": ask})


def _counts(service: Any) -> dict[tuple[str, bool], int]:
    return {(each["outcome"], each["isFailureReport"]): each["count"] for each in service["deliveries"]}


async def test_the_figures_match_the_traffic(storage: str) -> None:
    async with traffic(storage) as jobs:
        engine = jobs.site.engine
        for seconds in (10, 20, 40):
            job = await jobs.order()
            engine.turn(seconds)
            accepted = await job.post()
            again = await job.post()
            other = await job.post(b'{"rc": 1}')
            await engine.reaches(job.process_id, COMPLETED)
            accepted_at = engine.clock.now()
        engine.turn(1)
        failing = await jobs.order()
        reported = await failing.post(b'{"message": "no route"}', "/fail")
        broken = await jobs.order()
        invalid = await broken.post(b'{"rc": "zero"}')
        seen_at = engine.clock.now()
        await (await jobs.order("")).post()  # its step names no service
        unsigned = await (signing := await jobs.order("dns")).post()
        engine.turn(601)
        await engine.reaches(broken.process_id, FAILED)
        await engine.reaches(signing.process_id, FAILED)
        late = await jobs.order()
        found = await jobs.services()

    assert [sent.status_code for sent in (accepted, again, other)] == [200, 200, 409]
    assert [sent.status_code for sent in (reported, invalid, unsigned)] == [200, 422, 401]
    assert list(found) == ["ansible", "dns", "idle"]
    ansible, dns, idle = found.values()
    assert _counts(ansible) == {
        ("ACCEPTED", False): 3,
        ("ACCEPTED", True): 1,
        ("DUPLICATE", False): 3,
        ("CONFLICT", False): 3,
        ("INVALID", False): 1,
    }
    assert all(each["isExact"] for each in ansible["deliveries"])
    durations = (ansible["durationSecondsP50"], ansible["durationSecondsP95"], ansible["durationSamples"])
    assert durations == (20.0, 40.0, 3)
    assert datetime.fromisoformat(ansible["lastSeenAt"]) == seen_at
    assert datetime.fromisoformat(ansible["lastAcceptedAt"]) == accepted_at
    assert ansible["state"] == "FAILING"
    (waiting,) = ansible["openCallbacks"]["nodes"]
    assert waiting == {"isOverdue": False, "service": "ansible", "process": {"id": str(late.process_id)}}
    assert (ansible["openCallbacks"]["totalCount"], ansible["unansweredCallbacks"]) == (1, 1)
    (version,) = ansible["contractVersions"]
    assert len(version.pop("digest")) == 64
    assert version == {"title": "JobResult", "workflowNames": ["configure"], "openCallbacks": 1, "acceptedResults": 3}

    assert (_counts(dns), dns["state"]) == ({("UNAUTHENTICATED", False): 1}, "FAILING")
    assert (dns["lastAcceptedAt"], dns["durationSecondsP95"], dns["durationSamples"]) == (None, None, 0)
    assert (dns["isConfigured"], dns["signatureKeys"], dns["hasAllowedNetworks"], dns["hasCredential"]) == (
        True, 2, True, False,
    )  # fmt: skip

    nothing: dict[str, Any] = {
        "lastSeenAt": None,
        "state": "UNSEEN",
        "deliveries": [],
        "contractVersions": [],
        "hasCredential": True,
    }
    assert idle.items() >= nothing.items()


async def test_a_service_is_silent_if_nothing_came_since_a_job_that_is_late(storage: str) -> None:
    async with traffic(storage) as jobs:
        engine = jobs.site.engine
        await (await jobs.order()).post()
        engine.turn(1)
        answering = await jobs.services()
        silent = await jobs.order()
        engine.turn(601)
        await engine.reaches(silent.process_id, FAILED)
        after = await jobs.services()
        unasked = await jobs.order("dns")
        engine.turn(601)
        await engine.reaches(unasked.process_id, FAILED)
        await (await jobs.order()).post()
        again = await jobs.services()

    states = [found["ansible"]["state"] for found in (answering, after, again)]
    assert states == ["ANSWERING", "SILENT", "ANSWERING"]
    assert again["dns"]["state"] == "SILENT"


async def test_an_overdue_callback_is_counted_while_no_worker_ends_it(storage: str) -> None:
    async with traffic(storage) as jobs:
        engine = jobs.site.engine
        await jobs.order()
        await jobs.order("")
        later = engine.clock.now() + timedelta(seconds=601)
        found = await engine.read(lambda conn: remote_services.unanswered(conn, since=later, now=later))

    assert (found[0]["ansible"].overdue, found[0]["ansible"].ended, found[1]) == (1, 0, True)
    assert list(found[0]) == ["ansible"]


async def test_the_numbers_are_of_the_window_and_the_times_are_not(storage: str) -> None:
    async with traffic(storage) as jobs:
        await (await jobs.order()).post()
        silent = await jobs.order()
        at = jobs.site.engine.clock.now()
        jobs.site.engine.turn(2 * 3600)
        await jobs.site.engine.reaches(silent.process_id, FAILED)
        hour = (await jobs.services(window="LAST_HOUR"))["ansible"]
        day = (await jobs.services())["ansible"]

    assert (_counts(hour), _counts(day)) == ({("ACCEPTED", False): 0}, {("ACCEPTED", False): 1})
    assert (hour["durationSamples"], day["durationSamples"]) == (0, 1)
    assert (hour["unansweredCallbacks"], day["unansweredCallbacks"]) == (0, 1)
    assert hour["contractVersions"] == []
    assert datetime.fromisoformat(hour["lastSeenAt"]) == at


async def test_a_result_that_came_before_its_job_took_no_time(storage: str) -> None:
    async with traffic(storage) as jobs:
        bearer = {"authorization": f"Bearer {CREDENTIAL}"}
        early = await jobs.site.http.post("/api/callbacks/by-ref/idle/job-1", json={"rc": 0}, headers=bearer)
        came_at = jobs.site.engine.clock.now()
        jobs.site.engine.turn(60)
        before = (await jobs.services())["idle"]
        process_id = await jobs.site.engine.start(jobs.workflows["idle"])
        await jobs.site.engine.reaches(process_id, COMPLETED)
        after = (await jobs.services())["idle"]

    assert (early.status_code, before["state"], after["state"]) == (202, "UNSEEN", "ANSWERING")
    assert (after["durationSecondsP50"], after["durationSamples"]) == (0.0, 1)
    assert datetime.fromisoformat(after["lastSeenAt"]) == came_at


async def test_a_service_that_the_settings_no_longer_name_is_listed_while_it_has_callbacks(storage: str) -> None:
    async with traffic(storage) as jobs:
        await (await jobs.order()).post()
        await jobs.order("dns")
    async with site_of(storage, services={"idle": SERVICES["idle"]}) as site:
        page = (await site.ask(LIST, first=2))["remoteServices"]
        rest = (await site.ask(LIST, after=page["pageInfo"]["endCursor"]))["remoteServices"]

    assert [(node["name"], node["isConfigured"]) for node in page["nodes"]] == [("ansible", False), ("dns", False)]
    assert page["nodes"][0]["contractVersions"][0]["workflowNames"] == []
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, True)
    assert [node["name"] for node in rest["nodes"]] == ["idle"]


async def test_a_number_stops_at_its_bound_and_says_so(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with traffic(storage) as jobs:
        for _ in range(3):
            await (await jobs.order()).post()
        jobs.site.engine.turn(1)
        expiring = [await jobs.order() for _ in range(3)]
        jobs.site.engine.turn(601)
        for job in expiring:
            await jobs.site.engine.reaches(job.process_id, FAILED)
        exact = (await jobs.services())["ansible"]
        remote_services._deliveries.cache_clear()
        for module in ("storage.remote_services", "graphql.types.remote_services"):
            monkeypatch.setattr(f"orchestrator_gql.{module}.MOST_COUNTED", 2)
        monkeypatch.setattr(remote_services, "SAMPLES", 2)
        bounded = (await jobs.services())["ansible"]
    remote_services._deliveries.cache_clear()

    assert [(each["count"], each["isExact"]) for each in exact["deliveries"]] == [(3, True)]
    assert [(each["count"], each["isExact"]) for each in bounded["deliveries"]] == [(2, False)]
    assert (exact["unansweredCallbacks"], exact["areUnansweredExact"]) == (3, True)
    assert (bounded["unansweredCallbacks"], bounded["areUnansweredExact"]) == (2, False)
    assert (exact["durationSamples"], bounded["durationSamples"]) == (3, 2)
    assert (exact["contractVersions"][0]["acceptedResults"], bounded["contractVersions"][0]["acceptedResults"]) == (
        3,
        2,
    )


async def test_no_secret_of_the_settings_is_shown_and_a_reader_is_demanded(tmp_path: Any) -> None:
    tokens = (api_token("reader", role="viewer"), api_token("nobody", role="stranger"))
    roles: dict[str, list[str]] = {"stranger": []}
    async with traffic(sqlite_url(tmp_path), api_tokens=tokens, roles=roles) as jobs:
        shown = await answer_as(jobs.site, "reader", LIST)
        refused = await answer_as(jobs.site, "nobody", LIST)

    assert "errors" not in shown
    assert KEY not in str(shown)
    assert SERVICES["idle"]["credential_sha256"] not in str(shown)
    assert refused["data"]["remoteServices"] is None
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
