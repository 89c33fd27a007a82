"""Remote services prove who they are, in addition to the URL: by a signature, an address or a credential."""

import asyncio
import base64
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import BaseModel
from sqlalchemy import select
from support.remote import Remote, token_of
from support.web import Site, site_of

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.callbacks.signature import sign
from orchestrator_gql.callbacks.urls import route
from orchestrator_gql.cli.serving.log_lines import LineFormatter
from orchestrator_gql.storage.tables import metadata
from orchestrator_gql.types import Json, ProcessStatus, State
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

AWAITING, COMPLETED, FAILED = ProcessStatus.AWAITING_CALLBACK, ProcessStatus.COMPLETED, ProcessStatus.FAILED
OLD, NEW = b"k" * 32, b"n" * 32
CREDENTIAL = "s3cret-of-the-proxy"
OK = b'{"rc": 0}'


def whsec(key: bytes) -> str:
    """A key in the format of the configuration."""
    return f"whsec_{base64.b64encode(key).decode()}"


SIGNED = {"signature_keys": [whsec(OLD), whsec(NEW)]}
KNOWN = {"credential_sha256": hashlib.sha256(CREDENTIAL.encode()).hexdigest()}


class JobResult(BaseModel):
    """The contract of the result."""

    rc: int


@dataclass(frozen=True, slots=True)
class Job:
    """A process that waits for a job of the service, as the service sees it."""

    site: Site
    process_id: UUID
    remote: Remote

    @property
    def url(self) -> str:
        """The path of the callback URL."""
        return route(self.process_id, self.remote.tokens[-1])

    async def post(self, body: bytes = OK, /, *, path: str | None = None, **headers: str) -> httpx.Response:
        """Deliver a body with those headers."""
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.site.http.post(
            path or self.url, content=body, headers={"content-type": "application/json", **extra}
        )

    def signed(self, body: bytes = OK, *, key: bytes = NEW, age: float = 0, id: str = "msg_1") -> dict[str, str]:
        """The headers of Standard Webhooks for a body."""
        at = int((self.site.engine.clock.now() - timedelta(seconds=age)).timestamp())
        return {"webhook_id": id, "webhook_timestamp": str(at), "webhook_signature": sign(key, id, at, body)}

    async def outcomes(self) -> list[str]:
        """The outcomes of the deliveries so far."""
        return [attempt.outcome for attempt in await self.site.engine.attempts(self.process_id)]


@asynccontextmanager
async def ordered(
    storage: str, service: dict[str, Any], act: Callable[[str], State | Awaitable[State]] | None = None
) -> AsyncIterator[Job]:
    """A job of the remote service `proxy`; ``act`` is what its action does with the token."""
    remote = Remote()

    @step("Order")
    async def order(callback_route: str) -> State | None:
        remote.take(callback_route)
        returned = act(token_of(callback_route)) if act else None
        return await returned if isinstance(returned, Awaitable) else returned

    @step("Judge")
    def judge(callback_result: dict[str, Any]) -> State:
        return {"rc": callback_result["rc"]}

    @workflow("Order")
    def orders() -> Any:
        return begin >> callback_step("Job", order, judge, service="proxy", contract=JobResult, timeout=3600)

    async with site_of(storage, orders, services={"proxy": service}) as site:
        process_id = await site.engine.start(orders)
        await remote.asked()
        yield Job(site, process_id, remote)


@pytest.mark.parametrize("key", [OLD, NEW])
async def test_a_result_signed_with_any_active_key_is_accepted(storage: str, key: bytes) -> None:
    async with ordered(storage, SIGNED) as job:
        await job.site.engine.reaches(job.process_id, AWAITING)
        response = await job.post(**job.signed(key=key))
        again = await job.post(**job.signed(key=key, id="msg_2"))
        await job.site.engine.reaches(job.process_id, COMPLETED)

    assert (response.status_code, again.json()["duplicate"]) == (200, True)


def _unsigned(_: Job) -> dict[str, str]:
    return {}


def _old(job: Job) -> dict[str, str]:
    return job.signed(age=301)


def _of_the_future(job: Job) -> dict[str, str]:
    return job.signed(age=-301)


def _of_another_body(job: Job) -> dict[str, str]:
    return job.signed(b'{"rc": 1}')


