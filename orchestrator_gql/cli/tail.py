"""`orchestrator-gql tail`: print the event log live, and reconnect when a connection is lost."""

import asyncio
import json
import random
import sys
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from orchestrator_gql.cli.catalog import PROGRAM
from orchestrator_gql.cli.client import ConnectionFailed, OperationRefused, subscribe
from orchestrator_gql.cli.credentials import shown
from orchestrator_gql.cli.event_lines import QUERY, line
from orchestrator_gql.cli.live import FIRST_PAUSE, LONGEST_PAUSE
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable

PROCESS = "query Process($id: ID!) { process(id: $id) { id } }"


@dataclass(slots=True)
class Tail:
    """A reader of the event log: its position, and how it prints."""

    url: str
    cursor: str | None
    process_id: UUID | None
    is_json: bool
    pause: float = FIRST_PAUSE
    lost: str = ""

    async def follow(self) -> None:
        """Print events without end; raises `OperationRefused` if the server refuses."""
        while True:
            try:
                await self._follow_once()
            except ConnectionFailed as lost:
                if lost.message != self.lost:  # a server that stays away is named once
                    _print_status(f"{lost.message} Reconnecting …")
                self.lost = lost.message
            await asyncio.sleep(self.pause * random.uniform(0.5, 1))  # noqa: S311 - no secret is made of it
            self.pause = min(self.pause * 2, LONGEST_PAUSE)

    async def _follow_once(self) -> None:
        event_filter = {"processIds": [str(self.process_id)]} if self.process_id else None
        # Close the generator at once: its socket must not stay open after a failure.
        async with aclosing(subscribe(self.url, QUERY, {"after": self.cursor, "filter": event_filter})) as batches:
            is_first = True
            async for data in batches:
                if is_first:  # the first batch comes at once, even without events: the stream works
                    _print_status(f"Connected to {shown(self.url)}; Ctrl-C ends.")
                    self.pause, self.lost, is_first = FIRST_PAUSE, "", False
                self._print(data["processEvents"])

    def _print(self, batch: dict[str, Any]) -> None:
        if batch["reset"]:
            _print_status("The log no longer reaches back to the cursor: events were missed. Going on from now.")
        for event in batch["events"]:
            print(json.dumps(event) if self.is_json else line(event), flush=True)
            self.cursor = event["cursor"]
        self.cursor = batch["cursor"]


def tail(url: str, *, after: str | None, process_id: UUID | None, is_json: bool) -> None:
    """Print the events of the server until Ctrl-C, then print the cursor to go on from.

    Raises `OperationRefused` for a process that is not there: its events would be awaited for ever.
    """
    if process_id is not None:
        _demand(url, process_id)
    reader = Tail(url, after, process_id, is_json)
    try:
        asyncio.run(reader.follow())
    except KeyboardInterrupt:
        if reader.cursor is not None:
            narrowed = f" --process {process_id}" if process_id else ""
            as_before = f"--url {shown(url)}{narrowed}{' --json' if is_json else ''}"
            _print_status(f"\nGo on with: {PROGRAM} tail {as_before} --after {reader.cursor}", is_ours=True)


def _demand(url: str, process_id: UUID) -> None:
    with suppress(ConnectionFailed):  # the server may come back; the reader waits for it
        if request(url, PROCESS, {"id": str(process_id)})["process"] is None:
            raise OperationRefused(f"There is no process {process_id}.")


def _print_status(text: str, *, is_ours: bool = False) -> None:
    print(text if is_ours else printable(text), file=sys.stderr, flush=True)
