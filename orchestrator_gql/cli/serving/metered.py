"""A transport that knows how many of the written bytes its client has not taken."""

import array
import asyncio
import contextlib
import fcntl
import termios
from collections.abc import Iterable
from typing import Any

from orchestrator_gql.utils.slow_readers import Backlog, SlowReaders


class MeteredTransport(asyncio.Transport):
    """Wraps a transport and reports its unread bytes to the server's `SlowReaders`."""

    def __init__(self, inner: asyncio.Transport, readers: SlowReaders) -> None:
        super().__init__()
        self._inner = inner
        self._readers = readers
        self._written = 0
        self._held: list[bytes] | None = None
        self.backlog = Backlog(inner.get_write_buffer_size, self._taken, inner.abort)

    def _taken(self) -> int:
        return self._written - self._inner.get_write_buffer_size() - _in_kernel(self._inner)

    def holding(self, size: int) -> contextlib.AbstractContextManager[None]:
        """Count so many bytes of a message while it waits until the client reads."""
        return self._readers.holding(self.backlog, size)

    def hold(self) -> None:
        """Keep what is written until `release`: the headers of a response then go with its body, in one packet."""
        if self._held is None:
            self._held = []

    def release(self) -> None:
        """Write what was kept."""
        held, self._held = self._held, None
        if held:
            self.write(b"".join(held))

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write, and report the connection if the kernel did not take all bytes at once."""
        if self._held is not None:
            self._held.append(bytes(data))
            return
        self._inner.write(data)
        self._written += len(data)
        if self._inner.get_write_buffer_size():
            self._readers.note(self.backlog)

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Write several blocks of data."""
        self.write(b"".join(list_of_data))

    def write_eof(self) -> None:
        """Close the writing side."""
        self.release()
        self._inner.write_eof()

    def can_write_eof(self) -> bool:
        """Whether the writing side can be closed alone."""
        return self._inner.can_write_eof()

    def abort(self) -> None:
        """Close now, and drop unsent data."""
        self._inner.abort()

    def close(self) -> None:
        """Close after all data is sent; `SlowReaders` still disconnects a client that reads nothing."""
        self.release()
        self._inner.close()

    def is_closing(self) -> bool:
        """Whether the transport is closed or closing."""
        return self._inner.is_closing()

    def get_write_buffer_size(self) -> int:
        """The number of bytes that wait for the kernel."""
        return self._inner.get_write_buffer_size()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """The numbers of waiting bytes at which writing resumes (low) and pauses (high)."""
        return self._inner.get_write_buffer_limits()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set the numbers of waiting bytes at which writing pauses and resumes."""
        self._inner.set_write_buffer_limits(high, low)

    def pause_reading(self) -> None:
        """Stop reading for now."""
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        """Go on reading."""
        self._inner.resume_reading()

    def is_reading(self) -> bool:
        """Whether the transport reads."""
        return self._inner.is_reading()

    def get_protocol(self) -> asyncio.BaseProtocol:
        """The protocol that receives the data."""
        return self._inner.get_protocol()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Set the protocol that receives the data."""
        self._inner.set_protocol(protocol)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """A fact about the socket, such as ``peername``."""
        return self._inner.get_extra_info(name, default)


def _in_kernel(transport: asyncio.Transport) -> int:
    """The number of bytes in the kernel that the client's machine has not acknowledged; 0 if the kernel gives none.

    Without this number a client on a slow line would seem to take nothing for a minute: the kernel accepts more data
    only after a megabyte or so was acknowledged.
    """
    number = array.array("i", [0])
    with contextlib.suppress(OSError, ValueError, AttributeError):
        fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, number)
    return number[0]
