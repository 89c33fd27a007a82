"""decideInputRequests: many decisions in one request, each in its own transaction."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.utils.errors import PayloadInvalid

MOST = 100
"""The most decisions in one request."""

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
    """Make the decisions in order, each in its own transaction, until ``until`` (seconds of the monotonic clock).

    ``failed`` makes the result of a decision that raises or takes too long; such a decision does not stop the others.
    Raises `Forbidden`, and `PayloadInvalid` for more than 100 decisions.
    """
    principal.demand(Permission.SUBMIT_FORM)
    if len(submit) + len(reject) > MOST:
        raise PayloadInvalid(f"At most {MOST} are decided at once, not {len(submit) + len(reject)}.")
    submitted = [await _result_of(decide, failed, until) for decide in submit]
    rejected = [await _result_of(decide, failed, until) for decide in reject]
    return submitted, rejected


async def _result_of(decide: Callable[[], Awaitable[R]], failed: Callable[[Exception], F], until: float) -> R | F:
    """The result of one of several decisions: an error does not lose the results before it, nor stop those after it."""
    left = until - time.monotonic()
    try:
        async with asyncio.timeout(max(left / 2, 0)):  # even if many take too long, the next decision has some time
            return await decide()
    except Exception as error:
        return failed(error)
