"""Waiting for something to become true, woken by the event log and by nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from orchestrator_gql.runtime import Runtime

T = TypeVar("T")

PATIENCE = 20.0
"""Seconds after which a test says what it waited for; a passing test never comes near it."""

LOOK = 0.2
"""Seconds after which it looks again though nothing was told."""


async def until(runtime: Runtime, condition: Callable[[], Awaitable[T | None]], *, told: str) -> T:
    """What the condition found, as soon as it finds something true; ``told`` says what was waited for."""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                ticket = runtime.notifier.ticket()
                if found := await condition():
                    return found
                await runtime.notifier.wait(ticket, LOOK)
    except TimeoutError:
        raise AssertionError(f"waited {PATIENCE:g} seconds in vain for {told}") from None
