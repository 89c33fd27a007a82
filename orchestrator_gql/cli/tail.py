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
from orchestrator_gql.cli.event_lines import QUERY, cloud_event, line
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
    is_cloud: bool = False
    ends_now: bool = False

    async def follow(self) -> None:
        """Print events, without end or until the reader has caught up; raises `OperationRefused` if the server
        refuses."""
        while True:
            try:
                if await self._follow_once():
                    return
            except ConnectionFailed as lost:
                if lost.message != self.lost:  # a server that stays away is named once
                    _print_status(f"{lost.message} Reconnecting …")
                self.lost = lost.message
            await asyncio.sleep(self.pause * random.uniform(0.5, 1))  # noqa: S311 - no secret is made of it
            self.pause = min(self.pause * 2, LONGEST_PAUSE)

    async def _follow_once(self) -> bool:
        """Print what one connection brings; True if the reader is at its end."""
        event_filter = {"processIds": [str(self.process_id)]} if self.process_id else None
        # Close the generator at once: its socket must not stay open after a failure.
        async with aclosing(subscribe(self.url, QUERY, {"after": self.cursor, "filter": event_filter})) as batches:
            is_first = True
            async for data in batches:
                if is_first:  # the first batch comes at once, even without events: the stream works
                    if not self.ends_now:
                        _print_status(f"Connected to {shown(self.url)}; Ctrl-C ends.")
                    self.pause, self.lost, is_first = FIRST_PAUSE, "", False
                self._print(data["processEvents"])
                if self.ends_now and data["processEvents"]["caughtUp"]:
                    return True
        return False

    def _print(self, batch: dict[str, Any]) -> None:
        if batch["reset"]:
            _print_status("The log no longer reaches back to the cursor: events were missed. Going on from now.")
        for event in batch["events"]:
            print(self._written(event), flush=True)
            self.cursor = event["cursor"]
        self.cursor = batch["cursor"]

    def _written(self, event: dict[str, Any]) -> str:
        if self.is_cloud:
            return json.dumps(cloud_event(event, shown(self.url)))
        return json.dumps(event) if self.is_json else line(event)

    def next_command(self) -> str:
        """The command that goes on behind the last event."""
        options = ["--url", shown(self.url), *(("--process", str(self.process_id)) if self.process_id else ())]
        flags = (("--json", self.is_json), ("--cloudevents", self.is_cloud), ("--until-now", self.ends_now))
        options += [flag for flag, is_given in flags if is_given]
        return f"{PROGRAM} tail {' '.join(options)} --after {self.cursor}"


def tail(reader: Tail) -> None:
    """Print the events of the server until Ctrl-C, or until now; then print the command that goes on.

    Raises `OperationRefused` for a process that is not there: its events would be awaited for ever.
    """
    if reader.process_id is not None:
        _demand(reader.url, reader.process_id)
    before = ""
    try:
        asyncio.run(reader.follow())
    except KeyboardInterrupt:
        before = "\n"
    if reader.cursor is not None:
        _print_status(f"{before}Go on with: {reader.next_command()}", is_ours=True)


def _demand(url: str, process_id: UUID) -> None:
    with suppress(ConnectionFailed):  # the server may come back; the reader waits for it
        if request(url, PROCESS, {"id": str(process_id)})["process"] is None:
            raise OperationRefused(f"There is no process {process_id}.")


def _print_status(text: str, *, is_ours: bool = False) -> None:
    print(text if is_ours else printable(text), file=sys.stderr, flush=True)
