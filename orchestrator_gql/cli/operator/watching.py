"""`orchestrator-gql processes --watch`: the list, drawn again after each change."""

import asyncio
import json
from collections.abc import Callable
from contextlib import ExitStack, aclosing, suppress
from datetime import UTC, datetime
from typing import Any

from orchestrator_gql.cli import live
from orchestrator_gql.cli.client import ConnectionFailed
from orchestrator_gql.cli.failure import DONE
from orchestrator_gql.cli.operator.processes import DOCUMENT, Listing, table_of
from orchestrator_gql.cli.request import request_async
from orchestrator_gql.cli.table import console, is_for_people
from orchestrator_gql.utils.json import Json

REST_SECONDS = 0.5
"""The shortest time between two reads: a busy engine commits hundreds of changes a second."""

MOST = 200

Rows = list[dict[str, Any]]


def watch_processes(listing: Listing) -> int:
    """Show the list until Ctrl-C, and return the exit code."""
    variables = {**listing.variables(), "first": min(listing.limit or MOST, MOST)}
    with ExitStack() as stack:
        show = _lines(is_json=listing.is_json)
        if is_for_people() and not listing.is_json:
            show = _screen(stack)
        with suppress(KeyboardInterrupt):
            asyncio.run(_follow(listing.url, variables, show))
    return DONE


async def _follow(url: str, variables: dict[str, Json], show: Callable[[Rows], None]) -> None:
    async with aclosing(live.changes(url, None)) as changes:
        async for _ in changes:
            try:
                show((await request_async(url, DOCUMENT, variables))["processes"]["nodes"])
            except ConnectionFailed:
                continue  # the connection of the events breaks, too, and says so
            await asyncio.sleep(REST_SECONDS)


def _screen(stack: ExitStack) -> Callable[[Rows], None]:
    """Draws the whole table again."""
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    drawn = stack.enter_context(Live(console=console(), auto_refresh=False, vertical_overflow="ellipsis"))

    def show(rows: Rows) -> None:
        now = datetime.now(UTC)
        table = table_of(rows, now).rendered() if rows else Text("No process meets all options.")
        drawn.update(Group(table, Text(f"{now.astimezone():%H:%M:%S}, Ctrl-C ends", style="dim")), refresh=True)

    return show


def _lines(*, is_json: bool) -> Callable[[Rows], None]:
    """Prints the processes that changed, the oldest change first."""
    seen: dict[str, str] = {}

    def show(rows: Rows) -> None:
        changed = [row for row in rows if seen.get(row["id"]) != row["updatedAt"]]
        changed.sort(key=lambda row: row["updatedAt"])
        seen.update((row["id"], row["updatedAt"]) for row in changed)
        lines = map(json.dumps, changed) if is_json else table_of(changed, datetime.now(UTC)).plain()
        for line in lines:
            print(line, flush=True)

    return show
