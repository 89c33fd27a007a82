"""Where a failpoint is, what it is called, and that nobody who does not ask for one has any."""

import asyncio
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from chaos.lives import nursery
from chaos.site import Site, free_ports, passed
from orchestrator_gql.storage import processes
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.failpoints import ARMED, KILLED, LOG, name_of, read_failpoints


def named(conn: Connection) -> int | None:
    """A unit with a name."""
    return conn.execute(text("SELECT 1")).scalar()


def fails(conn: Connection) -> None:
    """A unit that is undone."""
    raise KeyError(conn)


def test_a_boundary_is_called_what_its_unit_is_called_wherever_that_was_made() -> None:
    def within(conn: Connection) -> None:
        named(conn)

    prefix = f"{__name__}.test_a_boundary_is_called_what_its_unit_is_called_wherever_that_was_made"
    assert name_of(named) == f"{__name__}.named"
    assert name_of(processes.drop_leases) == "storage.processes.drop_leases"
    assert name_of(within) == f"{prefix}.within"
    assert name_of(partial(within)) == f"{prefix}.within"
    assert name_of(lambda conn: repr((conn, 1))) == f"{prefix}[repr]"
    assert name_of(lambda conn: processes.drop_leases(conn, "me")) == f"{prefix}[processes.drop_leases]"


def test_who_asks_for_none_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ARMED, raising=False)
    monkeypatch.delenv(LOG, raising=False)

    assert read_failpoints() is None


async def test_each_commit_has_a_boundary_before_and_one_after_it_and_a_rollback_has_none(
    storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "boundaries"
    monkeypatch.setenv(LOG, str(log))
    database = connect(storage)
    await database.open()
    try:
        await database.transaction(named)
        await database.transaction(named)
        with pytest.raises(KeyError):
            await database.transaction(fails)
    finally:
        await database.close()

    assert passed(log) == {f"before {__name__}.named": 2, f"after {__name__}.named": 2}


async def test_an_armed_server_dies_at_its_boundary_and_says_so_nowhere_but_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "boundaries"
    [port] = free_ports(1)
    async with nursery() as born:
        site = Site(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'orchestrator.db'}", born)
        boundary = "before storage.processes.drop_leases"
        life = await site.begin("server", ["serve"], port=port, failpoint=f"{boundary}:1", log=log)
        async with asyncio.timeout(60):
            code = await life.gone

    assert code == KILLED
    assert log.read_text().splitlines()[-1] == f"died {boundary}"
    assert (tmp_path / "server.log").read_text() == ""
