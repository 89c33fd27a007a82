"""Ends a query whose client has left: nobody would read its response, and a verification of the audit log is long."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from orchestrator_gql.utils.shared_timers import Limit

T = TypeVar("T")

PATIENCE = 0.2
"""Seconds that a query runs before its client is watched; most queries are answered by then."""


class _Watch(Limit):
    """Watches the client of a task after a time, and cancels the task if the client leaves."""

    __slots__ = ("_receive", "_task", "_watching", "has_left")

    def __init__(self, receive: Receive, task: "asyncio.Task[Any]") -> None:
        self._receive = receive
        self._task = task
        self._watching: asyncio.Task[None] | None = None
        self.has_left = False

    def due(self) -> None:
        """Begin to watch."""
        self._watching = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.has_left = True
        self._task.cancel()

    def end(self) -> None:
        """Watch no longer."""
        self.stop()
        if self._watching is not None:
            self._watching.cancel()


async def while_client_stays(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """The result of the work. Raises `ClientDisconnect`, and cancels the work, if the client leaves before.

    The body of the request must have been read: the next message is the end of the connection.
    """
    task = asyncio.current_task()
    assert task is not None
    watch = _Watch(receive, task)
    watch.begin(PATIENCE)
    try:
        return await work
    except asyncio.CancelledError:
        if watch.has_left and task.uncancel() == 0:  # otherwise the server cancels us, too
            raise ClientDisconnect from None
        raise
    finally:
        watch.end()
