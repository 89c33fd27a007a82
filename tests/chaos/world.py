"""The clients of the servers: a client that starts processes, a remote service, a person who answers forms, a reader.

Each tries again, at any server that answers, until its request is accepted. An accepted request is noted in the history
and must never be lost. A refusal that proves a loss or a mistake is noted as refused.
"""

import asyncio
import itertools
import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import httpx

from chaos.history import History, Observation
from chaos.workflows import journey, straight, troubled
from orchestrator_gql.cli.client import ConnectionFailed, OperationRefused, subscribe
from orchestrator_gql.storage.events import BEGINNING
from orchestrator_gql.workflow.model import Workflow

START = """mutation($input: StartWorkflowInput!) { startWorkflow(input: $input) {
  __typename ... on StartWorkflowSuccess { process { id } } ... on UserError { code message } } }"""
CONFIRM = """mutation($input: SubmitFormInput!) { submitForm(input: $input) {
  __typename ... on UserError { code message } } }"""
NOTE = """mutation($input: UpdateProcessNoteInput!) { updateProcessNote(input: $input) {
  __typename ... on UserError { code message } } }"""
RETRY = """mutation($input: RetryProcessInput!) { retryProcess(input: $input) {
  __typename ... on UserError { code message } } }"""
ABORT = """mutation($input: AbortProcessInput!) { abortProcess(input: $input) {
  __typename ... on UserError { code message } } }"""
PAUSE = """mutation($paused: Boolean!) { setEngineState(input: {paused: $paused}) {
  __typename ... on UserError { code message } } }"""
STANDS = "query($id: ID!) { process(id: $id) { status availableActions } }"
EVENTS = """__typename id cursor processId
  ... on ProcessStatusChangedEvent { fromProcessStatus toProcessStatus }
  ... on StepChangedEvent { stepIndex stepName toStepStatus attempt }
  ... on InputRequestedEvent { inputRequestId }"""
FOLLOW = f"subscription($after: String) {{ processEvents(after: $after) {{ cursor reset events {{ {EVENTS} }} }} }}"
LOG = f"""query($after: String) {{ events(first: 200, after: $after) {{
  nodes {{ {EVENTS} }} pageInfo {{ hasNextPage endCursor }} }} }}"""

AGAIN = 0.02
"""Seconds between two tries."""

AWAY = frozenset({"STORAGE_UNAVAILABLE", "SHUTTING_DOWN"})
ENDED = ("COMPLETED", "ABORTED")
DONE = "ProcessActionSuccess"
PAUSES = (1.0, 4.0)
"""Seconds between two pauses of the engine, from and to."""


