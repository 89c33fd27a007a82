"""Serves the built dashboard, with a policy that allows no content from other origins.

The dashboard draws the page of the address itself, so each of its addresses answers with the same document.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import blake2b
from html import escape
from pathlib import Path
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.status import HTTP_404_NOT_FOUND

from orchestrator_gql.rest.built_files import BuiltFiles

OnError: TypeAlias = Callable[[Request, Exception], Awaitable[Response]]

POLICY = "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

FOREVER = {**HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
"""For files whose names change with their contents."""

CHECKED = {**HEADERS, "Cache-Control": "no-cache"}
"""For files that a new version replaces under the same name: the browser asks whether its copy is still right."""

PAGES = (
    "/inbox",
    "/processes",
    "/processes/{id}",
    "/start",
    "/start/{workflow}",
    "/subscriptions",
    "/subscriptions/{id}",
    "/audit",
    "/notifications",
    "/services",
)
"""The addresses of the dashboard's pages besides ``/``; `frontend-example/src/app/addresses.ts` has the same."""

BASE = '<base href="/" />'
"""The element of the built page to which its links and files are relative; its URL is the path of the public URL."""

EXPLORER = '<meta name="api-explorer" content="graphql" />'
"""Tells the dashboard where GraphiQL is, if the server offers it."""

NOT_BUILT = f"""<!doctype html><html lang="en"><meta charset="utf-8">{BASE}<title>orchestrator-gql</title>
<h1>orchestrator-gql is running</h1>
<p>The dashboard is not built. In a checkout: <code>make dashboard</code> (it needs Node 20).</p>
<p>The API is at <a href="graphql">/graphql</a>.</p></html>"""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The dashboard in ``folder``, below ``base_path``, the path of the public URL; no folder if it is not built.

    With ``has_explorer`` it shows where GraphiQL is.
    """

    folder: Path | None
    base_path: str = ""
    has_explorer: bool = False

    def routes(self) -> list[BaseRoute]:
        """The first page and the files; if the dashboard is not built, a page that says how to build it.

        With and without a final slash the page finds its files below the path of the public URL.
        """
        first = Route("/", self._document)
        folder = self.folder
        if folder is None:
            return [first]

        async def icon(_: Request) -> Response:
            return FileResponse(folder / "icon.svg", headers=CHECKED)

        return [
            first,
            Route("/icon.svg", icon),
            Mount("/assets", BuiltFiles(directory=str(folder / "assets"), headers=FOREVER)),
            Mount("/graphiql", BuiltFiles(directory=str(folder / "graphiql"), headers=CHECKED)),
        ]

    def pages(self) -> list[BaseRoute]:
        """The routes of the other pages, all with the document of the first page."""
        return [Route(page + slash, self._document) for page in PAGES for slash in ("", "/")]

    def telling_browsers(self, on_error: OnError) -> OnError:
        """The handler of HTTP errors that shows a browser the dashboard at an unknown path, with status 404.

        The dashboard says that it has no such page. Any other client, and any other error, gets what ``on_error``
        answers.
        """
        folder = self.folder
        if folder is None:
            return on_error

        async def handle(request: Request, error: Exception) -> Response:
            is_page = request.scope["type"] == "http" and request.method in ("GET", "HEAD")
            is_unknown = getattr(error, "status_code", None) == HTTP_404_NOT_FOUND
            if is_page and is_unknown and "text/html" in request.headers.get("accept", ""):
                return HTMLResponse(self._content(folder), HTTP_404_NOT_FOUND, {**CHECKED, "Vary": "Accept"})
            return await on_error(request, error)

        return handle

    def _document(self, request: Request) -> Response:
        if self.folder is None:
            return HTMLResponse(NOT_BUILT.replace(BASE, self._base), headers=HEADERS)
        content = self._content(self.folder)
        etag = f'"{blake2b(content.encode(), digest_size=12).hexdigest()}"'
        headers = {**CHECKED, "ETag": etag}
        known = request.headers.get("if-none-match", "").split(",")
        if etag in (tag.strip().removeprefix("W/") for tag in known):
            return Response(status_code=304, headers=headers)
        return HTMLResponse(content, headers=headers)

    def _content(self, folder: Path) -> str:
        """The document, read at each request: a build may have replaced the file."""
        additions = self._base + (EXPLORER if self.has_explorer else "")
        return (folder / "index.html").read_text("utf-8").replace(BASE, additions, 1)

    @property
    def _base(self) -> str:
        return f'<base href="{escape(self.base_path)}/" />'
