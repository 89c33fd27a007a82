"""Limits how often an address may send a wrong credential, callback URL, job name or receipt."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Network

from orchestrator_gql.utils.errors import OrchestratorError
from orchestrator_gql.utils.request_errors import RateLimited

logger = logging.getLogger(__name__)

ADDRESSES = 10_000
WINDOW = 60.0
NETWORK_BITS = 64


@dataclass(slots=True)
class _Count:
    since: float
    misses: int


class GuessLimiter:
    """Counts the misses of each address within a minute, for the latest 10,000 addresses. Only misses are refused.

    The addresses of an IPv6 network of 64 bits count as one: a single client has them all.

    A right credential or URL is always accepted: many clients may share the address of one proxy, and a client must not
    be locked out because another client behind the proxy guesses.
    """

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    def refusal(self, address: str | None, error: OrchestratorError) -> OrchestratorError:
        """Count a miss and return the error for the caller: ``error``, or `RateLimited` after too many misses.

        Each counted miss is logged, and the first miss over the limit: a guesser must not fill the log.
        """
        count = self._count_of(_network_of(address or ""))
        facts = {"address": address or "unknown", "code": error.code}
        if count.misses >= self._per_minute:
            if count.misses == self._per_minute:
                count.misses += 1
                logger.warning("too many wrong credentials or URLs: further ones are not logged", extra=facts)
            return RateLimited()
        count.misses += 1
        logger.warning("a wrong credential or URL was refused", extra=facts)
        return error

    def has_missed(self, address: str) -> bool:
        """True if a miss of the address was counted less than a minute ago."""
        count = self._counts.get(_network_of(address))
        return count is not None and self._clock() - count.since < WINDOW

    def _count_of(self, address: str) -> _Count:
        now = self._clock()
        count = self._counts.get(address)
        if count is None or now - count.since >= WINDOW:
            count = self._counts[address] = _Count(now, 0)
        self._counts.move_to_end(address)
        if len(self._counts) > ADDRESSES:
            self._counts.popitem(last=False)
        return count


@lru_cache(maxsize=1024)
def _network_of(address: str) -> str:
    if ":" not in address:
        return address
    try:
        return str(IPv6Network((address.partition("%")[0], NETWORK_BITS), strict=False))
    except ValueError:
        return address


class GuessLimiters:
    """The limiters of a server, one for each kind of guess. REST and GraphQL share them.

    ``callbacks`` counts wrong callback URLs, tokens and job names, and wrong credentials of remote services.
    """

    def __init__(self, per_minute: int) -> None:
        self.sign_ins = GuessLimiter(per_minute)
        self.callbacks = GuessLimiter(per_minute)
        self.receipts = GuessLimiter(per_minute)
