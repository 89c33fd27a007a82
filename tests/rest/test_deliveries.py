"""The delivery of a result: every outcome, as the remote service sees it."""

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select
from support.database import sqlite_url
from support.remote import Remote
from support.web import site_of
from waits import judge, problem, waiting

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.callbacks.urls import route
from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage.tables import callback_attempts
from orchestrator_gql.types import AttemptOutcome, CallbackStatus, EventKind, ProcessStatus
from orchestrator_gql.workflow import workflow

COMPLETED = ProcessStatus.COMPLETED


class Report(BaseModel):
    """The contract of the callback."""

    rc: int
    hosts: list[str]


async def test_the_first_result_is_stored_and_the_process_goes_on(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        response = await wait.send(b'{"rc": 0}')
        await wait.reaches(COMPLETED)
        state = (await wait.site.engine.process(wait.process_id)).state

    assert response.status_code == 200
    assert response.json() == {"receipt": response.json()["receipt"], "status": "accepted"}
    assert state == {"callback_result": {"rc": 0}}


async def test_a_result_that_arrives_before_the_action_has_returned_is_accepted(tmp_path: Path) -> None:
    remote, may_return = Remote(), asyncio.Event()

    @step("Call a fast service")
    async def call(callback_route: str) -> None:
        remote.take(callback_route)
        await may_return.wait()

    @workflow("Call")
    def fast() -> Any:
        return begin >> callback_step("Playbook", call, judge)

    async with site_of(sqlite_url(tmp_path), fast) as site:
        process_id = await site.engine.start(fast)
        response = await site.http.post(route(process_id, await remote.asked()), json={"rc": 0})
        may_return.set()
        await site.engine.reaches(process_id, COMPLETED)
        is_early = (await site.engine.callback(process_id)).is_early

    assert (response.status_code, response.json()["status"]) == (200, "accepted")
    assert is_early


async def test_a_result_that_arrives_during_a_pause_is_stored_and_used_afterwards(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        engine = wait.site.engine
        await set_engine_state(engine.runtime, LOCAL_OPERATOR, paused=True)
        response = await wait.send(b'{"rc": 0}')
        (event,) = await engine.events(wait.process_id, EventKind.CALLBACK_RECEIVED)
        await set_engine_state(engine.runtime, LOCAL_OPERATOR, paused=False)
        await wait.reaches(COMPLETED)
        state = (await engine.process(wait.process_id)).state

    assert (response.status_code, response.json()["status"]) == (200, "accepted")
    assert event.payload["is_early"] is True
    assert state == {"callback_result": {"rc": 0}}


async def test_the_same_result_again_gets_the_same_receipt(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        first = await wait.send(b'{"rc": 0, "load": 1.0}')
        await wait.reaches(COMPLETED)
        again = await wait.send(b'{ "load": 1e0,\n"\\u0072c":0}', media_type="application/vnd.lso+json")

    assert again.status_code == 200
    assert again.json() == first.json() | {"duplicate": True}


async def test_another_result_is_refused_and_stored_as_an_attempt(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        await wait.send(b'{"rc": 0}')
        await wait.reaches(COMPLETED)
        other = await wait.send(b'{"rc": 1}')
        stored = [(attempt.outcome, attempt.body) for attempt in await wait.attempts()]
        state = (await wait.site.engine.process(wait.process_id)).state

    assert problem(other) == (409, "callback-already-received")
    assert stored == [(AttemptOutcome.ACCEPTED, None), (AttemptOutcome.CONFLICT, b'{"rc": 1}')]
    assert state == {"callback_result": {"rc": 0}}


async def test_a_result_after_the_deadline_is_refused_but_stored(tmp_path: Path) -> None:
    async with waiting(tmp_path, timeout=60) as wait:
        wait.site.engine.turn(61)
        await wait.reaches(ProcessStatus.FAILED)
        late = await wait.send(b'{"rc": 0}')
        stored = (await wait.attempts())[-1]

    assert problem(late) == (410, "callback-expired")
    assert stored.is_adoptable
    assert (stored.outcome, stored.body) == (AttemptOutcome.LATE, b'{"rc": 0}')


async def test_a_result_after_an_abort_is_refused_but_stored(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        await abort_process(wait.site.engine.runtime, LOCAL_OPERATOR, process_id=wait.process_id)
        withdrawn = await wait.send(b'{"rc": 0}')
        stored = (await wait.attempts())[-1]

    assert problem(withdrawn) == (410, "callback-withdrawn")
    assert (stored.outcome, stored.body) == (AttemptOutcome.WITHDRAWN, b'{"rc": 0}')


async def test_a_result_that_was_accepted_keeps_its_receipt_after_an_abort(tmp_path: Path) -> None:
    remote, released = Remote(), asyncio.Event()

    @step("Judge slowly")
    async def slowly(callback_result: dict[str, int]) -> None:
        await released.wait()

    @workflow("Call")
    def slow() -> Any:
        return begin >> callback_step("Playbook", remote.action(), slowly)

    async with site_of(sqlite_url(tmp_path), slow) as site:
        process_id = await site.engine.start(slow)
        url = route(process_id, await remote.asked())
        await site.engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
        first = await site.http.post(url, json={"rc": 0})
        await abort_process(site.engine.runtime, LOCAL_OPERATOR, process_id=process_id)
        again = await site.http.post(url, json={"rc": 0})
        released.set()

    assert again.json() == first.json() | {"duplicate": True}


async def test_a_result_that_breaks_the_contract_is_refused_with_the_places_and_may_be_sent_again(
    tmp_path: Path,
) -> None:
    async with waiting(tmp_path, contract=Report) as wait:
        broken = await wait.send(b'{"rc": "zero", "hosts": ["ams-1", 7]}')
        stored = (await wait.attempts())[-1]
        corrected = await wait.send(b'{"rc": 0, "hosts": ["ams-1"]}')

    assert problem(broken) == (422, "payload-invalid")
    assert [error["pointer"] for error in broken.json()["errors"]] == ["/rc", "/hosts/1"]
    assert (stored.outcome, stored.is_adoptable) == (AttemptOutcome.INVALID, True)
    assert corrected.status_code == 200


async def test_a_result_over_the_limit_is_refused_before_it_has_been_read(tmp_path: Path) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"1" * 512

    async with waiting(tmp_path, settings={"max_callback_bytes": 2048}) as wait:
        refused = await wait.send(endless())
        stored = (await wait.attempts())[-1]
        again = await wait.send(b"1" * 40)

    assert problem(refused) == (413, "payload-too-large")
    assert refused.json()["limit_bytes"] == 2048
    assert sent <= 6
    assert (stored.outcome, stored.size, len(stored.body or b"")) == (AttemptOutcome.TOO_LARGE, 2560, 1024)
    assert again.status_code == 200


async def test_another_media_type_is_refused(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        for media_type in ("text/plain", "application/x-www-form-urlencoded", "text/json", "application/jsonp", ""):
            refused = await wait.send(b'{"rc": 0}', media_type=media_type)
            assert problem(refused) == (415, "unsupported-media-type"), media_type
        again = await wait.send(b'{"rc": 0}', media_type="Application/JSON; charset=utf-8")

    assert again.status_code == 200


async def test_a_compressed_body_is_refused(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        for encoding in ("gzip", "deflate", "br", "zstd", "GZIP", "identity, gzip", "aws-chunked"):
            refused = await wait.send(gzip.compress(b'{"rc": 0}'), content_encoding=encoding)
            assert problem(refused) == (415, "unsupported-media-type"), encoding
        status = await wait.status()
        plain = await wait.send(b'{"rc": 0}', content_encoding="identity")

    assert status is CallbackStatus.PENDING
    assert plain.status_code == 200


async def test_of_a_body_that_is_no_json_only_its_size_type_digest_and_first_kibibyte_are_stored(
    tmp_path: Path,
) -> None:
    body = b"<rc>0</rc>" * 500

    async with waiting(tmp_path) as wait:
        await wait.send(body, media_type="application/xml; charset=utf-8")
        stored = (await wait.site.engine.read(lambda conn: conn.execute(select(callback_attempts)).all()))[-1]

    assert (stored.outcome, stored.bytes, stored.media_type) == (
        AttemptOutcome.UNSUPPORTED_TYPE,
        5000,
        "application/xml",
    )
    assert stored.digest == hashlib.sha256(body).hexdigest()
    assert stored.body == body[:1024]


async def test_the_accepted_result_sent_as_another_type_is_no_duplicate(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        await wait.send(b'{"rc":0}')
        await wait.reaches(COMPLETED)
        refused = await wait.send(b'{"rc":0}', media_type="text/plain")

    assert problem(refused) == (409, "callback-already-received")


async def test_a_link_preview_never_uses_up_a_url(tmp_path: Path) -> None:
    methods = ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS")

    async with waiting(tmp_path) as wait:
        for method, behind in product(methods, ("", "/", "/progress", "/fail")):
            refused = await wait.site.http.request(method, wait.url + behind, json={"rc": 0})
            assert (refused.status_code, refused.headers["allow"]) == (405, "POST"), (method, behind)
            assert method == "HEAD" or problem(refused) == (405, "method-not-allowed")
        stored = await wait.attempts()
        status = await wait.status()

    assert not stored
    assert status is CallbackStatus.PENDING


async def test_a_slash_at_the_end_of_the_url_changes_nothing(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        progress = await wait.send(b'{"percent": 10}', behind="/progress/")
        result = await wait.send(b'{"rc": 0}', behind="/")

    assert (progress.status_code, result.status_code) == (200, 200)


async def test_a_dry_run_is_checked_and_changes_nothing(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        path = wait.url + "?dryRun=true"
        dry = await wait.site.http.post(path, json={"rc": 0})
        refused = await wait.site.http.post(path, content=b"[", headers={"content-type": "application/json"})
        attempts = await wait.attempts()
        response = await wait.send(b'{"rc": 0}')

    assert (dry.status_code, dry.json()) == (200, {"status": "accepted", "dryRun": True})
    assert refused.status_code == 400
    assert attempts == []
    assert "duplicate" not in response.json()
