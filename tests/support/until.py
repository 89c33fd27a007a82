"""Waits for a condition, with the time limit of our own tests."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.testing import waiting

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds after which a test fails and says what it waited for: a limit, for a slow machine is no failure."""


async def until(runtime: Runtime, condition: Callable[[], Awaitable[T | None]], *, awaited: str) -> T:
    """See `orchestrator_gql.testing.waiting.until`."""
    return await waiting.until(runtime, condition, awaited=awaited, patience=PATIENCE)


async def becomes(condition: Callable[[], object], *, every: float = 0.005) -> None:
    """Wait until the condition is true, if nothing reports it: it is looked at again after so many seconds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(every)
