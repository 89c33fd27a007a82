"""A server whose background tasks ended is not ready; nobody else would notice their end."""

from pathlib import Path

import pytest
from support.database import sqlite_url
from support.until import until
from support.web import site_of

from orchestrator_gql import app


async def test_a_server_whose_timers_ended_is_not_ready_and_names_the_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def run_timers(_: object) -> None:
        raise RuntimeError("the clock fell off the wall")

    monkeypatch.setattr(app, "run_timers", run_timers)
    async with site_of(sqlite_url(tmp_path)) as site:

        async def faulty() -> bool | None:
            return bool(site.engine.runtime.faults) or None

        await until(site.engine.runtime, faulty, awaited="the fault to be noted")
        response = await site.http.get("/health/ready")
        live = await site.http.get("/health/live")

    assert (response.status_code, live.status_code) == (503, 200)
    assert response.json()["status"] == "work-ended"
    assert "run_timers" in response.json()["ended"][0]
    assert "the clock fell off the wall" in caplog.text


async def test_a_server_whose_tasks_run_is_ready(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path)) as site:
        response = await site.http.get("/health/ready")

    assert (response.status_code, response.json()) == (200, {"status": "ready"})
