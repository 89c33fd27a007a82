"""`orchestrator-gql start --wait`: show each step until the process ends; the outcome is the exit code."""

import asyncio
import json
import sys
from contextlib import aclosing
from typing import Any

from orchestrator_gql.cli import live
from orchestrator_gql.cli.client import ConnectionFailed, VerbRefused
from orchestrator_gql.cli.credentials import hint
from orchestrator_gql.cli.failure import DONE, PROCESS_ABORTED, PROCESS_FAILED, PROCESS_SUSPENDED, TIMED_OUT
from orchestrator_gql.cli.operator.standstill import NEED_A_WORKER, standstill_async
from orchestrator_gql.cli.request import request_async
from orchestrator_gql.cli.style import STATUSES, styled
from orchestrator_gql.cli.terminal import printable

DOCUMENT = """\
query Wait($id: ID!) { process(id: $id) { id status workflowName subject
  failure { code message } openInputRequest { title assignee { name } } whyWaiting { message }
  steps { index name status attempt failure { code message } } } }
"""
OUTCOMES = {
    "COMPLETED": DONE,
    "FAILED": PROCESS_FAILED,
    "ABORTED": PROCESS_ABORTED,
    "SUSPENDED": PROCESS_SUSPENDED,
}
"""The exit code of each status at which the command stops waiting."""

AGAIN_SECONDS = 1.0

Process = dict[str, Any]


def wait_for_end(url: str, started: Process, *, seconds: float | None, is_json: bool) -> int:
    """Wait for the outcome of the process, print each change of a step to standard error, and return the exit code."""
    waiting = _Waiting(url, started["id"])
    try:
        asyncio.run(waiting.follow(seconds))
        code = OUTCOMES[waiting.process["status"]]
    except TimeoutError:
        code = TIMED_OUT
        print(f"The time is over; the process goes on: {hint(url, 'show', started['id'])}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"\nThe process goes on: {hint(url, 'show', started['id'])}", file=sys.stderr)
        raise
    process = waiting.process or started
    if is_json:
        shown = {"id": process["id"], "status": process["status"], "created": started["created"]}
        print(json.dumps({**shown, "failure": process.get("failure"), "timedOut": code == TIMED_OUT}))
    else:
        print(printable(_sentence(url, process)))
    return code


class _Waiting:
    """The process as it was seen last, and what was printed of it."""

    def __init__(self, url: str, id: str) -> None:
        self.process: Process = {}
        self._url, self._id = url, id
        self._seen: dict[int, tuple[str, int]] = {}
        self._is_warned = False

    async def follow(self, seconds: float | None) -> None:
        """Follow the process until it has an outcome; raises `TimeoutError` if that takes longer."""
        async with asyncio.timeout(seconds), aclosing(live.changes(self._url, {"processIds": [self._id]})) as changes:
            async for _ in changes:
                self.process = await self._read()
                self._print_steps()
                await self._warn()
                if self.process["status"] in OUTCOMES:
                    return

    async def _warn(self) -> None:
        """Say once if the engine stands still: no event comes then."""
        if self._is_warned or self.process["status"] not in NEED_A_WORKER:
            return
        try:
            why = await standstill_async(self._url)
        except ConnectionFailed:  # the events say so, and are connected again
            return
        self._is_warned = True
        if why:
            print(printable(why), file=sys.stderr, flush=True)

    async def _read(self) -> Process:
        while True:
            try:
                process: Process | None = (await request_async(self._url, DOCUMENT, {"id": self._id}))["process"]
            except ConnectionFailed as lost:  # the events may come, although the read failed
                print(printable(f"{lost.message} Trying again …"), file=sys.stderr, flush=True)
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            if process is None:
                raise VerbRefused(f"The process {self._id} is not there any more, or not visible to you.")
            return process

    def _print_steps(self) -> None:
        steps = self.process["steps"]
        for step in steps:
            now = (step["status"], step["attempt"])
            if step["status"] == "PENDING" or self._seen.get(step["index"]) == now:
                continue
            self._seen[step["index"]] = now
            again = f", attempt {step['attempt']}" if step["attempt"] > 1 else ""
            why = f": {step['failure']['message']}" if step["failure"] else ""
            status = styled(f"{step['status']:<17}", STATUSES.get(step["status"]), sys.stderr)
            text = printable(f"{step['name']}{again}{why}")
            print(f"  {step['index'] + 1:>3}/{len(steps)} {status} {text}", file=sys.stderr, flush=True)


def _sentence(url: str, process: Process) -> str:
    text = f"{process['id']} is {process['status']}"
    if failure := process.get("failure"):
        why = f"{failure['code']}: {failure['message'].rstrip('.')}."
        return f"{text}: {why} See `{hint(url, 'show', process['id'])}`."
    if asked := process.get("openInputRequest"):
        form = f"it asks {asked['assignee']['name']}: {asked['title']!r}"
        return f"{text}: {form}. See `{hint(url, 'confirm', process['id'])}`."
    return text
