"""Waiting for something to become true, woken by the event log and by nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from orchestrator_gql.runtime import Runtime

T = TypeVar("T")

LOOK = 0.05
"""Seconds after which it looks again though nothing was told."""

Words = str | Callable[[], Awaitable[str]]
"""What was waited for; asked for only when it did not come, where it takes a look to say it."""


async def until(runtime: Runtime, condition: Callable[[], Awaitable[T | None]], *, told: Words, patience: float) -> T:
    """What the condition found, as soon as it finds something true.

    `AssertionError` after ``patience`` seconds of the real time says what was waited for.
    """
    try:
        async with asyncio.timeout(patience) as limit:
            while True:
                ticket = runtime.notifier.ticket()
                if found := await condition():
                    return found
                await runtime.notifier.wait(ticket, LOOK)
    except TimeoutError:
        if not limit.expired():  # the condition's own
            raise
    words = told if isinstance(told, str) else await told()
    raise AssertionError(f"waited {patience:g} seconds in vain for {words}")
