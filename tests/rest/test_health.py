"""A server says that it is not ready when its own work ended, which nobody else would notice."""

from pathlib import Path

import pytest
from support.database import sqlite_url
from support.until import until
from support.web import site_of

from orchestrator_gql import app


async def test_a_timekeeper_that_died_makes_the_server_unready_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def keep_time(_: object) -> None:
        raise RuntimeError("the clock fell off the wall")

    monkeypatch.setattr(app, "keep_time", keep_time)
    async with site_of(sqlite_url(tmp_path)) as site:

        async def faulty() -> bool | None:
            return bool(site.engine.runtime.faults) or None

        await until(site.engine.runtime, faulty, told="the fault to be noted")
        said = await site.http.get("/health/ready")
        live = await site.http.get("/health/live")

    assert (said.status_code, live.status_code) == (503, 200)
    assert said.json()["status"] == "work-ended"
    assert "keep_time" in said.json()["ended"][0]
    assert "the clock fell off the wall" in caplog.text


async def test_a_server_whose_work_goes_on_is_ready(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path)) as site:
        said = await site.http.get("/health/ready")

    assert (said.status_code, said.json()) == (200, {"status": "ready"})
