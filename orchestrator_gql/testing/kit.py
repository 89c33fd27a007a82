"""The `Kit`: a test's own engine, on which the test starts workflows and turns the clock."""

from collections.abc import Iterable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from orchestrator_gql.commands.workflow_starts import Started, start_workflow
from orchestrator_gql.forms import NextPage, Page, PageInvalid
from orchestrator_gql.reads.input_requests import start_form
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import LOCAL_OPERATOR, Principal
from orchestrator_gql.storage import listing, process_lists, timers
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.storage.process_filters import ProcessFilter
from orchestrator_gql.testing.callback import Callback
from orchestrator_gql.testing.clock import TurnableClock
from orchestrator_gql.testing.deployed import StandIns, deployed
from orchestrator_gql.testing.descriptions import MOVING, describe, form_invalid, page_of, pages_missing
from orchestrator_gql.testing.engine import at_work, fresh_database, own_settings
from orchestrator_gql.testing.run import Run
from orchestrator_gql.testing.sent import sent, sent_text
from orchestrator_gql.testing.waiting import until
from orchestrator_gql.types import Json
from orchestrator_gql.workflow.model import AwaitStep, Workflow

PATIENCE = 10.0


class Kit:
    """An engine with these workflows; it runs during the ``async with`` block, on a temporary SQLite file.

    ``instead`` maps names of steps to other functions, whose arguments are bound like those of steps. ``patience``
    (seconds of real time) limits every wait. ``settings`` are settings of a deployment, such as
    ``callback_timeout=60``; the environment is not read. The clock stands still until `turn`.
    """

    def __init__(
        self, *workflows: Workflow, instead: StandIns | None = None, patience: float = PATIENCE, **settings: Any
    ) -> None:
        self._workflows = deployed(workflows, instead or {}, self._add_callback)
        self._patience = patience
        self._settings = {"grace": 1.0, "heartbeat": 0.5, "services": _services(workflows), **settings}
        self._clock = TurnableClock()
        self._callbacks: dict[UUID, list[Callback]] = {}
        self._stack = AsyncExitStack()
        self._open: Runtime | None = None

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="orchestrator-kit-")))
            settings = own_settings(**{"database_url": await fresh_database(folder), **self._settings})
            self._open = await stack.enter_async_context(at_work(settings, self._workflows, self._clock))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def now(self) -> datetime:
        """The current instant of the kit's clock."""
        return self._clock.now()

    async def start(
        self, workflow: Workflow | str, *pages: Json, by: Principal = LOCAL_OPERATOR, note: str | None = None
    ) -> Run:
        """Start a workflow with all pages of its start form.

        Raises `FormInvalid` if a page is not accepted (its ``errors`` name the fields), `AssertionError` if pages are
        missing, and `Forbidden`, `WorkflowBlocked`, `ResourceLocked`, `SubscriptionLocked` or `NotFound`. What is no
        JSON, such as a date, or what the server refuses in JSON, is `PayloadInvalid`, here as in each verb that sends.
        """
        name = _name(workflow)
        given = [sent(page) for page in pages]
        outcome = await start_workflow(self._runtime, by, workflow_name=name, pages=given, note=sent_text(note))
        match outcome:
            case PageInvalid():
                raise form_invalid(outcome, _form(name))
            case NextPage():
                raise pages_missing(outcome, _form(name))
            case Started(process):
                callbacks = self._callbacks.setdefault(process.id, [])
                return Run(process.id, callbacks, self._patience, self._runtime)

    async def page(self, workflow: Workflow | str, *pages: Json, by: Principal = LOCAL_OPERATOR) -> Page:
        """The page of the start form after the answers ``pages``; see `Run.page`."""
        name = _name(workflow)
        turn = await start_form(self._runtime, by, workflow_name=name, pages=[sent(page) for page in pages])
        return page_of(turn, _form(name))

    async def turn(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Turn the clock forward: everything that falls due meanwhile happens at its own instant, in order.

        Every process must rest before and after: raises `AssertionError` if a process does not, such as in an action
        that waits for the test.
        """
        end = self.now + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        await self.rests()
        while (due := await self._next_due()) is not None and due <= end:
            self._go_to(due)
            await until(self._runtime, self._fired, awaited="the due timers to fire", patience=self._patience)
            await self.rests()
        self._go_to(end)

    async def rests(self) -> None:
        """Wait until every process rests; see `Run.rests`."""
        await until(self._runtime, self._is_still, awaited=self._moving_processes, patience=self._patience)

    @property
    def _runtime(self) -> Runtime:
        assert self._open is not None, "open the kit first: `async with Kit(...) as kit:`"
        return self._open

    def _go_to(self, instant: datetime) -> None:
        self._clock.turn(max((instant - self.now).total_seconds(), 0))
        self._runtime.timers.set()

    async def _next_due(self) -> datetime | None:
        return await self._runtime.database.read(timers.next_due)

    async def _fired(self) -> bool:
        due = await self._next_due()
        return due is None or due > self.now

    async def _is_still(self) -> bool:
        moving = ProcessFilter(statuses=MOVING)
        return await self._runtime.database.read(lambda conn: process_lists.count(conn, moving)) == 0

    async def _moving_processes(self) -> str:
        moving = ProcessFilter(statuses=MOVING)
        page = await self._runtime.database.read(
            lambda conn: listing.process_page(conn, moving, PageArgs(10), by_update=False, is_descending=False)
        )
        return "every process to rest: " + "; ".join(describe(process) for _, process in page.items)

    def _add_callback(self, step: str, name: str | None, route: str) -> None:
        """Store the callback URL that an action received; an action that is no coroutine calls this from a thread."""
        process_id = UUID(route.rsplit("/", 3)[1])
        # The action may run before `start` has returned, so the list is shared with the Run.
        self._callbacks.setdefault(process_id, []).append(Callback(step, name, process_id, route, self._runtime))


def _services(workflows: Iterable[Workflow]) -> dict[str, Any]:
    """Settings for every remote service of the workflows, without authentication: the kit plays the services."""
    steps = (step for workflow in workflows for step in workflow.all_steps(is_aborted=True))
    return {step.service: {} for step in steps if isinstance(step, AwaitStep) and step.service is not None}


def _name(workflow: Workflow | str) -> str:
    return workflow if isinstance(workflow, str) else workflow.name


def _form(workflow_name: str) -> str:
    return f"The start form of {workflow_name!r}"
