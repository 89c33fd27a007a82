"""A transport that knows how much of what was written its client has not taken."""

import array
import asyncio
import contextlib
import fcntl
import termios
from collections.abc import Iterable
from typing import Any

from orchestrator_gql.utils.slow_readers import Backlog, SlowReaders


class MeteredTransport(asyncio.Transport):
    """The transport that it is made with, every write of which is noted in the server's `SlowReaders`."""

    def __init__(self, inner: asyncio.Transport, readers: SlowReaders) -> None:
        super().__init__()
        self._inner = inner
        self._readers = readers
        self._written = 0
        self.backlog = Backlog(inner.get_write_buffer_size, self._taken, inner.abort)

    def _taken(self) -> int:
        return self._written - self._inner.get_write_buffer_size() - _in_kernel(self._inner)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write, and note what the kernel did not take at once."""
        self._inner.write(data)
        self._written += len(data)
        if self._inner.get_write_buffer_size():
            self._readers.note(self.backlog)

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Write several."""
        self.write(b"".join(list_of_data))

    def write_eof(self) -> None:
        """Write no more."""
        self._inner.write_eof()

    def can_write_eof(self) -> bool:
        """Whether there is such an end."""
        return self._inner.can_write_eof()

    def abort(self) -> None:
        """Close now, and drop what was not sent."""
        self._inner.abort()

    def close(self) -> None:
        """Close once everything is sent; a client that takes nothing does not hold it open longer than others."""
        self._inner.close()

    def is_closing(self) -> bool:
        """Whether it is closed, or about to be."""
        return self._inner.is_closing()

    def get_write_buffer_size(self) -> int:
        """How many bytes wait for the kernel."""
        return self._inner.get_write_buffer_size()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Where writing is paused and resumed."""
        return self._inner.get_write_buffer_limits()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Say where."""
        self._inner.set_write_buffer_limits(high, low)

    def pause_reading(self) -> None:
        """Read no more for now."""
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        self._inner.resume_reading()

    def is_reading(self) -> bool:
        """Whether it reads."""
        return self._inner.is_reading()

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Who is told what comes."""
        return self._inner.get_protocol()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Tell somebody else."""
        self._inner.set_protocol(protocol)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the socket knows."""
        return self._inner.get_extra_info(name, default)


def _in_kernel(transport: asyncio.Transport) -> int:
    """How many bytes the kernel holds that the client's machine has not acknowledged; 0 where it does not tell.

    The kernel says only after a megabyte or so that it takes more, so that a client on a slow line would look as if it
    took nothing for a minute.
    """
    number = array.array("i", [0])
    with contextlib.suppress(OSError, ValueError, AttributeError):
        fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, number)
    return number[0]
