"""Progress reports and failure reports of remote services."""

import asyncio
import re
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.callback_logs import progress_of
from waits import problem, waiting

from orchestrator_gql.callbacks.reports import failure_in
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.engine.callbacks import deliveries
from orchestrator_gql.rest import bodies
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.types import AttemptOutcome, CallbackStatus, EventKind, Json, ProcessStatus

FAILED = ProcessStatus.FAILED


@pytest.mark.parametrize(
    ("body", "media_type", "percent", "message", "data"),
    [
        (b'{"percent": 40, "message": "writing"}', "application/json", 40, "writing", True),
        (b'{"progress": ["TASK [write]", "ok: [ams-1]"]}', "application/json", None, "ok: [ams-1]", True),
        (b'"nearly there"', "application/json", None, "nearly there", False),
        (b"TASK [write] caf\xc3\xa9", "text/plain; charset=utf-8", None, "TASK [write] café", False),
        (b"no \xff UTF-8 \x00", "text/plain", None, "no \ufffd UTF-8 \ufffd", False),
        (b"[1, 2]", "application/json", None, None, True),
        (b'{"percent": 400}', "application/json", 100, None, True),
        (b'{"message": {"phase": [true, null]}}', "application/json", None, '{"phase":[true,null]}', True),
        (b'{"message": false}', "application/json", None, "false", True),
        (b'{"progress": ["ok", {"rc": null}, " ", null]}', "application/json", None, '{"rc":null}', True),
    ],
)
async def test_progress_is_logged_in_every_format(
    tmp_path: Path, body: bytes, media_type: str, percent: float | None, message: str | None, data: bool
) -> None:
    async with waiting(tmp_path) as wait:
        response = await wait.send(body, behind="/progress", media_type=media_type)
        callback = await wait.site.engine.callback(wait.process_id)
        log, total = await wait.site.engine.read(lambda conn: progress_of(conn, callback.id))
        progress_events = await wait.site.engine.events(wait.process_id, EventKind.CALLBACK_PROGRESSED)

    assert (response.status_code, response.json()) == (200, {"status": "accepted"})
    assert [(row.percent, row.message, row.data is not None) for row in log] == [(percent, message, data)]
    assert (total, len(progress_events)) == (1, 1)
    assert callback.is_open


@pytest.mark.parametrize(
    ("settings", "body", "media_type", "status"),
    [
        ({}, b"<p>40</p>", "text/html", 415),
        ({}, b"{", "application/json", 400),
        ({"max_callback_bytes": 1024}, b"x" * 1025, "text/plain", 413),
    ],
)
async def test_progress_that_cannot_be_read_is_refused(
    tmp_path: Path, settings: dict[str, Any], body: bytes, media_type: str, status: int
) -> None:
    async with waiting(tmp_path, settings=settings) as wait:
        refused = await wait.send(body, behind="/progress", media_type=media_type)
        accepted = await wait.send(b'{"rc": 0}')

    assert problem(refused)[0] == status
    assert accepted.status_code == 200


@pytest.mark.parametrize(
    ("behind", "media_type"),
    [("", "text/plain"), ("/fail", "text/plain"), ("/fail", "application/xml"), ("/progress", "text/html")],
)
async def test_a_wrong_media_type_is_answered_with_the_right_ones(tmp_path: Path, behind: str, media_type: str) -> None:
    right = ["application/json", "text/plain"] if behind == "/progress" else ["application/json"]

    async with waiting(tmp_path) as wait:
        refused = (await wait.send(b"40", behind=behind, media_type=media_type)).json()["detail"]
        accepted = [
            (await wait.send(b'{"message": "x"}', behind=behind, media_type=named)).status_code for named in right
        ]

    assert re.findall(r"\w+/\w+", refused) == right
    assert accepted == [200] * len(right)


