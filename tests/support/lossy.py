"""A wire to PostgreSQL that can be cut in the one moment that matters: around a COMMIT."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, auto

from sqlalchemy import make_url

COMMIT = b"COMMIT\0"
BEGIN = b"BEGIN"


class Cut(Enum):
    """What becomes of the COMMIT at which the wire is cut."""

    DONE = auto()
    """It arrives and is done; only the answer is lost."""
    LOST = auto()
    """It never arrives."""


class LossyWire:
    """Passes everything on, until it is told to cut a COMMIT."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._cut: Cut | None = None
        self._marks: tuple[bytes, ...] = ()
        self.cuts = 0

    def cut_commit(self, cut: Cut, *marks: str) -> None:
        """Cut the connection that says the next COMMIT of a transaction in which all the marks were said."""
        self._cut, self._marks = cut, tuple(mark.encode() for mark in marks)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            server_reader, server_writer = await asyncio.open_unix_connection(self._socket)
        except OSError:
            writer.close()
            return
        answers = asyncio.create_task(_pass_on(server_reader, writer))
        transaction = b""
        try:
            while said := await reader.read(65536):
                transaction = said if BEGIN in said else transaction + said
                cut = self._judge(transaction)
                if cut is not None:
                    answers.cancel()
                    await asyncio.wait([answers])
                if cut is not Cut.LOST:
                    server_writer.write(said)
                if cut is Cut.DONE:
                    await server_reader.read(65536)  # the answer: from here on it is done
                if cut is not None:
                    break
        finally:
            answers.cancel()
            server_writer.close()
            writer.close()

    def _judge(self, transaction: bytes) -> Cut | None:
        if not transaction.endswith(COMMIT) or any(mark not in transaction for mark in self._marks):
            return None
        cut, self._cut = self._cut, None
        self.cuts += cut is not None
        return cut


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while told := await reader.read(65536):
        writer.write(told)
    writer.close()


@asynccontextmanager
async def lossy_wire(url: str) -> AsyncIterator[tuple[LossyWire, str]]:
    """A wire to the database of the URL, and the URL of its near end."""
    far = make_url(url)
    host, port = far.query.get("host") or far.host, far.port or 5432
    wire = LossyWire(f"{host}/.s.PGSQL.{port}")
    near = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    address = near.sockets[0].getsockname()
    try:
        yield wire, far.set(host=address[0], port=address[1], query={}).render_as_string(hide_password=False)
    finally:
        near.close()
