"""Wait until a condition becomes true; new events in the event log wake the wait."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from orchestrator_gql.runtime import Runtime

T = TypeVar("T")

LOOK = 0.05
"""Seconds after which the condition is checked again even without a new event."""

Description = str | Callable[[], Awaitable[str]]
"""A text that describes the awaited condition, or a function that is called for the text only after a timeout."""


async def until(
    runtime: Runtime, condition: Callable[[], Awaitable[T | None]], *, awaited: Description, patience: float
) -> T:
    """Wait until ``condition`` returns a true value, and return that value.

    Raises `AssertionError` with the description ``awaited`` after ``patience`` seconds of real time.
    """
    try:
        async with asyncio.timeout(patience) as limit:
            while True:
                ticket = runtime.notifier.ticket()
                if found := await condition():
                    return found
                await runtime.notifier.wait(ticket, LOOK)
    except TimeoutError:
        if not limit.expired():  # a timeout inside the condition
            raise
    text = awaited if isinstance(awaited, str) else await awaited()
    raise AssertionError(f"waited {patience:g} seconds in vain for {text}")
