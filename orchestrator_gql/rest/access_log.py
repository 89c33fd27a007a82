"""The access log, with the route of each request and never its path: a path may hold a token."""

import logging
import time
from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("orchestrator_gql.access")


class AccessLog:
    """Log the client's address, method, route template, status and milliseconds of each request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on, and write a line after its response, unless nobody reads the line."""
        if scope["type"] != "http" or not logger.isEnabledFor(logging.INFO):
            return self._app(scope, receive, send)
        return self._logged(scope, receive, send)

    async def _logged(self, scope: Scope, receive: Receive, send: Send) -> None:
        started_at = time.monotonic()
        status = 0

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            took = round((time.monotonic() - started_at) * 1000, 1)
            route = getattr(scope.get("route"), "path", "(none)")
            client = (scope.get("client") or ("(none)",))[0]
            facts = {"client": client, "method": scope["method"], "route": route, "status": status, "ms": took}
            logger.info("request", extra=facts)
