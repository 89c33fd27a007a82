"""The messages of a socket that wait for the application."""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class MessageQueue(Generic[T]):
    """A queue with one reader. An `asyncio.Queue` takes 3 kB while it is empty, a tenth of what a subscriber costs.

    uvicorn stops to read from the connection while a message waits, so few wait at once.
    """

    __slots__ = ("_messages", "_wake")

    def __init__(self) -> None:
        self._messages: list[T] = []
        self._wake: asyncio.Future[None] | None = None

    def empty(self) -> bool:
        """True if no message waits."""
        return not self._messages

    def put_nowait(self, message: T) -> None:
        """Add a message at the end."""
        self._messages.append(message)
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def get(self) -> T:
        """Take the first message, or wait for it. Only one task at a time may wait."""
        while not self._messages:
            assert self._wake is None, "another task waits"
            self._wake = asyncio.get_running_loop().create_future()
            try:
                await self._wake
            finally:
                self._wake = None
        return self._messages.pop(0)
