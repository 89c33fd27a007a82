"""Serves the built dashboard at ``/``, with a policy that allows no content from other origins."""

from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from orchestrator_gql.config.settings import Settings

POLICY = "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

BASE = '<base href="/" />'
"""The element of the built page to which its links and files are relative; its URL is the path of the public URL."""

NOT_BUILT = f"""<!doctype html><html lang="en"><meta charset="utf-8">{BASE}<title>orchestrator-gql</title>
<h1>orchestrator-gql is running</h1>
<p>The dashboard is not built. In a checkout: <code>make dashboard</code> (it needs Node 20).</p>
<p>The API is at <a href="graphql">/graphql</a>.</p></html>"""


class _Hashed(StaticFiles):
    """Files whose names change with their contents, so a browser may cache them forever."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_cached(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])  # type: ignore[call-overload]
                headers.append((b"cache-control", b"public, max-age=31536000, immutable"))
                message["headers"] = [
                    *headers,
                    *((name.lower().encode(), value.encode()) for name, value in HEADERS.items()),
                ]
            await send(message)

        await super().__call__(scope, receive, send_cached)  # type: ignore[arg-type]


def dashboard_routes(folder: Path | None, base_path: str = "") -> list[BaseRoute]:
    """The page and files of the dashboard; if it is not built, a page that says how to build it.

    ``base_path`` is the path of the public URL: with and without a final slash the page finds its files below it.
    """
    base = f'<base href="{escape(base_path)}/" />'
    if folder is None:

        async def missing(_: Request) -> Response:
            return HTMLResponse(NOT_BUILT.replace(BASE, base), headers=HEADERS)

        return [Route("/", missing)]

    def index(_: Request) -> Response:
        page = (folder / "index.html").read_text("utf-8")
        return HTMLResponse(page.replace(BASE, base, 1), headers={**HEADERS, "Cache-Control": "no-cache"})

    async def icon(_: Request) -> Response:
        return FileResponse(folder / "icon.svg", headers=HEADERS)

    return [
        Route("/", index),
        Route("/icon.svg", icon),
        Mount("/assets", _Hashed(directory=folder / "assets")),
        Mount("/graphiql", StaticFiles(directory=folder / "graphiql")),
    ]


def dashboard_folder(settings: Settings) -> Path | None:
    """The folder of the built files: from the settings, the package or the checkout; None if not built."""
    package = Path(__file__).parent.parent
    folders = (settings.dashboard, package / "dashboard_files", package.parent / "frontend-example" / "dist")
    return next((folder for folder in folders if folder is not None and (folder / "index.html").is_file()), None)