def _by_another_key(job: Job) -> dict[str, str]:
    return job.signed(key=b"x" * 32)


def _of_another_message(job: Job) -> dict[str, str]:
    return job.signed() | {"webhook_id": "msg_9"}


def _at_another_time(job: Job) -> dict[str, str]:
    return job.signed() | {"webhook_timestamp": str(int(job.site.engine.clock.now().timestamp()) + 1)}


def _by_no_scheme(job: Job) -> dict[str, str]:
    signed = job.signed()
    return signed | {"webhook_signature": signed["webhook_signature"].replace("v1,", "v2,")}


def _at_no_time(job: Job) -> dict[str, str]:
    return job.signed() | {"webhook_timestamp": "9" * 11}


@pytest.mark.parametrize(
    "headers",
    [
        _unsigned,
        _old,
        _of_the_future,
        _of_another_body,
        _by_another_key,
        _of_another_message,
        _at_another_time,
        _by_no_scheme,
        _at_no_time,
    ],
)
async def test_a_wrong_signature_is_refused_and_the_url_stays_open(
    storage: str, headers: Callable[[Job], dict[str, str]]
) -> None:
    async with ordered(storage, SIGNED) as job:
        await job.site.engine.reaches(job.process_id, AWAITING)
        refused = [await job.post(path=job.url + behind, **headers(job)) for behind in ("", "/fail", "/progress")]
        accepted = await job.post(**job.signed())
        outcomes = await job.outcomes()
        attempts = await job.site.engine.attempts(job.process_id)

    assert [response.status_code for response in refused] == [401, 401, 401]
    assert {response.json()["code"] for response in refused} == {"unauthenticated"}
    assert all("www-authenticate" in response.headers for response in refused)
    assert accepted.status_code == 200
    assert outcomes == ["UNAUTHENTICATED", "UNAUTHENTICATED", "ACCEPTED"]
    assert attempts
    assert not any(attempt.is_adoptable for attempt in attempts)


async def test_one_of_several_signatures_is_enough(storage: str) -> None:
    async with ordered(storage, SIGNED) as job:
        signed = job.signed()
        several = signed | {"webhook_signature": f"v1a,abc v1,bm9uZQ== {signed['webhook_signature']}"}
        accepted = await job.post(**several)

    assert accepted.status_code == 200


async def test_graphql_refuses_a_delivery_of_a_service_that_must_sign(storage: str) -> None:
    document = """mutation ($token: String!) {
      receiveCallback(input: {token: $token, result: {rc: 0}}) { __typename ... on UserError { code } } }"""
    async with ordered(storage, SIGNED) as job:
        data = await job.site.ask(document, token=job.remote.tokens[-1])
        accepted = await job.post(**job.signed())
        outcomes = await job.outcomes()

    assert data["receiveCallback"] == {"__typename": "UnauthenticatedError", "code": "UNAUTHENTICATED"}
    assert (accepted.status_code, outcomes) == (200, ["UNAUTHENTICATED", "ACCEPTED"])


