"""Unknown callback URLs: a stranger always gets the same response, and other services are not affected."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from itertools import count, product
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import BaseModel
from sqlalchemy import func, make_url, select
from support import command_line
from waits import Wait, problem, waiting

from orchestrator_gql.callbacks.urls import route
from orchestrator_gql.rest.bodies import SOON
from orchestrator_gql.storage.advisory_locks import ENGINE, key_of
from orchestrator_gql.storage.database.postgres import PostgresDatabase


class _Message(BaseModel):
    message: str


UNKNOWN = {
    "another process": "/api/processes/{other}/callback/{token}",
    "another token": "/api/processes/{process}/callback/{wrong}",
    "neither": "/api/processes/{other}/callback/{wrong}",
    "no id": "/api/processes/nonsense/callback/{token}",
    "a short token": "/api/processes/{process}/callback/x",
    "a token and more": "/api/processes/{process}/callback/{token}x",
    "a token in capitals": "/api/processes/{process}/callback/{upper}",
    "NUL": "/api/processes/{process}/callback/%00",
    "no UTF-8": "/api/processes/{process}/callback/%ff%fe",
    "a slash in it": "/api/processes/{process}/callback/a%2Fb",
    "dots": "/api/processes/{process}/callback/..%2F..%2Fetc",
    "nothing": "/api/processes/{process}/callback/",
    "an unknown path": "/api/processes/{process}/callback/{token}/result",
    "a long token": "/api/processes/{process}/callback/" + "a" * 8000,
    "a surrogate": "/api/processes/{process}/callback/%ed%a0%80",
}


BODIES = (
    b'{"message": "x"}',
    b"no json",
    b"",
    b"[" * 3000,
    b"[" * 9000,
    b'{"percent": "x"}',
    b"[" + b" " * 40_000 + b"]",
)
EVERYBODY = {"trusted_proxies": "192.0.2.7", "max_callback_bytes": 8_000}
"""The proxy of the client is trusted, so that each request can come from another address."""

_addresses = map("2001:db8:0:{:x}::1".format, count(1))  # each of another network


def _stranger(kind: str = "application/json") -> dict[str, str]:
    """The headers of a client that has not guessed yet."""
    return {"content-type": kind, "x-forwarded-for": next(_addresses)}


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("behind", ["", "/progress", "/fail", "?dryRun=maybe", "/fail?dryRun=true"])
async def test_unknown_urls_get_the_same_response_to_the_byte(storage: str, behind: str) -> None:
    async with waiting(storage, settings=EVERYBODY) as wait:
        words = {"process": wait.process_id, "other": UUID(int=1), "token": wait.token}
        words |= {"wrong": "A" * 43, "upper": wait.token.upper()}
        responses = [
            await wait.site.http.post(path.format(**words) + behind, content=body, headers=_stranger(kind))
            for path in UNKNOWN.values()
            for body in BODIES
            for kind in ("application/json", "image/png")
        ]
        status = await wait.status()

    assert {(response.status_code, response.content, *response.headers.multi_items()) for response in responses} == {
        (404, responses[0].content, *responses[0].headers.multi_items())
    }
    assert problem(responses[0]) == (404, "callback-unknown")
    assert status == "PENDING"


def test_a_real_server_gives_strangers_the_same_response_to_the_last_header(tmp_path: Path) -> None:
    with command_line.serving(tmp_path, ORCHESTRATOR_MISSES_PER_MINUTE="1000") as server:
        words = {"process": UUID(int=2), "other": UUID(int=1), "token": "B" * 43, "wrong": "A" * 43, "upper": "C" * 43}
        responses = [
            httpx.post(server.address + path.format(**words) + behind, content=body, trust_env=False)
            for path in UNKNOWN.values()
            for behind in ("", "/", "/progress", "/fail")
            for body in (b"{}", b"no json")
        ]
        logged = server.err.read_text()

    assert len({(response.status_code, response.content, *_headers_but_date(response)) for response in responses}) == 1
    assert problem(responses[0]) == (404, "callback-unknown")
    assert "Traceback" not in logged
    assert "A" * 43 not in logged and "B" * 43 not in logged


def _headers_but_date(response: httpx.Response) -> list[tuple[str, str]]:
    return [(name, value) for name, value in response.headers.multi_items() if name != "date"]


async def test_the_body_of_a_stranger_is_not_read(tmp_path: Path) -> None:
    read: list[bytes] = []

    async def recorded() -> AsyncIterator[bytes]:
        read.append(b"{}")
        yield b"{}"

    async with waiting(tmp_path) as wait:
        refused = await wait.site.http.post(f"{wait.url}x", content=recorded())

    assert problem(refused) == (404, "callback-unknown")
    assert not read


@asynccontextmanager
async def _held(wait: Wait, storage: str) -> AsyncIterator[None]:
    """Another transaction holds the engine's state and the process; on SQLite it is the only writer."""
    database = wait.site.engine.runtime.database
    if isinstance(database, PostgresDatabase):
        async with database.engine.begin() as conn:
            keys = (ENGINE, key_of(str(wait.process_id)))
            await conn.execute(select(*map(func.pg_advisory_xact_lock, keys)))
            yield
        return
    with closing(sqlite3.connect(str(make_url(storage).database), isolation_level=None)) as file:
        file.execute("BEGIN IMMEDIATE")
        yield
        file.execute("ROLLBACK")


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("behind", ["", "/progress", "/fail"])
async def test_a_guess_waits_for_nobody_who_changes_the_process_that_its_url_names(storage: str, behind: str) -> None:
    """So whoever knows the id of a process cannot delay the process by guesses."""
    async with waiting(storage, settings=EVERYBODY) as wait, _held(wait, storage):
        async with asyncio.timeout(20):
            path = f"{wait.url}x{behind}"
            guesses = [await wait.site.http.post(path, json={}, headers=_stranger()) for _ in range(3)]

    assert [problem(guess) for guess in guesses] == [(404, "callback-unknown")] * 3


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("behind", ["", "/progress", "/fail", "?dryRun=true", "/fail?dryRun=true", "?dryRun=maybe"])
async def test_a_right_url_has_the_same_answer_whether_the_body_came_with_the_head_or_later(
    storage: str, behind: str
) -> None:
    """The token of a body that came with the head, or soon after it, is checked by the transaction of the delivery."""

    async def later(body: bytes, seconds: float) -> AsyncIterator[bytes]:
        await asyncio.sleep(seconds)
        yield body

    seen = dict[float | None, list[Any]]()
    for seconds in (None, 0.001, 2 * SOON):
        seen[seconds] = []
        async with waiting(storage, settings=EVERYBODY, contract=_Message) as wait:
            for body, kind in product(
                (b"{}", *BODIES[1:], BODIES[0], b'{"message": "y"}'), ("application/json", "image/png")
            ):
                content = body if seconds is None else later(body, seconds)
                headers = _stranger(kind) | {"content-length": str(len(body))}
                response = await wait.site.http.post(wait.url + behind, content=content, headers=headers)
                content_of = {name: value for name, value in response.json().items() if name != "receipt"}
                seen[seconds].append((response.status_code, content_of))
            seen[seconds].append([(attempt.outcome, attempt.error, attempt.size) for attempt in await wait.attempts()])

    assert seen[None] == seen[0.001] == seen[2 * SOON]
    assert {status for status, _ in seen[None][:-1]} >= ({400} if "maybe" in behind else {200, 413, 415})


