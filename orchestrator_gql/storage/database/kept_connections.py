"""Connections of a pool that stay taken between two units, because the pool costs more than a short read.

SQLAlchemy calls two hundred functions to take a connection from its pool and to return it. So a unit leaves its
connection here, and the next unit takes it from here. The pool still decides how many there are, and replaces lost
ones.
"""

from sqlalchemy import Connection, Engine

KEPT = 4
"""Connections that are kept. The others are in the pool, for those who take theirs there: a snapshot, a migration."""


class KeptConnections:
    """Lends connections of the pool of an engine; ``size`` is the most connections that the pool opens."""

    def __init__(self, engine: Engine, size: int) -> None:
        self.engine = engine
        self.losses = 0
        """How often the connections were given up. A connection that was taken before is not kept any more."""
        self._size = size
        self._kept: list[Connection] = []

    def take(self) -> Connection:
        """A connection. SQLAlchemy may take it for one with a transaction, which costs more to end than most units:
        with AUTOCOMMIT it sends nothing for it."""
        return self._kept.pop() if self._kept else self.engine.connect()

    def give_back(self, conn: Connection, losses: int) -> None:
        """End the use of the connection, which was taken when there were so many ``losses``."""
        if conn.invalidated:
            self.give_up()
        if losses == self.losses and self._has_room():
            self._kept.append(conn)
        else:
            conn.close()

    def _has_room(self) -> bool:
        """True if nobody waits for a connection of the pool: others wait only if all are taken."""
        return len(self._kept) < KEPT and self.engine.pool.checkedout() < self._size  # type: ignore[attr-defined]

    def give_up(self) -> None:
        """Return all to the pool: if the database ended one session, it may have ended theirs, too."""
        self.losses += 1
        while self._kept:
            self._kept.pop().close()

    def dispose(self) -> None:
        """Close all connections."""
        self.give_up()
        self.engine.dispose()
