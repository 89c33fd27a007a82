"""The `Run`: one process of a workflow, with the verbs of a test."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks.rules import Receipt
from orchestrator_gql.commands.callback_operator_actions import complete_callback, reawait_callback, reissue_callback
from orchestrator_gql.commands.input_requests import reject_input_request, submit_form
from orchestrator_gql.commands.processes import abort_process, continue_process, retry_process
from orchestrator_gql.engine.input_requests.requests import DecisionResult
from orchestrator_gql.engine.steps.state import fetched
from orchestrator_gql.forms import NextPage, Page, PageInvalid
from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.process import Process, StepExecution
from orchestrator_gql.reads.input_requests import open_form
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import LOCAL_OPERATOR, Principal
from orchestrator_gql.storage import input_requests, process_locks, processes, product_subscriptions, steps
from orchestrator_gql.testing.callback import Callback
from orchestrator_gql.testing.descriptions import MOVING, describe, form_invalid, page_of, pages_missing
from orchestrator_gql.testing.sent import sent, sent_text
from orchestrator_gql.testing.waiting import until
from orchestrator_gql.types import Json, ProcessStatus


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A process that a `Kit` started.

    ``callbacks`` are the callbacks whose URLs its actions have received so far, in order. ``patience`` is the number
    of seconds of real time that every verb waits before it raises `AssertionError`.
    """

    id: UUID
    callbacks: Sequence[Callback] = field(repr=False)
    patience: float = field(repr=False)
    _runtime: Runtime = field(repr=False)

    async def process(self) -> Process:
        """The process as it is now: ``status``, ``state``, ``failure``."""
        process = await self._runtime.database.read(lambda conn: processes.load(conn, self.id))
        assert process is not None
        return replace(process, state=await fetched(self._runtime, process.state))

    async def rests(self, status: ProcessStatus | str | None = None) -> Process:
        """Wait until the process rests: it goes on only after a callback, a person or the clock. Return the process.

        Its status is then SUSPENDED, AWAITING_CALLBACK, WAITING, FAILED, ABORTED or COMPLETED. Raises `AssertionError`
        if it rests in another status than ``status``, or does not rest within the patience.
        """

        async def look() -> Process | None:
            process = await self.process()
            return None if process.status in MOVING or await self._has_its_turn(process) else process

        process = await until(self._runtime, look, awaited=self._moving_process, patience=self.patience)
        if status is not None and process.status != status:
            raise AssertionError(f"Expected {status}: {describe(process)}")
        return process

    async def steps(self) -> list[StepExecution]:
        """The step executions so far, in order: ``name``, ``status``, ``attempt``, ``failure`` and more."""
        return await self._runtime.database.read(lambda conn: steps.of_process(conn, self.id))

    async def callback(self, name: str | None = None) -> Callback:
        """Wait for the open callback, also while its action still runs; ``name`` selects one of several.

        If the process rests without an open callback, return the newest callback. Raises `AssertionError` if there was
        no callback.
        """

        async def look() -> Callback | Process | None:
            process = await self.process()  # before the list: a callback issued later must not count as its last
            callbacks = self._callbacks_named(name)
            if callbacks and (await callbacks[-1].stored()).is_open:
                return callbacks[-1]
            return None if process.status in MOVING else process

        result: Callback | Process = await until(
            self._runtime, look, awaited=self._moving_process, patience=self.patience
        )
        if isinstance(result, Callback):
            return result
        if callbacks := self._callbacks_named(name):
            return callbacks[-1]
        which = f"a callback URL for {name!r}" if name else "a callback URL"
        raise AssertionError(f"No action received {which}: {describe(result)}")

    def _callbacks_named(self, name: str | None) -> list[Callback]:
        return [callback for callback in self.callbacks if name in (None, callback.name)]

    async def answer(self, result: Json, *, name: str | None = None) -> Receipt:
        """Deliver the result to `callback(name)`; see `Callback.answer`."""
        return await (await self.callback(name)).answer(result)

    async def report(self, progress: Json, *, name: str | None = None) -> Receipt:
        """Report progress to `callback(name)`; see `Callback.report`."""
        return await (await self.callback(name)).report(progress)

    async def fail(
        self,
        message: str,
        *,
        name: str | None = None,
        code: str = "failed-by-remote",
        details: Json = None,
        is_retryable: bool = False,
    ) -> Receipt:
        """Report to `callback(name)` that the job failed; see `Callback.fail`."""
        callback = await self.callback(name)
        return await callback.fail(message, code=code, details=details, is_retryable=is_retryable)

    async def reissue(self, *, name: str | None = None, by: Principal = LOCAL_OPERATOR) -> None:
        """Run the action of `callback(name)` again with a fresh URL. Raises `InvalidState`, `CallbackClosed`."""
        stored = await (await self.callback(name)).stored()
        await reissue_callback(self._runtime, by, callback_id=stored.id)

    async def wait_on(self, timeout: float, *, name: str | None = None, by: Principal = LOCAL_OPERATOR) -> None:
        """Wait ``timeout`` more seconds for `callback(name)`, at the same URL. Raises `InvalidState`."""
        stored = await (await self.callback(name)).stored()
        await reawait_callback(self._runtime, by, callback_id=stored.id, timeout=timeout)

    async def complete(
        self, result: Json, reason: str = "typed in", *, name: str | None = None, by: Principal = LOCAL_OPERATOR
    ) -> None:
        """Type in the result of `callback(name)`. Raises `InvalidState`, and `PayloadInvalid` for a broken contract."""
        stored = await (await self.callback(name)).stored()
        typed, why = sent(result), str(sent(reason))
        await complete_callback(self._runtime, by, callback_id=stored.id, result=typed, reason=why)

    async def page(self, *pages: Json) -> Page:
        """The page of the open form after the answers ``pages``: ``schema`` (JSON Schema), ``initial_data``, ``title``…

        Nothing is stored. Raises `FormInvalid` if an answer is not accepted; its ``errors`` name the fields.
        """
        request = await self._open_request()
        turn = await open_form(self._runtime, LOCAL_OPERATOR, request, [sent(page) for page in pages])
        assert turn is not None, "the request was just open: did another task of the test decide it?"
        return page_of(turn, _form(request))

    async def submit(self, *pages: Json, by: Principal = LOCAL_OPERATOR, comment: str | None = None) -> None:
        """Wait for the open form and submit all its pages. The form stays open while approvals are missing.

        Raises `FormInvalid` if a page is not accepted (its ``errors`` name the fields, and the form stays open),
        `AssertionError` if pages are missing, and `Forbidden`, `AlreadyDecided` or `StaleForm`.
        """
        request = await self._open_request()
        given, text = [sent(page) for page in pages], sent_text(comment)
        outcome = await submit_form(self._runtime, by, input_request_id=request.id, pages=given, comment=text)
        match outcome:
            case PageInvalid():
                raise form_invalid(outcome, _form(request))
            case NextPage():
                raise pages_missing(outcome, _form(request))
            case DecisionResult():
                return

    async def confirm(self, *, by: Principal = LOCAL_OPERATOR, comment: str | None = None) -> None:
        """Submit a form of one page without required fields."""
        await self.submit({}, by=by, comment=comment)

    async def reject(self, comment: str, *, to_earlier_step: bool = False, by: Principal = LOCAL_OPERATOR) -> None:
        """Reject the open form, or send the process back to the step that the form's ``on_reject`` names.

        Raises `PayloadInvalid` without a comment, `InvalidState` if there is no such step, and `Forbidden` or
        `AlreadyDecided`.
        """
        request = await self._open_request()
        await reject_input_request(
            self._runtime, by, input_request_id=request.id, comment=str(sent(comment)), to_earlier_step=to_earlier_step
        )

    async def asked(self) -> InputRequest:
        """The open input request: its team (``assignee``), due date, needed approvals and claim."""
        return await self._open_request()

    async def retry(self, *, by: Principal = LOCAL_OPERATOR) -> None:
        """Wait until the process rests, then retry its failed step. Raises `InvalidState` if no step failed."""
        await self.rests()
        await retry_process(self._runtime, by, process_id=self.id)

    async def continue_now(self, reason: str, *, by: Principal = LOCAL_OPERATOR) -> None:
        """Wait until the process rests, then end its wait for a time (`wait_until`).

        Raises `InvalidState` if it does not wait for a time, and `PayloadInvalid` without a reason.
        """
        await self.rests()
        await continue_process(self._runtime, by, process_id=self.id, reason=str(sent(reason)))

    async def abort(self, reason: str | None = None, *, by: Principal = LOCAL_OPERATOR) -> None:
        """Abort the process, even in the middle of a step. Raises `InvalidState` if it has ended."""
        await abort_process(self._runtime, by, process_id=self.id, reason=sent_text(reason))

    async def product_subscriptions(self) -> list[dict[str, Any]]:
        """The stored models of the process's product subscriptions, as JSON."""

        def look(conn: Connection) -> list[dict[str, Any]]:
            ids = product_subscriptions.ids_of_processes(conn, [self.id]).get(self.id, [])
            stored = product_subscriptions.models(conn, ids)
            return [stored[id] for id in ids]

        return await self._runtime.database.read(look)

    async def _has_its_turn(self, process: Process) -> bool:
        """True if the process waits for its lock, and no other process is before it: it begins at once."""
        if not process.is_queued:
            return False
        return self.id not in await self._runtime.database.read(lambda conn: process_locks.holders(conn, [self.id]))

    async def _open_request(self) -> InputRequest:
        process = await self.rests()
        request = await self._runtime.database.read(lambda conn: input_requests.open_of_process(conn, self.id))
        if request is None:
            raise AssertionError(f"No form is open: {describe(process)}")
        return request

    async def _moving_process(self) -> str:
        return f"the process to rest: {describe(await self.process())}"


def _form(request: InputRequest) -> str:
    return f"The form {request.title!r}"
