"""What Prometheus is told: it follows what happens, counts every verdict, and gives nothing away."""

import asyncio
import re
import time
from pathlib import Path
from signal import SIGKILL

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection, Engine, event, make_url, text
from support.command_line import get, running, serving, until
from support.database import PostgresServer, sqlite_url
from support.operator import ADA
from support.playbooks import of
from support.web import Site, site_of
from waits import waiting

from orchestrator_gql import step
from orchestrator_gql.callbacks.rules import Delivery
from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.storage import callback_attempts, workers
from orchestrator_gql.storage.workers import Worker
from orchestrator_gql.types import AttemptOutcome, ProcessStatus, State

COMPLETED = ProcessStatus.COMPLETED
SECRET = "swordfish"


@step("WorkerTasks")
async def work() -> State:
    """Leave something in the state that is nobody else's business."""
    return {"password": SECRET}


def figures(told: str) -> dict[str, float]:
    """Every sample by name and labels, as ``name{label=value}``."""
    found = {}
    for family in text_string_to_metric_families(told):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[sample.name.removeprefix("orchestrator_") + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


async def scraped(site: Site) -> dict[str, float]:
    """What a scraper reads now."""
    said = await site.http.get("/metrics")
    assert said.status_code == 200
    return figures(said.text)


async def shows(site: Site, **wanted: float) -> dict[str, float]:
    """What a scraper reads once these gauges stand so; an answer may be as old as twenty readings take."""

    async def look() -> dict[str, float] | None:
        found = await scraped(site)
        return found if all(found[name] == value for name, value in wanted.items()) else None

    return await site.engine.until(look, told=f"the metrics to show {wanted}")


async def test_gauges_rise_while_something_waits_and_return_afterwards(tmp_path: Path) -> None:
    awaiting = "processes{status=AWAITING_CALLBACK,workflow=run_playbook}"

    async with waiting(tmp_path, timeout=600) as wait:
        wait.site.engine.turn(90)
        during = await shows(wait.site, callbacks_oldest_pending_seconds=90)
        await wait.send(b'{"rc": 0}')
        await wait.reaches(COMPLETED)
        after = await shows(wait.site, callbacks_pending=0)

    assert (during["callbacks_pending"], during["callbacks_overdue"], during[awaiting]) == (1, 0, 1)
    assert (after["callbacks_oldest_pending_seconds"], after[awaiting]) == (0, 0)
    assert after["processes_ended_total{status=COMPLETED,workflow=run_playbook}"] == 1


async def test_every_delivery_is_counted_by_its_verdict(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        before = await scraped(wait.site)
        await wait.send(b"[")
        await wait.send(b'{"rc": 0}')
        await wait.send(b'{"rc": 0}')
        await wait.send(b'{"rc": 1}')
        await wait.send(b'{"rc": 2}')
        after = await scraped(wait.site)

    counted = {name: value for name, value in after.items() if name.startswith("deliveries_total") and value}
    assert before["deliveries_total{outcome=ACCEPTED}"] == 0
    assert counted == {
        "deliveries_total{outcome=MALFORMED}": 1,
        "deliveries_total{outcome=ACCEPTED}": 1,
        "deliveries_total{outcome=DUPLICATE}": 1,
        "deliveries_total{outcome=CONFLICT}": 2,
    }


async def test_steps_commits_and_the_loop_are_measured(storage: str) -> None:
    works = of(work, name="works")

    async with site_of(storage, works) as site:
        await site.engine.reaches(await site.engine.start(works), COMPLETED)

        async def measured() -> dict[str, float] | None:
            found = await scraped(site)
            return found if found["event_loop_lag_seconds_count"] else None

        found = await site.engine.until(measured, told="the loop to be measured")

    assert found["step_seconds_count{kind=ACTION,status=SUCCESS}"] == 1
    assert found["commit_transactions_sum"] >= found["commit_transactions_count"] > 0
    assert found["commit_seconds_count"] == found["commit_transactions_count"]
    assert found["commit_seconds_sum"] > 0
    assert found["database_up"] == 1


async def test_what_is_undone_is_not_counted(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        engine = wait.site.engine
        callback = await engine.callback(wait.process_id)
        now = engine.clock.now()

        def break_off(conn: Connection) -> None:
            callback_attempts.keep(conn, callback.id, Delivery.of(1, b"1", peer=""), AttemptOutcome.CONFLICT, now=now)
            raise ValueError("undone")

        with pytest.raises(ValueError, match="undone"):
            await engine.runtime.database.transaction(break_off)
        found = await scraped(wait.site)

    assert found["deliveries_total{outcome=CONFLICT}"] == 0


async def test_the_engine_its_queue_and_its_workers_are_shown(storage: str) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    @step("RetryLater")
    async def wait() -> None:
        begun.set()
        await go.wait()

    works = of(wait, name="works")
    async with site_of(storage, works) as site:
        now = site.engine.clock.now()
        other = Worker("ams-2:41:c0ffee", "1.0", 3, now, now)
        await site.engine.runtime.database.transaction(lambda conn: workers.seen(conn, other))
        await site.engine.start(works)
        await begun.wait()
        await set_engine_state(site.engine.runtime, ADA, paused=True)
        found = await shows(site, processes_held=1)
        go.set()

    assert found["workers"] >= 1
    assert (found["processes_queued"], found["queue_lag_seconds"]) == (0, 0)
    states = {name: value for name, value in found.items() if name.startswith("engine_state")}
    assert states == {
        "engine_state{state=RUNNING}": 0,
        "engine_state{state=PAUSING}": 1,
        "engine_state{state=PAUSED}": 0,
    }


async def test_every_name_is_ours_and_is_explained(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        said = await wait.site.http.get("/metrics")
        families = list(text_string_to_metric_families(said.text))

    assert said.headers["content-type"].startswith("text/plain; version=")
    assert len(families) > 15
    assert [one.name for one in families if not one.name.startswith("orchestrator_")] == []
    assert [one.name for one in families if not one.documentation] == []
    assert len({one.name for one in families}) == len(families)


async def test_the_reference_names_what_is_told_and_nothing_else(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "metrics.md").read_text()
    listed = set(re.findall(r"^\| `(orchestrator_\w+)`", page, re.MULTILINE))

    async with waiting(tmp_path) as wait:
        told = (await wait.site.http.get("/metrics")).text

    kinds = dict(re.findall(r"^# TYPE (orchestrator_\w+) (\w+)$", told, re.MULTILINE))
    assert {name for name in kinds if not name.endswith("_created")} == listed


async def test_no_token_payload_or_state_is_told(tmp_path: Path) -> None:
    works = of(work, name="works")

    async with waiting(tmp_path) as wait:
        await wait.send(f'{{"password": "{SECRET}"}}'.encode())
        await wait.reaches(COMPLETED)
        told = (await wait.site.http.get("/metrics")).text
        hidden = (wait.token, SECRET, str(wait.process_id), "192.0.2.7")
    async with site_of(sqlite_url(tmp_path), works) as site:
        await site.engine.reaches(await site.engine.start(works), COMPLETED)
        told += (await site.http.get("/metrics")).text

    assert [one for one in hidden if one in told] == []


async def test_a_foreign_host_is_told_nothing(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path)) as site:
        said = await site.http.get("/metrics", headers={"host": "evil.example"})

    assert (said.status_code, "orchestrator_" in said.text) == (421, False)


async def test_each_server_counts_for_itself(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait, site_of(sqlite_url(_folder(tmp_path))) as other:
        await wait.send(b'{"rc": 0}')
        here, there = await scraped(wait.site), await scraped(other)

    accepted = "deliveries_total{outcome=ACCEPTED}"
    assert (here[accepted], there[accepted]) == (1, 0)


async def test_while_the_database_is_away_what_the_server_counts_is_told(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        await wait.send(b'{"rc": 0}')
        await wait.reaches(COMPLETED)
        await _rename(wait.site, "workers", "away")
        during = await shows(wait.site, database_up=0)
        await _rename(wait.site, "away", "workers")
        after = await shows(wait.site, database_up=1)

    assert during["deliveries_total{outcome=ACCEPTED}"] == 1
    assert "callbacks_pending" not in during
    assert after["callbacks_pending"] == 0


async def test_an_eager_scraper_is_told_the_same_reading_again(tmp_path: Path) -> None:
    readings: list[str] = []

    def slow(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if "GROUP BY processes.status, processes.workflow_name" in statement:
            readings.append(statement)
            time.sleep(0.2)

    async with site_of(sqlite_url(tmp_path)) as site:
        event.listen(Engine, "before_cursor_execute", slow)
        try:
            said = await asyncio.gather(*(scraped(site) for _ in range(20)))
        finally:
            event.remove(Engine, "before_cursor_execute", slow)

    assert len(said) == 20
    assert len(readings) == 1


async def test_an_open_transaction_holds_the_log_back_and_shows(postgres: PostgresServer) -> None:
    works = of(work, name="works")

    with postgres.database() as url:
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        async with site_of(url, works) as site:
            free = await shows(site, event_log_lag_seconds=0)
            async with await psycopg.AsyncConnection.connect(plain) as forgotten:
                await forgotten.execute("SELECT pg_current_xact_id()")
                await site.engine.start(works)
                site.engine.turn(70)
                await shows(site, event_log_lag_seconds=70)
            await shows(site, event_log_lag_seconds=0)

    assert free["event_log_lag_seconds"] == 0


def test_a_subscriber_that_vanished_is_no_longer_counted(tmp_path: Path) -> None:
    with serving(tmp_path) as server:

        def clients() -> tuple[float, float]:
            found = figures(get(server.address + "/metrics").text)
            return found["sockets"], found["subscribers"]

        before = clients()
        with running(tmp_path, "tail", "--url", server.address) as tail:
            until(lambda: clients() == (1, 1) or None)
            tail.end(SIGKILL)
            until(lambda: clients() == (0, 0) or None)

    assert before == (0, 0)


def _folder(inside: Path) -> Path:
    made = inside / "other"
    made.mkdir()
    return made


async def _rename(site: Site, name: str, new: str) -> None:
    """Take a table away from the server, or give it back: SQLite says what it says of a broken disk."""
    statement = text(f"ALTER TABLE {name} RENAME TO {new}")
    await site.engine.runtime.database.transaction(lambda conn: conn.execute(statement) and None)