async def test_a_peer_that_guesses_too_often_gets_429(tmp_path: Path) -> None:
    async with waiting(tmp_path, settings={"misses_per_minute": 3}) as wait:
        responses = [await wait.site.http.post(f"{wait.url}{n}", json={}) for n in range(5)]

    assert [response.status_code for response in responses] == [404, 404, 404, 429, 429]
    assert problem(responses[-1]) == (429, "rate-limited")
    assert responses[-1].headers["retry-after"] == "60"


async def test_a_right_url_is_served_after_guesses_from_the_same_address(tmp_path: Path) -> None:
    async with waiting(tmp_path, settings={"misses_per_minute": 1}) as wait:
        guesses = [await wait.site.http.post(f"{wait.url}{n}", json={}) for n in range(3)]
        right = await wait.send(b'{"rc": 0}')

    assert guesses[-1].status_code == 429
    assert right.status_code == 200


@pytest.mark.one_dispatcher
async def test_only_the_first_guess_of_a_peer_may_cost_a_transaction(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, transaction, own = list[object](), PostgresDatabase.transaction, asyncio.current_task()

    async def noted(database: PostgresDatabase, unit: Any, **options: Any) -> Any:
        if asyncio.current_task() is own:  # the requests of this test, and not the engine
            begun.append(unit)
        return await transaction(database, unit, **options)

    async with waiting(storage) as wait:
        monkeypatch.setattr(PostgresDatabase, "transaction", noted)
        guess = route(wait.process_id, "A" * 43)
        counts = []
        for _ in range(3):
            assert (await wait.site.http.post(guess, json={})).status_code == 404
            counts.append(len(begun))
        assert (await wait.send(b"{}")).status_code == 200

    is_remote = storage.startswith("postgresql")
    assert counts == [int(is_remote)] * 3
    assert len(begun) > counts[-1] or not is_remote
