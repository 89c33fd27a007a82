"""Connections of the queue past Procrastinate's pool: the connection that fetches jobs, and the one that listens."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import psycopg
from procrastinate.exceptions import ConnectorException
from psycopg.sql import SQL, Identifier

from orchestrator_gql.storage.database import listening
from orchestrator_gql.storage.database.link import Link
from orchestrator_gql.storage.database.own_connections import OwnConnection


class QueueConnection:
    """Executes one statement at a time, each in a transaction of its own."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self.arguments = arguments
        self._connection: OwnConnection | None = None
        self._link: Link | None = None

    async def run(self, sql: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """The rows of the statement. Raises `ConnectorException`; the next statement then connects again."""
        try:
            link = await self._opened()
            (result,) = await link.run([(sql, parameters)])
        except psycopg.Error as error:
            await self.close()
            raise ConnectorException from error
        return result.rows

    async def _opened(self) -> Link:
        if self._link is None or self._connection is None or self._connection.closed:  # a cancelled statement closes it
            self._connection = await OwnConnection.connect(**self.arguments, autocommit=True)
            self._link = Link(self._connection)
        return self._link

    async def close(self) -> None:
        """Close the connection."""
        connection, self._connection, self._link = self._connection, None, None
        if connection is not None:
            await connection.close()


async def listen(arguments: Mapping[str, Any], channels: Iterable[str], notified: Callable[[], None]) -> None:
    """Call ``notified`` for the notifications of the channels, and once at the beginning, until cancelled.

    Raises `ConnectorException` if the connection is lost.
    """
    try:
        async with await OwnConnection.connect(**arguments, autocommit=True) as connection:
            for channel in channels:
                await connection.execute(SQL("LISTEN {}").format(Identifier(channel)))
            notified()  # jobs may have come before
            await listening.listen(connection, lambda *_: notified())
    except psycopg.Error as error:
        raise ConnectorException from error
