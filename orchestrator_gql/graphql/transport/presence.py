"""Ends a query whose client has left: nobody would read its response, and a verification of the audit log is long."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Receive

T = TypeVar("T")

PATIENCE = 0.2
"""Seconds that a query runs before its client is watched; most queries are answered by then."""


async def while_client_stays(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """The result of the work. Raises `ClientDisconnect`, and cancels the work, if the client leaves before.

    The body of the request must have been read: the next message is the end of the connection.
    """
    task = asyncio.current_task()
    assert task is not None
    watching: list[asyncio.Task[None]] = []
    has_left = False

    async def watch() -> None:
        nonlocal has_left
        while (await receive())["type"] != "http.disconnect":
            pass
        has_left = True
        task.cancel()

    loop = asyncio.get_running_loop()
    timer = loop.call_later(PATIENCE, lambda: watching.append(loop.create_task(watch())))
    try:
        return await work
    except asyncio.CancelledError:
        if has_left and task.uncancel() == 0:  # otherwise the server cancels us, too
            raise ClientDisconnect from None
        raise
    finally:
        timer.cancel()
        for watcher in watching:
            watcher.cancel()
