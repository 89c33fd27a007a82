"""What people and servers ask costs the database as much among many processes as among few."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine
from support.query_work import Statement, work_of

from benchmarks.growth import send
from benchmarks.growth_requests import DEEP, LIST, TOTAL, requests_of
from benchmarks.growth_rows import fill, served
from orchestrator_gql.config.database_url import url_of
from orchestrator_gql.storage.pagination import MOST_COUNTED

FEW, MANY = 1_024, 4_096
"""Processes: with fewer some pages are not full."""

LISTS = {f"{LIST}{title}" for title in ("all", "all, oldest first", "all, last change first", "a frequent status")}
LIVING = {"metrics"}
"""Their work grows with the processes that have not ended, and not with the stored ones."""


async def statements_of_each(url: str, count: int) -> dict[str, list[Statement]]:
    """The statements of each request that reads a page of rows, without counts that stop at a bound."""
    found: dict[str, list[Statement]] = {}
    noted: list[Statement] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, ___: Any, ____: Any) -> None:
        is_read = statement.lstrip().startswith(("SELECT", "WITH"))
        if is_read and MOST_COUNTED + 1 not in parameters:
            noted.append((statement, parameters))

    async with served(url) as client:
        requests = await requests_of(client, count)
        for name, request in requests.items():
            if name.startswith((LIST, TOTAL)) and name not in LISTS:
                continue
            await send(client, *request)  # once for what the server keeps
            event.listen(Engine, "before_cursor_execute", note)
            try:
                await send(client, *request)
            finally:
                event.remove(Engine, "before_cursor_execute", note)
            found[name] = noted.copy()
            noted.clear()
    return found


@pytest.mark.one_dispatcher
async def test_a_page_and_a_process_cost_as_much_among_four_times_as_many(tmp_path: Path) -> None:
    work: dict[str, list[int]] = {}
    for count in (FEW, MANY):
        url = url_of(tmp_path / f"{count}.db")
        await fill(url, count)
        statements = await statements_of_each(url, count)
        engine = create_engine(url.replace("+aiosqlite", ""))
        with engine.connect() as conn:
            for name, each in statements.items():
                work.setdefault(name, []).append(work_of(conn, each))
        engine.dispose()

    assert {"one old process", "inbox", "event tail", "home page", f"{DEEP}all"} <= work.keys()
    # work that is linear grows by four
    assert {name: sizes for name, sizes in work.items() if sizes[1] > 1.5 * sizes[0] + 500 and name not in LIVING} == {}
