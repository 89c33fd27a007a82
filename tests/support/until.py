"""Waits for a condition, with the time limit of our own tests."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.testing import waiting

T = TypeVar("T")

PATIENCE = 20.0
"""Seconds after which a test fails and says what it waited for; a passing test needs far less."""


async def until(runtime: Runtime, condition: Callable[[], Awaitable[T | None]], *, awaited: str) -> T:
    """See `orchestrator_gql.testing.waiting.until`."""
    return await waiting.until(runtime, condition, awaited=awaited, patience=PATIENCE)
