"""Failpoints: their places, their names, and that a server has none unless its environment asks for it."""

import asyncio
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from chaos.lives import nursery
from chaos.site import Site, free_ports, passed
from orchestrator_gql.storage import leases
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.failpoints import ARMED, KILLED, LOG, name_of, read_failpoints


def named(conn: Connection) -> int | None:
    """A unit of work with a name."""
    return conn.execute(text("SELECT 1")).scalar()


def fails(conn: Connection) -> None:
    """A unit of work that is rolled back."""
    raise KeyError(conn)


def test_a_boundary_has_the_name_of_its_unit_wherever_the_unit_is_defined() -> None:
    def within(conn: Connection) -> None:
        named(conn)

    prefix = f"{__name__}.test_a_boundary_has_the_name_of_its_unit_wherever_the_unit_is_defined"
    assert name_of(named) == f"{__name__}.named"
    assert name_of(leases.drop) == "storage.leases.drop"
    assert name_of(within) == f"{prefix}.within"
    assert name_of(partial(within)) == f"{prefix}.within"
    assert name_of(lambda conn: repr((conn, 1))) == f"{prefix}[repr]"
    assert name_of(lambda conn: leases.drop(conn, "me")) == f"{prefix}[leases.drop]"


def test_a_server_has_no_failpoints_unless_its_environment_asks_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ARMED, raising=False)
    monkeypatch.delenv(LOG, raising=False)

    assert read_failpoints() is None


async def test_each_commit_has_a_boundary_before_and_after_it_and_a_rollback_has_none(
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


async def test_an_armed_server_dies_at_its_boundary_and_writes_so_only_to_the_boundary_log(tmp_path: Path) -> None:
    log = tmp_path / "boundaries"
    [port] = free_ports(1)
    async with nursery() as servers:
        # a busy machine blocks the loop of the server, which warns of it
        quiet = {"ORCHESTRATOR_LOG_LEVEL": "ERROR"}
        site = Site(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'orchestrator.db'}", servers, quiet)
        boundary = "before app._forget_dead_server"
        life = await site.begin("server", ["serve"], port=port, failpoint=f"{boundary}:1", log=log)
        async with asyncio.timeout(60):
            code = await life.gone

    assert code == KILLED
    assert log.read_text().splitlines()[-1] == f"died {boundary}"
    assert (tmp_path / "server.log").read_text() == ""
