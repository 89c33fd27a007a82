"""Limits how often a peer may request callback URLs, job names and receipts that do not exist."""

import time
from collections import OrderedDict
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from orchestrator_gql.rest.problems import problem, problem_of
from orchestrator_gql.utils.errors import OrchestratorError

PEERS = 10_000
WINDOW = 60.0


@dataclass(slots=True)
class _Count:
    since: float
    misses: int


class GuessLimiter:
    """Counts the misses of each peer within a minute, for the latest 10,000 peers. Only misses are refused.

    A right URL is always served: many remote services may share the address of one proxy, and a service must not lose
    its result because another service behind the proxy guesses.
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def is_over(self, peer: str, now: float) -> bool:
        """True if the peer missed too often within a minute; ``now`` is in seconds of a monotonic clock."""
        count = self._counts.get(peer)
        return count is not None and now - count.since < WINDOW and count.misses >= self._per_minute

    def add(self, peer: str, now: float) -> None:
        """Count one more miss."""
        count = self._counts.get(peer)
        if count is None or now - count.since >= WINDOW:
            count = self._counts[peer] = _Count(now, 0)
        count.misses += 1
        self._counts.move_to_end(peer)
        if len(self._counts) > PEERS:
            self._counts.popitem(last=False)


def refuse_guess(request: Request, limiter: GuessLimiter, unknown: OrchestratorError) -> Response:
    """The response to a guess: the problem of ``unknown``, or 429 for a peer that guesses too often."""
    peer, now = peer_of(request), time.monotonic()
    if limiter.is_over(peer, now):
        headers = {"Retry-After": "60"}
        return problem(429, "Too many requests", "rate-limited", "Too many wrong addresses.", headers=headers)
    limiter.add(peer, now)
    return problem_of(unknown)


def peer_of(request: Request) -> str:
    """The address that the request came from."""
    return request.client.host if request.client else ""
