"""Counts the functions, files and changes of file that four requests enter, in one process.

The requests are startWorkflow, the POST of a callback, submitForm, and an event on its way to a subscriber. A profiler
counts our functions only: in the task of the request, in the thread that runs a form, and in the thread that writes to
the database. The engine rests meanwhile, so that its own work is not counted; other threads, such as the watch over the
loops, are not counted either.
"""

import asyncio
import gc
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, ClassVar

import httpx
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import orchestrator_gql
from benchmarks.lifecycle import graphql
from benchmarks.table import Line
from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.app import create_app
from orchestrator_gql.forms import FormPage
from orchestrator_gql.testing.engine import own_settings
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.workflow import StepList, workflow

OURS = str(Path(orchestrator_gql.__file__).parent)

ROUNDS = 3

PATIENCE = 20.0
"""Seconds that the engine may take to reach a status."""

START = """mutation ($pages: [JSON!]!) { startWorkflow(input: {workflowName: "journey", pages: $pages}) {
  __typename ... on StartWorkflowSuccess { process { id status } } } }"""
STATUS = "query ($id: ID!) { process(id: $id) { status openInputRequest { id } } }"
SUBMIT = """mutation ($id: ID!) { submitForm(input: {inputRequestId: $id, pages: [{}]}) { __typename
  ... on SubmitFormSuccess { process { id status } } } }"""
NOTE = """mutation ($id: ID!) { updateProcessNote(input: {processId: $id, note: "seen"}) { __typename } }"""
EVENTS = "subscription { processEvents { events { __typename } } }"

FOR_REQUESTS = ("sqlite-commit", "form-")
"""How the names of the threads begin that work only for requests while the engine rests."""

_is_counted: ContextVar[bool] = ContextVar("_is_counted", default=False)


@dataclass(slots=True)
class Journey:
    """What a request entered: our functions, and the order of their files."""

    functions: set[CodeType] = field(default_factory=set)
    files: list[str] = field(default_factory=list)
    is_on: bool = False

    def enter(self, frame: FrameType, event: str, _: Any) -> None:
        """Count a function of ours that begins, or goes on after an await."""
        if event != "call" or not self.is_on or not frame.f_code.co_filename.startswith(OURS):
            return
        if not (_is_counted.get() or threading.current_thread().name.startswith(FOR_REQUESTS)):
            return
        self.functions.add(frame.f_code)
        if not self.files or self.files[-1] != frame.f_code.co_filename:
            self.files.append(frame.f_code.co_filename)

    def length(self) -> tuple[int, int]:
        """The number of changes of file, and the number of functions."""
        return len(self.files), len(self.functions)

    def line(self, name: str) -> Line:
        """The row of the table: functions, files, changes of file."""
        counts = f"{len(self.functions)}/{len(set(self.files))}/{max(len(self.files) - 1, 0)}"
        return Line(name, counts)


@dataclass(slots=True)
class Site:
    """The server in this process, and the callback routes that its action handed out."""

    app: Starlette
    http: httpx.AsyncClient
    journey: Journey
    routes: "asyncio.Queue[str]"

    async def counted(self, request: Callable[[], Awaitable[Any]]) -> Journey:
        """Make the request in a task of its own, with the engine at rest, and count what it enters."""

        async def counting() -> None:
            _is_counted.set(True)
            await request()

        with self._at_rest(), _without_collector():
            self.journey.functions, self.journey.files, self.journey.is_on = set(), [], True
            await asyncio.create_task(counting())
            self.journey.is_on = False
        return Journey(set(self.journey.functions), list(self.journey.files))

    @contextmanager
    def _at_rest(self) -> Iterator[None]:
        """Keep the workers from advancing a process."""
        may_advance = self.app.state.runtime.may_advance
        may_advance.clear()
        try:
            yield
        finally:
            may_advance.set()

    async def until(self, process_id: str, status: str) -> dict[str, Any]:
        """The process, once it has the status."""
        async with asyncio.timeout(PATIENCE):
            while True:
                process: dict[str, Any] = (await graphql(self.http, STATUS, {"id": process_id}))["process"]
                if process["status"] == status:
                    return process
                await asyncio.sleep(0.02)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep finalizers, of whatever was used before, from running in the middle of a request."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def journeys(folder: Path) -> list[Line]:
    """Count the four requests; each is made once before, so that caches are filled and imports are done.

    Of some rounds the shortest counts: the rest of the server, which works beside the request, can only add to it.
    """
    async with _site(folder) as site:
        await _all(site)
        rounds = [await _all(site) for _ in range(ROUNDS)]
        return [min((counted[name] for counted in rounds), key=Journey.length).line(name) for name in rounds[0]]