async def test_progress_after_the_end_is_a_conflict(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        await wait.send(b'{"rc": 0}')
        refused = await wait.send(b'{"percent": 100}', behind="/progress")

    assert problem(refused)[0] == 409


async def test_progress_after_an_abort_is_refused(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        await abort_process(wait.site.engine.runtime, LOCAL_OPERATOR, process_id=wait.process_id)
        refused = await wait.send(b'{"percent": 100}', behind="/progress")

    assert problem(refused) == (410, "callback-withdrawn")


async def test_a_failure_report_fails_the_step_with_its_message(tmp_path: Path) -> None:
    body = b'{"code": "unreachable", "message": "ams-1 is down", "retryable": true, "details": {"host": "ams-1"}}'

    async with waiting(tmp_path) as wait:
        response = await wait.send(body, behind="/fail")
        await wait.reaches(FAILED)
        again = await wait.send(body, behind="/fail")
        result = await wait.send(b'{"rc": 0}')
        failure = (await wait.site.engine.process(wait.process_id)).failure
        status = await wait.status()

    assert failure is not None
    assert (failure.code, failure.message, failure.is_retryable) == ("unreachable", "ams-1 is down", True)
    assert failure.details == {"host": "ams-1"}
    assert again.json() == response.json() | {"duplicate": True}
    assert problem(result)[0] == 409
    assert status is CallbackStatus.FAILED_BY_REMOTE


@pytest.mark.parametrize(
    ("code", "shown"), [(7, "7"), (True, "true"), ({"area": None}, '{"area":null}'), (["a", 1], '["a",1]')]
)
def test_a_code_that_is_no_text_is_shown_as_json(code: Json, shown: str) -> None:
    failure = failure_in({"code": code, "message": "broken"}, datetime.now(UTC))

    assert failure is not None and failure.code == shown


@pytest.mark.parametrize("body", [b"{}", b'{"message": ""}', b'{"message": 1}', b'"it broke"', b"null", b"[]"])
async def test_a_failure_report_needs_a_message(tmp_path: Path, body: bytes) -> None:
    async with waiting(tmp_path) as wait:
        refused = await wait.send(body, behind="/fail")
        accepted = await wait.send(b'{"rc": 0}')

    assert problem(refused) == (400, "payload-invalid")
    assert refused.json()["errors"][0]["pointer"] == "/message"
    assert accepted.status_code == 200


@pytest.mark.parametrize(
    ("media_type", "size", "outcome", "status"),
    [
        ("text/plain", 10, AttemptOutcome.UNSUPPORTED_TYPE, 415),
        ("application/json", 2000, AttemptOutcome.TOO_LARGE, 413),
    ],
)
async def test_a_failure_report_that_cannot_be_read_is_stored_as_an_attempt(
    tmp_path: Path, media_type: str, size: int, outcome: AttemptOutcome, status: int
) -> None:
    async with waiting(tmp_path, settings={"max_callback_bytes": 1024}) as wait:
        refused = await wait.send(b"1" * size, behind="/fail", media_type=media_type)
        stored = (await wait.attempts())[-1]

    assert problem(refused)[0] == status
    assert (stored.outcome, stored.size) == (outcome, size)


async def test_a_body_that_takes_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def endless() -> Any:
        yield b'{"rc": '
        await asyncio.Event().wait()

    async with waiting(tmp_path) as wait:
        with monkeypatch.context() as patch:
            patch.setattr(bodies, "TIME", 0.05)
            refused = await wait.send(endless())
        accepted = await wait.send(b'{"rc": 0}')

    assert problem(refused) == (408, "request-timeout")
    assert refused.headers["connection"] == "close"
    assert accepted.status_code == 200


async def test_a_large_body_is_read_in_a_thread_and_a_small_body_is_not() -> None:
    loop = threading.get_ident()

    assert await deliveries.in_thread_if_large(deliveries.LARGE, threading.get_ident) == loop
    assert await deliveries.in_thread_if_large(deliveries.LARGE + 1, threading.get_ident) != loop


async def test_other_requests_are_served_while_a_large_body_is_read(tmp_path: Path) -> None:
    numbers = b"[" + b",".join([b"1"] * 1_000_000) + b"]"  # half a second's work

    async with waiting(tmp_path) as wait:
        large = asyncio.create_task(wait.send(numbers))
        served = 0
        while not large.done():
            served += (await wait.site.http.get("/health/live")).status_code == 200
            await asyncio.sleep(0)  # a client in the same loop never waits by itself
        response = await large

    assert response.status_code == 200
    assert served >= 10
