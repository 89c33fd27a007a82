"""Below a path, everything answers for a proxy that removes the path and for a proxy that passes it on."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import Message
from waits import Wait, problem, waiting

from orchestrator_gql.rest.dashboard import Dashboard
from orchestrator_gql.rest.request_target import RequestTarget
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.request_errors import ServerBusy

GRAPHQL = {"query": "{ __typename }"}
PLACES = {"removed": "", "passed on": "/automation"}


def built_dashboard(folder: Path) -> Path:
    """The files of a dashboard, with a page as the build writes it."""
    (folder / "assets").mkdir(parents=True)
    (folder / "graphiql").mkdir()
    page = '<base href="/" /><link href="icon.svg"><script src="./assets/index.js"></script>'
    for name, text in (("index.html", page), ("icon.svg", "<svg/>"), ("assets/index.js", ""), ("graphiql/boot.js", "")):
        (folder / name).write_text(text)
    return folder


@asynccontextmanager
async def below(folder: Path, base: str = "https://orchestrator.example/automation") -> AsyncIterator[Wait]:
    settings = {"public_url": base, "dashboard": built_dashboard(folder / "dist"), "services": {"lso": {}}}
    async with waiting(folder, settings=settings) as wait:
        yield wait


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
async def test_every_route_answers_below_the_path(tmp_path: Path, place: str) -> None:
    paths = [
        "/",
        "/icon.svg",
        "/assets/index.js",
        "/openapi.json",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/inbox",
    ]
    async with below(tmp_path) as wait:
        http = wait.site.http
        pages = {path: (await http.get(place + path)).status_code for path in paths}
        graphql = await http.post(f"{place}/graphql", json=GRAPHQL)
        stream = await http.post(f"{place}/graphql", json=GRAPHQL, headers={"accept": "text/event-stream"})
        progress = await http.post(f"{place}{wait.url}/progress", json={"percent": 1})
        accepted = await http.post(f"{place}{wait.url}", json={"rc": 0}, headers={"host": "any.example"})
        receipt = await http.get(f"{place}/api/receipts/{accepted.json()['receipt']}")
        job = await http.post(f"{place}/api/callbacks/by-ref/lso/job-1", json={})
        unknown = await http.get(f"{place}/nothing")
        await wait.reaches(ProcessStatus.COMPLETED)

    assert set(pages.values()) == {200}, pages
    assert graphql.json() == {"data": {"__typename": "Query"}}
    assert "event: next" in stream.text
    assert (progress.status_code, accepted.status_code, receipt.status_code) == (200, 200, 200)
    assert problem(job) == (401, "unauthenticated")
    assert problem(unknown) == (404, "not-found")


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("end", ["", "/"])
async def test_the_dashboard_finds_its_files_and_the_api_below_the_path(tmp_path: Path, place: str, end: str) -> None:
    """A browser resolves them as here; the page also works without a final slash."""
    async with below(tmp_path) as wait:
        response = await wait.site.http.get(place + (end if place else "/"))
    page = response.text
    base = re.findall(r'<base href="([^"]*)"', page)[0]
    files = [urljoin(base, reference) for reference in re.findall(r'(?:link href|src)="([^"]+)"', page)]

    assert base == "/automation/"
    assert files == ["/automation/icon.svg", "/automation/assets/index.js"]
    assert "base-uri 'self'" in response.headers["content-security-policy"]


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
async def test_graphiql_finds_its_files_below_the_path(tmp_path: Path, place: str) -> None:
    async with below(tmp_path) as wait:
        response = await wait.site.http.get(f"{place}/graphql", headers={"accept": "text/html"})

    assert '<base href="/automation/">' in response.text or "not built" in response.text
    assert re.findall(r'(?:href|src)="/(?!automation/)', response.text) == []
    assert "base-uri 'self'" in response.headers["content-security-policy"]


async def test_without_a_built_dashboard_the_page_has_links_below_the_path(tmp_path: Path) -> None:
    (route,) = Dashboard(None, "/a%20&b").routes()
    pages: list[bytes] = []

    async def send(message: Message) -> None:
        pages.append(message.get("body", b""))

    await route.handle({"type": "http", "method": "GET", "path": "/", "headers": []}, None, send)  # type: ignore[arg-type]
    page = b"".join(pages).decode()

    assert '<base href="/a%20&amp;b/" />' in page
    assert [unescape(urljoin("/a%20&b/", link)) for link in re.findall(r'<a href="([^"]+)"', page)] == [
        "/a%20&b/graphql"
    ]


@pytest.mark.parametrize(
    ("base", "path", "expected"),
    [
        ("/automation", "/automation/graphql", "/graphql"),
        ("/automation", "/automation", "/"),
        ("/automation", "/automation/", "/"),
        ("/automation", "/graphql", "/graphql"),
        ("/automation", "/automations/graphql", "/automations/graphql"),
        ("/automation", "/Automation/graphql", "/Automation/graphql"),
        ("/automation", "/automation/automation/graphql", "/automation/graphql"),
        ("/automation", "/x/automation/graphql", "/x/automation/graphql"),
        ("/a/b", "/a/b/graphql", "/graphql"),
        ("/a/b", "/a/graphql", "/a/graphql"),
        ("/a%20b", "/a b/graphql", "/graphql"),
        ("/api", "/api/x", "/api/x"),
        ("/api", "/api/graphql", "/graphql"),
        ("/api", "/api/api/x", "/api/x"),
        ("/graphql", "/graphql", "/graphql"),
        ("/graphql", "/graphql/graphql", "/graphql"),
        ("/graphql", "/graphql/", "/"),
        ("", "/graphql", "/graphql"),
        ("", "//graphql", "//graphql"),
        ("/automation", "/automation/start/x", "/start/x"),
        ("/start", "/start/x", "/start/x"),
        ("/start", "/start/graphql", "/graphql"),
        ("/start", "/start/start/graphql", "/start/graphql"),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_the_path_of_the_public_url_is_taken_away_once(base: str, path: str, expected: str, kind: str) -> None:
    seen: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append((scope["path"], scope["raw_path"]))

    def endpoint() -> None:
        """Never called."""

    routes: list[BaseRoute] = [Route(place, endpoint) for place in ("/", "/graphql", "/api/x")]
    pages: list[BaseRoute] = [Route("/start/{workflow}", endpoint)]
    scope = {"type": kind, "path": path, "raw_path": path.replace(" ", "%20").encode(), "headers": [], "method": "GET"}
    await RequestTarget(app, base_path=base, routes=routes, pages=pages)(scope, None, None)  # type: ignore[arg-type]

    if kind == "http":  # these routes take no WebSocket, so that no path is left alone for them
        assert seen == [(expected, expected.encode())]
    else:
        assert unquote(seen[0][1].decode()) == seen[0][0]


async def test_links_and_documents_name_the_public_url(tmp_path: Path) -> None:
    async with below(tmp_path) as wait:
        document = (await wait.site.http.get("/openapi.json")).json()
        settings = wait.site.engine.runtime.settings

    assert document["servers"] == [{"url": "https://orchestrator.example/automation"}]
    assert urlsplit(settings.base_url).path == settings.base_path == "/automation"


async def test_a_refusal_below_the_path_has_the_form_of_its_route(tmp_path: Path) -> None:
    async with below(tmp_path) as wait:
        app: Starlette = wait.site.app
        headers = {"host": "evil.example"}
        of_graphql = await wait.site.http.post("/automation/graphql", json=GRAPHQL, headers=headers)
        of_rest = await wait.site.http.get("/automation/openapi.json", headers=headers)
        early = app.state.refuse({"type": "http", "path": "/automation/graphql", "headers": []}, ServerBusy())

    assert of_graphql.json()["errors"][0]["extensions"]["code"] == "HOST_UNKNOWN"
    assert problem(of_rest) == (421, "host-unknown")
    assert b"errors" in early.body
