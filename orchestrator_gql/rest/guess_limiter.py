"""How often a peer tries callback addresses that do not exist: too often, and its guesses get no answer for a while."""

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


class Misses:
    """A count a peer and minute, of the latest 10,000 peers. Only misses count, and only misses are refused.

    A right address is always served: many remote services may share one proxy's address, and a service that tries once
    must not lose its result to a neighbour who guesses.
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def is_over(self, peer: str, now: float) -> bool:
        """True where the peer missed too often within the minute; ``now`` in seconds of a monotonic clock."""
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


def missed(request: Request, misses: Misses, unknown: OrchestratorError) -> Response:
    """The answer to a guess: that there is nothing, and to a peer that guesses often, only that it does."""
    peer, now = peer_of(request), time.monotonic()
    if misses.is_over(peer, now):
        headers = {"Retry-After": "60"}
        return problem(429, "Too many requests", "rate-limited", "Too many wrong addresses.", headers=headers)
    misses.add(peer, now)
    return problem_of(unknown)


def peer_of(request: Request) -> str:
    """The address that the request came from."""
    return request.client.host if request.client else ""
