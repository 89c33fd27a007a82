"""A remote service for tests: it gets URLs, and the test delivers to them early, twice, late or never."""

import asyncio
from dataclasses import dataclass, field

from orchestrator_gql import step
from orchestrator_gql.callbacks.rules import Receipt
from orchestrator_gql.commands.callback_deliveries import fail_callback, receive_callback, report_callback_progress
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.types import Json
from orchestrator_gql.workflow.model import ActionStep


def token_of(route: str) -> str:
    """The secret at the end of a route."""
    return route.rsplit("/", 1)[1]


@dataclass(slots=True)
class Remote:
    """A remote service, with the tokens of its jobs so far."""

    tokens: list[str] = field(default_factory=list)
    _asked: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)

    def action(self, name: str = "Call the remote service") -> ActionStep:
        """A step that passes its URL to this service and returns at once."""

        @step(name)
        async def call(callback_route: str) -> None:
            self.take(callback_route)

        return call

    def take(self, route: str) -> None:
        """Start a job with this callback route."""
        self.tokens.append(token_of(route))
        self._asked.put_nowait(self.tokens[-1])

    async def asked(self) -> str:
        """The token of the next job."""
        async with asyncio.timeout(60):
            return await self._asked.get()


async def answer(runtime: Runtime, token: str, payload: Json) -> Receipt:
    """Deliver a result."""
    return await receive_callback(runtime, token=token, payload=payload)


async def report(runtime: Runtime, token: str, message: str, percent: float | None = None) -> Receipt:
    """Report progress."""
    return await report_callback_progress(runtime, token=token, message=message, percent=percent)


async def fail(runtime: Runtime, token: str, message: str) -> Receipt:
    """Report that the job failed."""
    return await fail_callback(runtime, token=token, code="playbook-failed", message=message)