@pytest.mark.parametrize(
    ("networks", "status"),
    [
        (["192.0.2.0/24"], 200),
        (["192.0.2.7/32", "2001:db8::/32"], 200),
        (["198.51.100.0/24"], 403),
        (["::/0"], 403),
    ],
)
async def test_only_the_addresses_of_the_service_are_accepted(
    storage: str, networks: list[str], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with ordered(storage, {"addresses": networks}) as job:
        response = await job.post()
        outcomes = await job.outcomes()

    assert response.status_code == status
    assert outcomes == (["ACCEPTED"] if status == 200 else ["FORBIDDEN_ADDRESS"])
    logged = [record.__dict__["address"] for record in caplog.records if "refused" in record.getMessage()]
    assert logged == ([] if status == 200 else ["192.0.2.7"])


def _with_ref(job_id: str) -> Callable[[str], State]:
    return lambda _: {"job_id": job_id, "remote_ref": job_id}


BY_REF = "/api/callbacks/by-ref/proxy"


async def test_a_result_is_delivered_by_the_job_name_of_the_service(storage: str) -> None:
    async with ordered(storage, KNOWN, _with_ref("job-7")) as job:
        await job.site.engine.reaches(job.process_id, AWAITING)
        bearer = {"authorization": f"Bearer {CREDENTIAL}"}
        report = await job.post(b'"half way"', path=f"{BY_REF}/job-7/progress", **bearer)
        dry = await job.post(path=f"{BY_REF}/job-7/?dryRun=true", **bearer)
        response = await job.post(path=f"{BY_REF}/job-7", **bearer)
        done = await job.site.engine.reaches(job.process_id, COMPLETED)
        by_url = await job.post()

    assert [sent.status_code for sent in (report, dry, response)] == [200, 200, 200]
    assert (by_url.json()["receipt"], by_url.json()["duplicate"]) == (response.json()["receipt"], True)
    assert done.state == {"job_id": "job-7", "callback_result": {"rc": 0}, "rc": 0}


async def test_a_failure_is_reported_by_the_job_name(storage: str) -> None:
    async with ordered(storage, KNOWN, _with_ref("job-7")) as job:
        await job.site.engine.reaches(job.process_id, AWAITING)
        bearer = {"authorization": f"Bearer {CREDENTIAL}"}
        await job.post(b'{"code": "busy", "message": "try later"}', path=f"{BY_REF}/job-7/fail", **bearer)
        failed = await job.site.engine.reaches(job.process_id, FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "busy"


async def test_a_wrong_credential_and_an_unknown_service_get_the_same_response(storage: str) -> None:
    async with ordered(storage, KNOWN, _with_ref("job-7")) as job:
        wrong = await job.post(path=f"{BY_REF}/job-7", authorization="Bearer guess")
        none = await job.post(path=f"{BY_REF}/job-7")
        unknown = await job.post(path="/api/callbacks/by-ref/nobody/job-7", authorization=f"Bearer {CREDENTIAL}")

    assert wrong.status_code == 401
    assert wrong.content == none.content == unknown.content
    assert dict(wrong.headers) == dict(unknown.headers)


async def test_guessed_credentials_soon_get_429_and_the_right_credential_is_still_accepted(storage: str) -> None:
    async with ordered(storage, KNOWN, _with_ref("job-7")) as job:
        await job.site.engine.reaches(job.process_id, AWAITING)
        limit = job.site.engine.runtime.settings.misses_per_minute
        guesses = [await job.post(path=f"{BY_REF}/job-7", authorization=f"Bearer {n}") for n in range(limit + 1)]
        right = await job.post(path=f"{BY_REF}/job-7", authorization=f"Bearer {CREDENTIAL}")

    assert [guess.status_code for guess in guesses] == [401] * limit + [429]
    assert right.status_code == 200


async def _status_by_receipt(job: Job, sent: httpx.Response) -> str:
    """What the sender of the delivery learns with its receipt: a status, or the code of the problem."""
    answered = (await job.site.http.get(f"/api/receipts/{sent.json()['receipt']}")).json()
    return str(answered["code"] if "code" in answered else answered["status"])


@pytest.mark.parametrize("result", [b'{"rc": 0}', b'{"rc": 1}'])
async def test_a_receipt_of_a_result_that_came_by_the_job_name_and_the_url_is_answered(
    storage: str, result: bytes
) -> None:
    bearer = {"authorization": f"Bearer {CREDENTIAL}"}
    gate = asyncio.Event()

    async def act(_: str) -> State:
        await gate.wait()
        return {"remote_ref": "job-3"}

    async with ordered(storage, KNOWN, act) as job:
        early = await job.post(result, path=f"{BY_REF}/job-3", **bearer)
        by_url = await job.post()
        gate.set()
        await job.site.engine.reaches(job.process_id, COMPLETED)
        statuses = [await _status_by_receipt(job, sent) for sent in (early, by_url)]

    assert (early.status_code, by_url.status_code) == (202, 200)
    assert statuses == ["validated" if result == OK else "refused", "validated"]


async def test_the_receipt_of_a_delivery_that_no_job_claims_is_unknown_after_an_hour(storage: str) -> None:
    async with ordered(storage, KNOWN, _with_ref("job-1")) as job:
        sent = await job.post(path=f"{BY_REF}/job-2", authorization=f"Bearer {CREDENTIAL}")
        before = await _status_by_receipt(job, sent)
        job.site.engine.turn(3601)
        after = await _status_by_receipt(job, sent)

    assert (before, after) == ("unclaimed", "receipt-unknown")


async def test_a_result_that_arrives_before_its_job_is_registered_is_used_afterwards(storage: str) -> None:
    bearer = {"authorization": f"Bearer {CREDENTIAL}"}
    async with ordered(storage, KNOWN) as first:
        early = await first.post(path=f"{BY_REF}/job-9", **bearer)
        again = await first.post(path=f"{BY_REF}/job-9", **bearer)
        broken = await first.post(b'{"rc": "zero"}', path=f"{BY_REF}/job-9", **bearer)
        lost = await first.post(b'"hello"', path=f"{BY_REF}/job-9/progress", **bearer)
        unread = await first.post(b"{", path=f"{BY_REF}/job-9", **bearer)
        still = await _status_by_receipt(first, early)
    async with ordered(storage, KNOWN, _with_ref("job-9")) as job:
        done = await job.site.engine.reaches(job.process_id, COMPLETED)
        callback = await job.site.engine.callback(job.process_id)
        outcomes = await job.outcomes()
        later = await job.post(path=f"{BY_REF}/job-9", **bearer)
        statuses = [await _status_by_receipt(job, sent) for sent in (early, broken)]

    assert (early.status_code, early.json()["status"]) == (202, "unclaimed")
    assert again.json()["receipt"] == early.json()["receipt"]
    assert (broken.status_code, lost.status_code, unread.status_code) == (202, 404, 400)
    assert done.state["rc"] == 0
    assert (callback.is_early, callback.receipt) == (True, early.json()["receipt"])
    assert outcomes == ["ACCEPTED", "CONFLICT"]
    assert (later.json()["receipt"], later.json()["duplicate"]) == (early.json()["receipt"], True)
    assert (still, statuses) == ("unclaimed", ["validated", "refused"])


async def test_a_delivery_that_no_job_claims_is_deleted_after_an_hour(storage: str) -> None:
    bearer = {"authorization": f"Bearer {CREDENTIAL}"}
    async with ordered(storage, KNOWN, _with_ref("job-1")) as job:
        await job.post(path=f"{BY_REF}/job-2", **bearer)
        job.site.engine.turn(3601)
        await job.post(path=f"{BY_REF}/job-3", **bearer)
        table = metadata.tables["unclaimed_letters"]
        stored = await job.site.engine.read(lambda conn: conn.execute(select(table.c.ref)).scalars().all())

    assert stored == ["job-3"]


@pytest.mark.parametrize("ref", ["", "a/b", "x" * 256, 7, {"ams-1": "job"}, "a\0b"])
async def test_an_invalid_job_name_fails_the_action(storage: str, ref: Json) -> None:
    async with ordered(storage, KNOWN, lambda _: {"remote_ref": ref}) as job:
        failed = await job.site.engine.reaches(job.process_id, FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "bad-remote-ref"


async def test_no_credential_or_key_is_in_a_table_or_a_log_line(storage: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with ordered(storage, SIGNED | KNOWN, _with_ref("job-7")) as job:
        await job.site.engine.reaches(job.process_id, AWAITING)
        await job.post(path=f"{BY_REF}/job-7", authorization=f"Bearer {CREDENTIAL}")
        await job.post(**job.signed())
        await job.site.engine.reaches(job.process_id, COMPLETED)
        stored = await job.site.engine.read(
            lambda conn: [str(row) for table in metadata.sorted_tables for row in conn.execute(select(table))]
        )
        shown = repr(job.site.engine.runtime.settings)

    formatter = LineFormatter()
    texts = "\n".join([*stored, shown, *(formatter.format(record) for record in caplog.records)])
    assert stored
    for secret in (CREDENTIAL, whsec(OLD), whsec(NEW), OLD.decode(), NEW.decode()):
        assert secret not in texts


async def test_hostile_signature_headers_get_401_without_a_traceback(storage: str) -> None:
    async with ordered(storage, SIGNED) as job:
        response = await job.post(
            b"\xff" * 2000, webhook_id="\x7f", webhook_timestamp="-1", webhook_signature="v1," * 500
        )

    assert response.status_code == 401
    assert "Traceback" not in response.text
