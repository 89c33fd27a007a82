"""decideInputRequests: several decisions in one request, one after another."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.utils.errors import PayloadInvalid

MOST = 100
"""Decisions that one request makes."""

S = TypeVar("S")
R = TypeVar("R")


async def decide_input_requests(
    principal: Principal,
    *,
    submit: Sequence[Callable[[], Awaitable[S]]],
    reject: Sequence[Callable[[], Awaitable[R]]],
) -> tuple[list[S], list[R]]:
    """Make the decisions in their order, each in its own transaction. Raises `Forbidden` and `PayloadInvalid`."""
    principal.demand(Permission.SUBMIT_FORM)
    if len(submit) + len(reject) > MOST:
        raise PayloadInvalid(f"At most {MOST} are decided at once, not {len(submit) + len(reject)}.")
    return [await decide() for decide in submit], [await decide() for decide in reject]
