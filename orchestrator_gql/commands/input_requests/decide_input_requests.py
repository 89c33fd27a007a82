"""decideInputRequests: several decisions in one request, one after another."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.utils.errors import PayloadInvalid

MOST = 100
"""Decisions that one request makes."""

S = TypeVar("S")
R = TypeVar("R")
F = TypeVar("F")


async def decide_input_requests(
    principal: Principal,
    *,
    submit: Sequence[Callable[[], Awaitable[S]]],
    reject: Sequence[Callable[[], Awaitable[R]]],
    failed: Callable[[Exception], F],
    until: float,
) -> tuple[list[S | F], list[R | F]]:
    """Make the decisions in their order, each in its own transaction, until that instant of the monotonic clock.

    ``failed`` makes the result of a decision that raises or takes too long; it stops no other. Raises `Forbidden` and
    `PayloadInvalid`.
    """
    principal.demand(Permission.SUBMIT_FORM)
    if len(submit) + len(reject) > MOST:
        raise PayloadInvalid(f"At most {MOST} are decided at once, not {len(submit) + len(reject)}.")
    submitted = [await _result_of(decide, failed, until) for decide in submit]
    rejected = [await _result_of(decide, failed, until) for decide in reject]
    return submitted, rejected


async def _result_of(decide: Callable[[], Awaitable[R]], failed: Callable[[Exception], F], until: float) -> R | F:
    """The result of one decision of several: the results before it are returned, and those behind it are tried."""
    left = until - time.monotonic()
    try:
        async with asyncio.timeout(max(left / 2, 0)):  # half: however many take too long, there is time for the next
            return await decide()
    except Exception as error:
        return failed(error)
