"""The dashboard over HTTP: which paths are pages, which copy of a file is sent, and what is cached."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from support.database import sqlite_url
from support.web import site_of
from waits import problem

from orchestrator_gql import begin
from orchestrator_gql.rest.dashboard import PAGES, Dashboard
from orchestrator_gql.workflow import workflow

SCRIPT = "console.log('a script that is long enough');\n" * 50
DOCUMENT = '<!doctype html><head><base href="/" /><script src="./assets/index-1.js"></script></head>'
COPIES = {".br": b"the copy in brotli", ".gz": gzip.compress(SCRIPT.encode())}


@workflow("Nothing")
def nothing() -> Any:
    """A workflow without steps."""
    return begin


def built(folder: Path) -> Path:
    """A folder as the build writes it: compressed copies beside the long files."""
    for name in ("assets", "graphiql"):
        (folder / name).mkdir(parents=True)
        (folder / name / "short.js").write_text("1")
        (folder / name / "index-1.js").write_text(SCRIPT)
        for ending, content in COPIES.items():
            (folder / name / f"index-1.js{ending}").write_bytes(content)
    (folder / "index.html").write_text(DOCUMENT)
    (folder / "icon.svg").write_text("<svg/>")
    return folder


@asynccontextmanager
async def dashboard(folder: Path, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with site_of(sqlite_url(folder), nothing, dashboard=built(folder / "dist"), **settings) as site:
        yield site.http


async def test_every_page_answers_with_the_document_of_the_first(tmp_path: Path) -> None:
    paths = [
        page.format(id="0190-a", workflow="rename%20node") + slash for page in PAGES for slash in ("", "/", "?a=b")
    ]
    async with dashboard(tmp_path) as http:
        first = await http.get("/")
        pages = [await http.get(path) for path in paths]
        heads = [await http.head(path) for path in paths]

    assert '<base href="/" />' in first.text
    assert {(page.status_code, page.text) for page in pages} == {(200, first.text)}
    assert {(head.status_code, head.content) for head in heads} == {(200, b"")}
    for response in (*pages, *heads):
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert response.headers["content-security-policy"].startswith("default-src 'self';")
        assert response.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/nothing", "/processes/a/b", "/inbox/a", "/index.html", "/processes//", "/assets/x.js"]
)
async def test_other_paths_are_unknown_as_ever(tmp_path: Path, path: str) -> None:
    async with dashboard(tmp_path) as http:
        response = await http.get(path)
        head = await http.head(path)

    assert problem(response) == (404, "not-found")
    assert head.status_code == 404


BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize("base", ["", "/automation"])
@pytest.mark.parametrize("path", ["/nothing", "/tasks/x", "/processes/a/b", "/api/nothing", "/assets/unknown.html"])
async def test_a_browser_gets_the_dashboard_at_an_unknown_path_which_says_so(
    tmp_path: Path, base: str, path: str
) -> None:
    async with dashboard(tmp_path, public_url=f"https://orchestrator.example{base}") as http:
        page = await http.get(base + path, headers=BROWSER)
        again = await http.get(base + path, headers=BROWSER | {"if-none-match": "*"})
        head = await http.head(base + path, headers=BROWSER)
        others = [await http.get(base + path, headers={"accept": accept}) for accept in ("*/*", "application/json", "")]
        sent = await http.post(base + path, headers=BROWSER, json={})
        wrong = await http.post(f"{base}/inbox", headers=BROWSER, json={})

    assert (page.status_code, again.status_code, head.status_code) == (404, 404, 404)
    assert (page.headers["content-type"], head.content) == ("text/html; charset=utf-8", b"")
    assert f'<base href="{base}/" />' in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'self';")
    assert (page.headers["vary"], page.headers["cache-control"]) == ("Accept", "no-cache")
    assert [problem(other) for other in others] == [(404, "not-found")] * 3
    assert problem(sent) == (
        405 if "/assets/" in path else 404,
        "method-not-allowed" if "/assets/" in path else "not-found",
    )
    assert problem(wrong) == (405, "method-not-allowed")


async def test_without_a_built_dashboard_an_unknown_path_is_a_problem_document_for_a_browser_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator_gql.app.dashboard_folder", lambda _: None)
    async with site_of(sqlite_url(tmp_path), nothing) as site:
        response = await site.http.get("/nothing", headers=BROWSER)

    assert problem(response) == (404, "not-found")


async def test_graphiql_is_found_in_the_folder_of_the_dashboard(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as http:
        before = await http.get("/graphql", headers=BROWSER)
        (tmp_path / "dist" / "graphiql" / "boot.js").touch()
        page = await http.get("/graphql", headers=BROWSER)
        file = await http.get("/graphiql/boot.js")

    assert "not built" in before.text
    assert "graphiql/boot.js" in page.text
    assert file.status_code == 200


async def test_no_page_hides_the_api(tmp_path: Path) -> None:
    query = {"query": "{ __typename }"}
    async with dashboard(tmp_path, public_url="https://orchestrator.example/start") as http:
        answers = [await http.post(path, json=query) for path in ("/graphql", "/start/graphql", "/start/start/graphql")]
        page, of_workflow = await http.get("/start/inbox"), await http.get("/start/start/greeting")
        document = await http.get("/start/openapi.json")
        callback = await http.post("/start/api/processes/x/callback/y", json={})
        sent = await http.post("/inbox", json={})

    assert [answer.status_code for answer in answers] == [200, 200, 405]
    assert {page.status_code, of_workflow.status_code, document.status_code} == {200}
    assert '<base href="/start/" />' in page.text == of_workflow.text
    assert document.json()["openapi"]
    assert problem(callback) == (404, "callback-unknown")
    assert problem(sent) == (405, "method-not-allowed")


async def test_a_host_application_keeps_its_own_pages(tmp_path: Path) -> None:
    def own(_: Any) -> Any:
        raise AssertionError

    dashboard = Dashboard(built(tmp_path / "dist"), "/orchestrator")
    ours: list[BaseRoute] = [*dashboard.routes(), *dashboard.pages()]
    host = Starlette(routes=[Route("/inbox", own, methods=["POST"]), Mount("/orchestrator", routes=ours)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(host), base_url="http://testserver") as http:
        answers = [(await http.get(path)).status_code for path in ("/inbox", "/orchestrator/inbox", "/processes/1")]

    assert answers == [405, 200, 404]


async def test_a_browser_that_has_the_document_gets_no_second_copy(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as http:
        etag = (await http.get("/inbox")).headers["etag"]
        again = await http.get("/processes", headers={"if-none-match": f'"other", W/{etag}'})
        (tmp_path / "dist" / "index.html").write_text(DOCUMENT + "<!-- a new version -->")
        changed = await http.get("/processes", headers={"if-none-match": etag})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert changed.status_code == 200
    assert "a new version" in changed.text


@pytest.mark.parametrize("is_offered", [True, False])
async def test_the_document_says_where_the_explorer_is_if_there_is_one(tmp_path: Path, is_offered: bool) -> None:
    async with dashboard(tmp_path, is_development=is_offered) as http:
        pages = [(await http.get(path)).text for path in ("/", "/inbox")]

    assert [('<meta name="api-explorer" content="graphql" />' in page) for page in pages] == [is_offered] * 2


@pytest.mark.parametrize("folder", ["assets", "graphiql"])
@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip;q=0.2", "gzip"),
        ("GZIP", "gzip"),
        ("identity", None),
        ("", None),
        ("br;q=0.000, gzip;q=0", None),
        ("bro, gz", None),
    ],
)
async def test_the_smallest_copy_is_sent_that_the_client_accepts(
    tmp_path: Path, folder: str, accepts: str, encoding: str | None
) -> None:
    async with dashboard(tmp_path) as http:
        request = http.build_request("GET", f"/{folder}/index-1.js", headers={"accept-encoding": accepts})
        response = await http.send(request, stream=True)
        body = b"".join([chunk async for chunk in response.aiter_raw()])
        etag = response.headers["etag"]
        headers = {"accept-encoding": accepts, "if-none-match": etag}
        again = await http.get(f"/{folder}/index-1.js", headers=headers)
        other = await http.get(f"/{folder}/index-1.js", headers={**headers, "if-none-match": '"other"'})

    assert response.headers.get("content-encoding") == encoding
    assert body == {"br": COPIES[".br"], "gzip": COPIES[".gz"], None: SCRIPT.encode()}[encoding]
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"
    assert response.headers["content-length"] == str(len(body))
    assert response.headers["vary"] == again.headers["vary"] == "Accept-Encoding"
    assert (again.status_code, other.status_code) == (304, 200)
    assert "content-encoding" not in again.headers


async def test_a_short_file_has_no_copy_and_says_that_it_may_get_one(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as http:
        response = await http.get("/assets/short.js", headers={"accept-encoding": "br, gzip"})

    assert response.text == "1"
    assert "content-encoding" not in response.headers
    assert response.headers["vary"] == "Accept-Encoding"


async def test_only_files_whose_names_change_are_cached_for_ever(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as http:
        paths = ("/assets/index-1.js", "/graphiql/index-1.js", "/icon.svg", "/", "/assets/unknown.js")
        cached = {path: (await http.get(path)).headers.get("cache-control") for path in paths}

    assert cached == {
        "/assets/index-1.js": "public, max-age=31536000, immutable",
        "/graphiql/index-1.js": "no-cache",
        "/icon.svg": "no-cache",
        "/": "no-cache",
        "/assets/unknown.js": None,
    }
