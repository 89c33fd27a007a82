"""Follow the event log without end: a wake-up for each change, also after a lost connection."""

import asyncio
import random
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing

from orchestrator_gql.cli.client import ConnectionFailed, subscribe
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.json import Json

QUERY = """\
subscription Changes($after: String, $filter: EventFilter) {
  processEvents(after: $after, filter: $filter) { cursor reset events { id processId } } }
"""
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 10.0
"""Seconds between two tries. The pause doubles each time, and is random so that many clients do not come at once."""


async def changes(url: str, event_filter: dict[str, Json] | None) -> AsyncGenerator[None, None]:
    """Yield once when the connection stands, and after each change; what happened before is not repeated.

    After a lost connection it yields again, because something may have changed meanwhile. Raises `OperationRefused` if
    the server refuses.
    """
    pause, cursor, shown = FIRST_PAUSE, None, ""
    while True:
        try:
            async with aclosing(subscribe(url, QUERY, {"after": cursor, "filter": event_filter})) as batches:
                is_first = True
                async for data in batches:
                    batch = data["processEvents"]
                    cursor, pause, shown = batch["cursor"], FIRST_PAUSE, ""
                    if is_first or batch["events"] or batch["reset"]:
                        is_first = False
                        yield
        except ConnectionFailed as lost:
            if lost.message != shown:  # a server that stays away is named once
                print(printable(f"{lost.message} Reconnecting …"), file=sys.stderr, flush=True)
            shown = lost.message
        await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - no secret is made of it
        pause = min(pause * 2, LONGEST_PAUSE)
