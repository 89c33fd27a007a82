"""Receives the notifications of a PostgreSQL connection past psycopg, which makes a task for each of them."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import AsyncConnection

PING = 30.0
"""Seconds between two questions whether the connection lives."""

Heard = Callable[[str, int], None]
"""Called with the channel of a notification, and the number of the server's process that sent it."""


async def listen(connection: "AsyncConnection[Any]", heard: Heard) -> None:
    """Call ``heard`` for each notification until cancelled. The caller has said LISTEN.

    Raises psycopg's error if the connection is lost.
    """
    connection.add_notify_handler(lambda message: heard(message.channel, message.pid))  # those behind an answer
    while True:
        await _drain(connection, heard)
        await connection.execute("SELECT 1")


async def _drain(connection: "AsyncConnection[Any]", heard: Heard) -> None:
    """Call ``heard`` for what arrives; return after `PING` seconds."""
    import psycopg

    loop, pgconn, socket = asyncio.get_running_loop(), connection.pgconn, connection.pgconn.socket
    lost: asyncio.Future[None] = loop.create_future()

    def take() -> None:
        while (message := pgconn.notifies()) is not None:
            heard(message.relname.decode(), message.be_pid)

    def read() -> None:
        try:
            pgconn.consume_input()
        except psycopg.Error as error:
            # libpq has closed the socket. At once, because the next connection of a client may get its number, and the
            # loop would take that connection for this one.
            loop.remove_reader(socket)
            if not lost.done():
                lost.set_exception(error)
            return
        take()

    loop.add_reader(socket, read)
    try:
        take()  # what came behind the answer of the last statement is not in the socket any more
        await asyncio.wait([lost], timeout=PING)
    finally:
        if not lost.done():
            loop.remove_reader(socket)
        if lost.done() and not lost.cancelled():
            lost.result()
