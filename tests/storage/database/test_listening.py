"""A connection that listens misses no notification, also one that comes with an answer (PostgreSQL)."""

import asyncio

import psycopg
import pytest
from sqlalchemy import make_url
from support.database import PostgresServer

from orchestrator_gql.storage.database import listening
from orchestrator_gql.storage.database.connection_arguments import connection_arguments
from orchestrator_gql.storage.database.own_connections import OwnConnection

SECONDS = 10.0
"""A limit, not an expectation."""


async def test_a_notification_behind_the_answer_of_a_statement_is_not_left_in_the_buffer(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libpq has read it with the answer, so the socket is not readable, and only the next `PING` would show it."""
    came = asyncio.Event()
    monkeypatch.setattr(listening, "PING", 60.0)
    with postgres.database() as url:
        async with await OwnConnection.connect(**connection_arguments(url), autocommit=True) as connection:
            await connection.execute("LISTEN jobs")
            plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
            with psycopg.connect(plain, autocommit=True) as other:
                other.execute("NOTIFY jobs")
            await _arrived(connection)
            draining = asyncio.create_task(listening._drain(connection, lambda *_: came.set()))
            async with asyncio.timeout(SECONDS):
                await came.wait()
            draining.cancel()
            await asyncio.gather(draining, return_exceptions=True)


async def _arrived(connection: OwnConnection) -> None:
    """Return when libpq has taken the notification from the socket."""
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(connection.pgconn.socket, readable.set)
    try:
        async with asyncio.timeout(SECONDS):
            await readable.wait()
    finally:
        loop.remove_reader(connection.pgconn.socket)
    connection.pgconn.consume_input()
