"""The metrics for Prometheus follow the processes, count every delivery outcome and hold no secret."""

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


@step("Work")
async def work() -> State:
    """Store a secret in the state."""
    return {"password": SECRET}


def samples(text_format: str) -> dict[str, float]:
    """Every sample by name and labels, as ``name{label=value}``."""
    values = {}
    for family in text_string_to_metric_families(text_format):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            values[sample.name.removeprefix("orchestrator_") + (f"{{{labels}}}" if labels else "")] = sample.value
    return values


async def scraped(site: Site) -> dict[str, float]:
    """The samples of a scrape."""
    response = await site.http.get("/metrics")
    assert response.status_code == 200
    return samples(response.text)


async def shows(site: Site, **wanted: float) -> dict[str, float]:
    """The samples as soon as the gauges have these values; a response may repeat an older reading."""

    async def look() -> dict[str, float] | None:
        gauges = await scraped(site)
        return gauges if all(gauges[name] == value for name, value in wanted.items()) else None

    return await site.engine.until(look, awaited=f"the metrics to show {wanted}")


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


async def test_every_delivery_is_counted_by_its_outcome(tmp_path: Path) -> None:
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
            gauges = await scraped(site)
            return gauges if gauges["event_loop_lag_seconds_count"] else None

        gauges = await site.engine.until(measured, awaited="the loop to be measured")

    assert gauges["step_seconds_count{kind=ACTION,status=SUCCESS}"] == 1
    assert gauges["commit_transactions_sum"] >= gauges["commit_transactions_count"] > 0
    assert gauges["commit_seconds_count"] == gauges["commit_transactions_count"]
    assert gauges["commit_seconds_sum"] > 0
    assert gauges["database_up"] == 1


async def test_a_transaction_that_is_rolled_back_is_not_counted(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        engine = wait.site.engine
        callback = await engine.callback(wait.process_id)
        now = engine.clock.now()

        def fail_after_write(conn: Connection) -> None:
            callback_attempts.keep(conn, callback, Delivery.of(1, b"1", peer=""), AttemptOutcome.CONFLICT, now=now)
            raise ValueError("rolled back")

        with pytest.raises(ValueError, match="rolled back"):
            await engine.runtime.database.transaction(fail_after_write)
        gauges = await scraped(wait.site)

    assert gauges["deliveries_total{outcome=CONFLICT}"] == 0


async def test_the_engine_its_queue_and_its_workers_are_shown(storage: str) -> None:
    started, may_end = asyncio.Event(), asyncio.Event()

    @step("Wait")
    async def wait() -> None:
        started.set()
        await may_end.wait()

    works = of(wait, name="works")
    async with site_of(storage, works) as site:
        now = site.engine.clock.now()
        other = Worker("ams-2:41:c0ffee", "1.0", 3, now, now)
        await site.engine.runtime.database.transaction(lambda conn: workers.seen(conn, other))
        await site.engine.start(works)
        await started.wait()
        await set_engine_state(site.engine.runtime, ADA, paused=True)
        gauges = await shows(site, processes_held=1)
        may_end.set()

    assert gauges["workers"] >= 1
    assert (gauges["processes_queued"], gauges["queue_lag_seconds"]) == (0, 0)
    states = {name: value for name, value in gauges.items() if name.startswith("engine_state")}
    assert states == {
        "engine_state{state=RUNNING}": 0,
        "engine_state{state=PAUSING}": 1,
        "engine_state{state=PAUSED}": 0,
    }


async def test_every_metric_has_our_prefix_and_a_description(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        response = await wait.site.http.get("/metrics")
        families = list(text_string_to_metric_families(response.text))

    assert response.headers["content-type"].startswith("text/plain; version=")
    assert len(families) > 15
    assert [family.name for family in families if not family.name.startswith("orchestrator_")] == []
    assert [family.name for family in families if not family.documentation] == []
    assert len({family.name for family in families}) == len(families)


async def test_the_reference_lists_every_metric_and_no_other(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "metrics.md").read_text()
    listed = set(re.findall(r"^\| `(orchestrator_\w+)`", page, re.MULTILINE))

    async with waiting(tmp_path) as wait:
        scrape = (await wait.site.http.get("/metrics")).text

    kinds = dict(re.findall(r"^# TYPE (orchestrator_\w+) (\w+)$", scrape, re.MULTILINE))
    assert {name for name in kinds if not name.endswith("_created")} == listed


async def test_no_token_payload_or_state_is_in_the_metrics(tmp_path: Path) -> None:
    works = of(work, name="works")

    async with waiting(tmp_path) as wait:
        await wait.send(f'{{"password": "{SECRET}"}}'.encode())
        await wait.reaches(COMPLETED)
        scrapes = (await wait.site.http.get("/metrics")).text
        hidden = (wait.token, SECRET, str(wait.process_id), "192.0.2.7")
    async with site_of(sqlite_url(tmp_path), works) as site:
        await site.engine.reaches(await site.engine.start(works), COMPLETED)
        scrapes += (await site.http.get("/metrics")).text

    assert "orchestrator_" in scrapes
    assert [secret for secret in hidden if secret in scrapes] == []


async def test_a_foreign_host_gets_no_metrics(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path)) as site:
        response = await site.http.get("/metrics", headers={"host": "evil.example"})

    assert (response.status_code, "orchestrator_" in response.text) == (421, False)


async def test_each_server_counts_for_itself(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait, site_of(sqlite_url(_folder(tmp_path))) as other:
        await wait.send(b'{"rc": 0}')
        here, there = await scraped(wait.site), await scraped(other)

    accepted = "deliveries_total{outcome=ACCEPTED}"
    assert (here[accepted], there[accepted]) == (1, 0)


async def test_without_the_database_the_counters_of_the_server_are_shown(tmp_path: Path) -> None:
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


async def test_frequent_scrapes_share_one_reading(tmp_path: Path) -> None:
    readings: list[str] = []

    def slow(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if "GROUP BY processes.status, processes.workflow_name" in statement:
            readings.append(statement)
            time.sleep(0.2)

    async with site_of(sqlite_url(tmp_path)) as site:
        event.listen(Engine, "before_cursor_execute", slow)
        try:
            scrapes = await asyncio.gather(*(scraped(site) for _ in range(20)))
        finally:
            event.remove(Engine, "before_cursor_execute", slow)

    assert len(scrapes) == 20
    assert len(readings) == 1


async def test_an_open_transaction_shows_in_the_lag_of_the_event_log(postgres: PostgresServer) -> None:
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


def test_a_subscriber_that_was_killed_is_no_longer_counted(tmp_path: Path) -> None:
    with serving(tmp_path) as server:

        def clients() -> tuple[float, float]:
            gauges = samples(get(server.address + "/metrics").text)
            return gauges["sockets"], gauges["subscribers"]

        before = clients()
        with running(tmp_path, "tail", "--url", server.address) as tail:
            until(lambda: clients() == (1, 1) or None)
            tail.end(SIGKILL)
            until(lambda: clients() == (0, 0) or None)

    assert before == (0, 0)


def _folder(inside: Path) -> Path:
    folder = inside / "other"
    folder.mkdir()
    return folder


async def _rename(site: Site, name: str, new: str) -> None:
    """Take a table away or give it back: without it, SQLite raises the same error as for a broken disk."""
    statement = text(f"ALTER TABLE {name} RENAME TO {new}")
    await site.engine.runtime.database.transaction(lambda conn: conn.execute(statement) and None)
