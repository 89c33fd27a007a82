"""Pages of the allowed origins may call the endpoint, as browsers ask for it; all others may not."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from support.database import sqlite_url
from support.sign_in import api_token
from support.web import site_of

from orchestrator_gql.graphql import document_queue

OURS = "http://localhost:5173"
FOREIGN = ("https://evil.example", "http://localhost:51730", "http://localhost", "https://localhost:5173", "null")
BODY = {"query": "{ viewer { id } }"}
ASKED = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}


def allowed(response: httpx.Response) -> str | None:
    """The origin whose page may read the response."""
    origin: str | None = response.headers.get("access-control-allow-origin")
    return origin


async def test_a_page_of_an_allowed_origin_sends_requests_and_reads_the_answers(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), allowed_origins=[OURS]) as site:
        asked = await site.http.options("/graphql", headers={"origin": OURS, **ASKED})
        answered = await site.http.post("/graphql", json=BODY, headers={"origin": OURS})
        refused = await site.http.post("/graphql", content="x", headers={"origin": OURS, "content-type": "text/plain"})

    assert (asked.status_code, answered.status_code, refused.status_code) == (200, 200, 415)
    assert [allowed(response) for response in (asked, answered, refused)] == [OURS] * 3
    assert {"authorization", "content-type", "last-event-id"} <= {
        name.strip().lower() for name in asked.headers["access-control-allow-headers"].split(",")
    }
    assert "access-control-allow-credentials" not in asked.headers
    assert "Origin" in answered.headers["vary"]


REFUSED: dict[int, dict[str, Any]] = {
    401: {"headers": {"authorization": "Bearer wrong"}, "json": BODY},
    413: {"json": {"query": "{ __typename } #" + "x" * 2_000_000}},
    405: {"method": "PUT", "json": BODY},
    406: {"headers": {"accept": "text/css"}, "json": BODY},
    400: {"headers": {"content-type": "application/json"}, "content": "{"},
    421: {"headers": {"host": "evil.example"}, "json": BODY},
    503: {"json": {"query": "{ unknown: __typename }"}},
}


@pytest.mark.parametrize("status", REFUSED)
async def test_a_page_reads_why_its_request_is_refused(
    status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if status == 503:
        monkeypatch.setattr(document_queue, "MOST_WAITING", 0)
    request: dict[str, Any] = {"method": "POST", **REFUSED[status]}
    tokens = (api_token("ada"),) if status == 401 else ()
    async with site_of(sqlite_url(tmp_path), allowed_origins=[OURS], api_tokens=tokens) as site:
        request["headers"] = {"origin": OURS, **request.get("headers", {})}
        refused = await site.http.request(url="/graphql", **request)
        request["headers"]["origin"] = FOREIGN[0]
        foreign = await site.http.request(url="/graphql", **request)

    assert (refused.status_code, foreign.status_code) == (status, status)
    assert (allowed(refused), allowed(foreign)) == (OURS, None)
    assert "Origin" in refused.headers["vary"]
    assert "errors" in refused.json()


@pytest.mark.parametrize("origin", FOREIGN)
async def test_the_page_of_another_origin_reads_nothing(tmp_path: Path, origin: str) -> None:
    async with site_of(sqlite_url(tmp_path), allowed_origins=[OURS]) as site:
        asked = await site.http.options("/graphql", headers={"origin": origin, **ASKED})
        answered = await site.http.post("/graphql", json=BODY, headers={"origin": origin})

    assert asked.status_code == 400
    assert [allowed(response) for response in (asked, answered)] == [None, None]


async def test_without_the_setting_no_page_of_another_origin_reads_anything(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path)) as site:
        asked = await site.http.options("/graphql", headers={"origin": OURS, **ASKED})
        answered = await site.http.post("/graphql", json=BODY, headers={"origin": OURS})

    assert asked.status_code == 405
    assert [allowed(response) for response in (asked, answered)] == [None, None]


@pytest.mark.parametrize("path", ["/api/receipts/01934c1e-7a2b-7c3d-8e4f-5a6b7c8d9e0f", "/openapi.json", "/metrics"])
async def test_only_graphql_is_for_pages_of_other_origins(tmp_path: Path, path: str) -> None:
    async with site_of(sqlite_url(tmp_path), allowed_origins=[OURS]) as site:
        answered = await site.http.get(path, headers={"origin": OURS})

    assert allowed(answered) is None