async def _all(site: Site) -> dict[str, Journey]:
    counted: dict[str, Journey] = {}
    started: dict[str, Any] = {}

    async def start() -> None:
        started.update(await graphql(site.http, START, {"pages": [{"node": "ams-1"}]}))

    counted["startWorkflow: functions/files/changes of file"] = await site.counted(start)
    id = started["startWorkflow"]["process"]["id"]
    route = await site.routes.get()
    await site.until(id, "AWAITING_CALLBACK")
    deliver = site.http.post(route, json={"return_code": 0})
    counted["callback POST (aim: 35 files, 120 changes)"] = await site.counted(lambda: deliver)
    request = (await site.until(id, "SUSPENDED"))["openInputRequest"]["id"]
    counted["submitForm"] = await site.counted(lambda: graphql(site.http, SUBMIT, {"id": request}))
    await site.until(id, "COMPLETED")
    counted["event to a subscriber"] = await _event(site, id)
    return counted


async def _event(site: Site, process_id: str) -> Journey:
    """Count what one event enters in the task of its subscriber, from the wake-up to the frame."""
    frames: asyncio.Queue[bytes] = asyncio.Queue()
    body = b'{"query": "' + EVENTS.encode() + b'"}'
    requests = [{"type": "http.request", "body": body, "more_body": False}]
    gone = asyncio.Event()

    async def receive() -> Any:
        if requests:
            return requests.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            frames.put_nowait(message["body"])

    async def subscribe() -> None:
        _is_counted.set(True)
        await site.app(_sse_scope(len(body)), receive, send)

    subscriber = asyncio.create_task(subscribe())
    while b"processEvents" not in await asyncio.wait_for(frames.get(), PATIENCE):
        pass
    site.journey.functions, site.journey.files = set(), []
    site.journey.is_on = True
    await graphql(site.http, NOTE, {"id": process_id})
    while b"processEvents" not in await asyncio.wait_for(frames.get(), PATIENCE):
        pass
    site.journey.is_on = False
    gone.set()
    await asyncio.wait([subscriber], timeout=PATIENCE)
    return Journey(set(site.journey.functions), list(site.journey.files))


def _sse_scope(length: int) -> dict[str, Any]:
    headers = {"host": "testserver", "accept": "text/event-stream", "content-type": "application/json"}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "root_path": "",
        "headers": [
            *((name.encode(), value.encode()) for name, value in headers.items()),
            (b"content-length", str(length).encode()),
        ],
        "client": ("127.0.0.1", 4711),
        "server": ("testserver", 80),
    }


@dataclass(frozen=True, slots=True)
class PlainReceive:
    """The `receive` of the test's client, which holds nothing of its task, as that of our own server."""

    wrapped: Receive
    is_receive_plain: ClassVar = True

    async def receive(self) -> Message:
        """The next message."""
        return await self.wrapped()


def _as_served(app: ASGIApp) -> ASGIApp:
    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, PlainReceive(receive).receive, send)

    return served


@asynccontextmanager
async def _site(folder: Path) -> AsyncIterator[Site]:
    """The server with one workflow: a start form, a callback, its validation, a form."""
    routes: asyncio.Queue[str] = asyncio.Queue()

    @step("Ask the remote service")
    async def ask(callback_route: str) -> None:
        routes.put_nowait(callback_route)

    @step("Judge")
    async def judge(callback_result: dict[str, Any]) -> State:
        return {"judged": callback_result["return_code"]}

    @inputstep("Confirm")
    def confirm(judged: int) -> FormGenerator:
        class Confirm(FormPage):
            comment: str = f"The return code is {judged}."

        answer = yield Confirm
        data: State = answer.model_dump()
        return data

    def start_form() -> FormGenerator:
        class Start(FormPage):
            node: str

        answer = yield Start
        data: State = answer.model_dump()
        return data

    @workflow("A journey", initial_input_form=start_form)
    def journey() -> StepList:
        return begin >> callback_step("Remote job", ask, judge) >> confirm

    counter = Journey()
    threading.setprofile(counter.enter)
    sys.setprofile(counter.enter)
    try:
        app = create_app(own_settings(database_url=f"sqlite+aiosqlite:///{folder / 'journeys.db'}"), [journey])
        transport = httpx.ASGITransport(_as_served(app), client=("127.0.0.1", 4711))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://testserver") as http,
        ):
            yield Site(app, http, counter, routes)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
