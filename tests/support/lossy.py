"""A connection to PostgreSQL that can be cut around a COMMIT."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, auto

from sqlalchemy import make_url

from orchestrator_gql.storage.database import transactions
from orchestrator_gql.storage.database.link import name_of

COMMIT = (b"COMMIT\0", name_of(transactions.COMMIT))
BEGIN = (b"BEGIN", name_of(transactions.BEGIN), name_of(transactions.SNAPSHOT))
"""As text, and prepared."""


class Cut(Enum):
    """What happens to the COMMIT at which the connection is cut."""

    DONE = auto()
    """It arrives and is carried out; only its response is lost."""
    LOST = auto()
    """It never arrives."""


class LossyWire:
    """Passes all bytes on, and cuts a connection at a COMMIT if a test asks for it."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._cut: Cut | None = None
        self._marks: tuple[bytes, ...] = ()
        self._left = 0
        self.cuts = 0

    def cut_commit(self, cut: Cut, *marks: str, times: int = 1) -> None:
        """Cut the connection at the next COMMIT of a transaction whose bytes contain all the marks, so many times."""
        self._cut, self._left = cut, times
        self._marks = tuple(mark.encode() for mark in marks)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            server_reader, server_writer = await asyncio.open_unix_connection(self._socket)
        except OSError:
            writer.close()
            return
        responses = asyncio.create_task(_pass_on(server_reader, writer))
        transaction = b""
        try:
            while request := await reader.read(65536):
                transaction = request if any(begin in request for begin in BEGIN) else transaction + request
                cut = self._judge(transaction) if any(commit in request for commit in COMMIT) else None
                if cut is not None:
                    responses.cancel()
                    await asyncio.wait([responses])
                if cut is not Cut.LOST:
                    server_writer.write(request)
                if cut is Cut.DONE:
                    await server_reader.read(65536)  # the response: now the COMMIT is carried out
                if cut is not None:
                    break
        finally:
            responses.cancel()
            server_writer.close()
            writer.close()

    def _judge(self, transaction: bytes) -> Cut | None:
        if any(mark not in transaction for mark in self._marks):
            return None
        if not self._left:
            return None
        self._left -= 1
        self.cuts += 1
        return self._cut


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


@asynccontextmanager
async def lossy_wire(url: str) -> AsyncIterator[tuple[LossyWire, str]]:
    """A wire to the database of the URL, and the URL that leads through the wire."""
    far = make_url(url)
    host, port = far.query.get("host") or far.host, far.port or 5432
    wire = LossyWire(f"{host}/.s.PGSQL.{port}")
    near = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    address = near.sockets[0].getsockname()
    try:
        yield wire, far.set(host=address[0], port=address[1], query={}).render_as_string(hide_password=False)
    finally:
        near.close()
