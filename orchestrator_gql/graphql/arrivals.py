"""Let sockets and streams begin a few at a time, so that hundreds that come at once do not hold up other requests.

After a restart, or a fault of the network, all subscribers come back in the same moment. The beginning of each takes a
millisecond of the event loop, in several parts, and the loop does the same part of all of them before it goes on with
the next part of anything else. So a request that needs the loop five times would wait for all of them five times.
"""

import asyncio
from collections import deque

AT_ONCE = 2
"""Sockets and streams that begin in one turn of the event loop."""


class Arrivals:
    """The sockets and streams of one server that wait for their beginning, in order."""

    def __init__(self) -> None:
        self._begun = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def turn(self) -> None:
        """Wait until it is the caller's turn to begin: at once, unless many came in this turn of the loop."""
        loop = asyncio.get_running_loop()
        if not self._begun:
            loop.call_soon(self._begin_next)
        if self._begun < AT_ONCE:
            self._begun += 1
            return
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _begin_next(self) -> None:
        self._begun = 0
        while self._waiting and self._begun < AT_ONCE:
            turn = self._waiting.popleft()
            if not turn.done():  # else its caller has left
                turn.set_result(None)
                self._begun += 1
        if self._begun:
            asyncio.get_running_loop().call_soon(self._begin_next)
