"""`orchestrator-gql tail`: the event log on the terminal, live, over any number of connections."""

import asyncio
import json
import random
import sys
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from orchestrator_gql.cli.arguments import PROGRAM
from orchestrator_gql.cli.client import ConnectionFailed, subscribe
from orchestrator_gql.cli.event_lines import QUERY, line
from orchestrator_gql.cli.terminal import printable

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 10.0
"""Seconds between two tries; the pause doubles from the first, and is shuffled so that many do not come at once."""


@dataclass(slots=True)
class Tail:
    """Where the reader is, and how it prints."""

    url: str
    cursor: str | None
    process_id: UUID | None
    is_json: bool
    pause: float = FIRST_PAUSE

    async def follow(self) -> None:
        """Print for ever; raises `OperationRefused` where the server says no."""
        while True:
            try:
                await self._follow_once()
            except ConnectionFailed as lost:
                _say(f"{lost.message} Reconnecting …")
            await asyncio.sleep(self.pause * random.uniform(0.5, 1))  # noqa: S311 - no secret is made of it
            self.pause = min(self.pause * 2, LONGEST_PAUSE)

    async def _follow_once(self) -> None:
        wanted = {"processIds": [str(self.process_id)]} if self.process_id else None
        # Closed here and now: its socket must not stay open behind a failure.
        async with aclosing(subscribe(self.url, QUERY, {"after": self.cursor, "filter": wanted})) as answers:
            is_first = True
            async for data in answers:
                if is_first:  # it comes at once, events or not, to say that the stream is up
                    _say(f"Connected to {self.url}; Ctrl-C ends.")
                    self.pause, is_first = FIRST_PAUSE, False
                self._print(data["processEvents"])

    def _print(self, batch: dict[str, Any]) -> None:
        if batch["reset"]:
            _say("The log no longer reaches back to the cursor: events were missed. Going on from now.")
        for event in batch["events"]:
            print(json.dumps(event) if self.is_json else line(event), flush=True)
            self.cursor = event["cursor"]
        self.cursor = batch["cursor"]


def tail(url: str, *, after: str | None, process_id: UUID | None, is_json: bool) -> None:
    """Follow the events of the server until Ctrl-C, then say the cursor to go on from."""
    reader = Tail(url, after, process_id, is_json)
    try:
        asyncio.run(reader.follow())
    except KeyboardInterrupt:
        if reader.cursor is not None:
            _say(f"\nGo on with: {PROGRAM} tail --url {url} --after {reader.cursor}", is_ours=True)


def _say(text: str, *, is_ours: bool = False) -> None:
    print(text if is_ours else printable(text), file=sys.stderr, flush=True)
