"""How often a peer tries callback addresses that do not exist: too often, and its guesses get no answer for a while."""

from collections import OrderedDict
from dataclasses import dataclass

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