class World:
    """All clients, and what they know."""

    def __init__(self, addresses: Sequence[str], history: History, dice: random.Random) -> None:
        self.addresses = list(addresses)
        self.history = history
        self.dice = dice
        self.http = httpx.AsyncClient(trust_env=False, timeout=10)
        self.cursor = BEGINNING
        self.ended: dict[str, str] = {}
        self.remote = ""
        self._numbers = itertools.count()
        self._changed = asyncio.Event()
        self._errands: set[asyncio.Task[None]] = set()

    async def ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """The data of the first answer without an error."""
        while True:
            url = f"{self.dice.choice(self.addresses)}/graphql"
            try:
                response = await self.http.post(url, json={"query": query, "variables": variables})
                body: dict[str, Any] = response.json()
            except (httpx.TransportError, ValueError):
                await asyncio.sleep(AGAIN)
                continue
            if "errors" not in body:
                data: dict[str, Any] = body["data"]
                return data
            if {error.get("extensions", {}).get("code") for error in body["errors"]} - AWAY:
                self.history.note(Observation.REFUSED, what=f"an answer: {body['errors']}")
            await asyncio.sleep(AGAIN)

    async def supply(self, enough: asyncio.Event, at_once: int) -> None:
        """Run ``at_once`` processes at a time until ``enough`` is set, then wait until they end."""

        async def one_after_the_other() -> None:
            while not enough.is_set():
                await self.run()

        tinkering = asyncio.create_task(self.tinker())
        try:
            await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
            while self._errands:
                await asyncio.wait(self._errands)
        finally:
            tinkering.cancel()
            await asyncio.wait([tinkering])
        await self.ask(PAUSE, {"paused": False})

    async def run(self, *workflows: Workflow, busy: float = 0.0) -> str:
        """Start a process, perhaps twice with the same key, and wait until the subscription sends its end; its id.

        The workflows take turns. ``busy``: seconds for which the process blocks the event loop of its worker.
        """
        number = next(self._numbers)
        turns = workflows or (journey, straight, journey, troubled)
        workflow = turns[number % len(turns)].name
        key = f"start-{number}"
        page = {"number": number, "busy": busy}
        values = {"workflowName": workflow, "pages": [page], "idempotencyKey": key}
        for _ in range(self.dice.choice((1, 1, 2))):
            response = await self._start(values)
            if response["__typename"] != "StartWorkflowSuccess":
                self.history.note(Observation.REFUSED, what=f"start {key}: {response}")
                raise AssertionError(f"a start was refused: {response}")
            process_id: str = response["process"]["id"]
            self.history.note(Observation.STARTED, process_id, key=key, number=number)
        if number % 3 == 0:
            await self.write_note(process_id)
        while process_id not in self.ended:
            await self._changed.wait()
        return process_id

    async def _start(self, values: dict[str, Any]) -> dict[str, Any]:
        while True:
            response: dict[str, Any] = (await self.ask(START, {"input": values}))["startWorkflow"]
            if response["__typename"] != "EnginePausedError":
                return response
            await asyncio.sleep(AGAIN)

    async def write_note(self, process_id: str) -> None:
        """Write a note at the process while its steps run."""
        note = f"seen {process_id[-6:]}"
        response = (await self.ask(NOTE, {"input": {"processId": process_id, "note": note}}))["updateProcessNote"]
        if response["__typename"] == DONE:
            self.history.note(Observation.NOTED, process_id, note=note)
        else:
            self.history.note(Observation.REFUSED, process_id, what=f"note: {response}")

    async def mend(self, process_id: str) -> None:
        """Retry the failed process, or abort it if it cannot be retried."""
        while (process := (await self.ask(STANDS, {"id": process_id}))["process"])["status"] == "FAILED":
            is_hopeful = "RETRY" in process["availableActions"]
            response = await self.ask(RETRY if is_hopeful else ABORT, {"input": {"processId": process_id}})
            if next(iter(response.values()))["__typename"] == DONE:
                self.history.note(Observation.RETRIED if is_hopeful else Observation.ABORTED, process_id)
                return
            await asyncio.sleep(AGAIN)  # an earlier request without an answer did it, or the engine is paused

    async def tinker(self) -> None:
        """Pause and resume the engine now and then, and ask whether a server is ready, until cancelled."""
        while True:
            await self.ask(PAUSE, {"paused": True})
            await asyncio.sleep(self.dice.uniform(0.0, 0.5))
            await self.ask(PAUSE, {"paused": False})
            with suppress(httpx.TransportError):  # like a load balancer; the check also tries to write
                await self.http.get(f"{self.dice.choice(self.addresses)}/health/ready")
            await asyncio.sleep(self.dice.uniform(*PAUSES))

    async def confirm(self, process_id: str, request_id: str) -> None:
        """Answer the form."""
        comment = f"seen {request_id[-6:]}"
        values = {"inputRequestId": request_id, "pages": [{"comment": comment}], "idempotencyKey": request_id}
        response = (await self.ask(CONFIRM, {"input": values}))["submitForm"]
        if response["__typename"] == "SubmitFormSuccess":
            self.history.note(Observation.CONFIRMED, process_id, comment=comment)
        else:
            self.history.note(Observation.REFUSED, process_id, what=f"form {request_id}: {response}")

    async def deliver(self, order: dict[str, Any], how: str) -> None:
        """Send the result of a job until a server acknowledges it; some jobs report progress, and some fail."""
        process_id, number = order["process_id"], order["number"]
        payload = {"number": number, "rc": 0}
        if number % 5 == 0:
            await self._post(process_id, f"{order['route']}/progress", {"percent": 50}, can_be_late=True)
        if number % 4 == 3:
            receipt = await self._post(process_id, f"{order['route']}/fail", {"message": "It failed."})
            self.history.note(Observation.FAILED, process_id, receipt=receipt)
            return
        receipt = await self._post(process_id, order["route"], payload)
        self.history.note(Observation.DELIVERED, process_id, receipt=receipt, number=number, how=how)

    async def _post(
        self, process_id: str, route: str, payload: dict[str, Any], can_be_late: bool = False
    ) -> str | None:
        """POST until a server acknowledges; the receipt."""
        while True:
            try:
                response = await self.http.post(self.dice.choice(self.addresses) + route, json=payload)
            except httpx.TransportError:
                await asyncio.sleep(AGAIN)
                continue
            if response.status_code == 200:
                receipt: str | None = response.json().get("receipt")  # a report of progress has none
                return receipt
            if response.status_code < 500:
                if not can_be_late:
                    self.history.note(Observation.REFUSED, process_id, what=f"callback: {response.text}")
                return None
            await asyncio.sleep(AGAIN)

    async def take(self, order: dict[str, Any]) -> None:
        """Take a job as a remote service does, and deliver before the action returns, at once, late, or twice."""
        how = ("early", "at once", "late", "twice")[order["number"] // 4 % 4]
        if how == "early":
            await self.deliver(order, how)
            return
        for _ in range(2 if how == "twice" else 1):
            self._go(self._deliver_after(0.2 if how == "late" else 0.0, order, how))

    async def _deliver_after(self, seconds: float, order: dict[str, Any], how: str) -> None:
        await asyncio.sleep(seconds)
        await self.deliver(order, how)

    async def follow(self) -> None:
        """Read the events after the cursor, with a new connection after each error and now and then."""
        while True:
            address = self.dice.choice(self.addresses)
            try:
                async with aclosing(subscribe(address, FOLLOW, {"after": self.cursor})) as batches:
                    self.history.note(Observation.RECONNECTED, at=address)
                    async for data in batches:
                        self._take_in(data["processEvents"])
                        if self.dice.random() < 0.02:
                            break
            except ConnectionFailed:
                await asyncio.sleep(AGAIN)
            except OperationRefused as error:
                self.history.note(Observation.REFUSED, what=f"the subscription: {error.message}")
                await asyncio.sleep(AGAIN)

    def _take_in(self, batch: dict[str, Any]) -> None:
        if batch["reset"]:
            self.history.note(Observation.REFUSED, what="events: the log no longer reaches back to the cursor")
        for event in batch["events"]:
            process_id = event["processId"]
            self.history.note(Observation.EVENT, process_id, **event)
            if event["__typename"] == "InputRequestedEvent":
                self._go(self.confirm(process_id, event["inputRequestId"]))
            elif event.get("toProcessStatus") == "FAILED":
                self._go(self.mend(process_id))
            elif event.get("toProcessStatus") in ENDED:
                self.ended[process_id] = event["toProcessStatus"]
                self._changed.set()
                self._changed = asyncio.Event()
        self.cursor = batch["cursor"]

    async def log(self) -> list[dict[str, Any]]:
        """All events, by the query, after the subscriber has read as far, or too much time has passed."""
        events: list[dict[str, Any]] = []
        after: str | None = BEGINNING
        while True:
            page = (await self.ask(LOG, {"after": after}))["events"]
            events += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        for _ in range(500):
            if not events or self.cursor == events[-1]["cursor"]:
                break
            await asyncio.sleep(AGAIN)
        return events

    def _go(self, errand: Any) -> None:
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)


@asynccontextmanager
async def world(addresses: Sequence[str], history: History, dice: random.Random) -> AsyncIterator[World]:
    """All clients at work: the remote service listens, the reader reads."""
    clients = World(addresses, history, dice)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
            await clients.take(json.loads(await reader.readexactly(length)))
            writer.write(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    clients.remote = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    reading = asyncio.create_task(clients.follow())
    try:
        yield clients
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        server.close()
        await clients.http.aclose()
