"""One process of a workflow, in the words of whoever tests it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks.rules import Receipt
from orchestrator_gql.commands.callback_operator_actions import complete_callback, reawait_callback, reissue_callback
from orchestrator_gql.commands.input_requests import reject_input_request, submit_form
from orchestrator_gql.commands.processes import abort_process, retry_process
from orchestrator_gql.engine.input_requests.requests import DecisionResult
from orchestrator_gql.engine.steps.state import fetched
from orchestrator_gql.forms import NextPage, Page, PageInvalid
from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.process import Process, StepExecution
from orchestrator_gql.reads.input_requests import open_form
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import LOCAL_OPERATOR, Principal
from orchestrator_gql.storage import input_requests, processes, product_subscriptions, steps
from orchestrator_gql.testing.callback import Callback
from orchestrator_gql.testing.descriptions import MOVING, refused, shown, standing, unfinished
from orchestrator_gql.testing.waiting import until
from orchestrator_gql.types import Json, ProcessStatus


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A process that a `Kit` started.

    ``callbacks`` are the URLs that its actions were handed so far, in order. ``patience``: the seconds of real time
    that every verb waits for what it needs before it raises `AssertionError`.
    """

    id: UUID
    callbacks: Sequence[Callback] = field(repr=False)
    patience: float = field(repr=False)
    _runtime: Runtime = field(repr=False)

    async def process(self) -> Process:
        """Where it stands this instant: ``status``, ``state``, ``failure``."""
        found = await self._runtime.database.read(lambda conn: processes.load(conn, self.id))
        assert found is not None
        return replace(found, state=await fetched(self._runtime, found.state))

    async def rests(self, status: ProcessStatus | str | None = None) -> Process:
        """Where it stands once nothing is left to do without a callback, a person or the clock.

        It rests SUSPENDED, AWAITING_CALLBACK, WAITING, FAILED, ABORTED or COMPLETED. `AssertionError` where it rests
        in another status than the one named, or moves on for longer than the patience lasts.
        """

        async def look() -> Process | None:
            process = await self.process()
            return None if process.status in MOVING else process

        process = await until(self._runtime, look, told=self._unrest, patience=self.patience)
        if status is not None and process.status != status:
            raise AssertionError(f"Expected {status}: {standing(process)}")
        return process

    async def steps(self) -> list[StepExecution]:
        """Every visit of a step so far, in order: ``name``, ``status``, ``attempt``, ``failure`` and more."""
        return await self._runtime.database.read(lambda conn: steps.of_process(conn, self.id))

    async def callback(self, name: str | None = None) -> Callback:
        """The URL that is open, as soon as there is one, even while its action runs; of several the one so named.

        Where the process rests without one, the newest that there was. `AssertionError` where there was none.
        """

        async def look() -> Callback | Process | None:
            process = await self.process()  # before the list: a URL handed out since then is not taken for its last
            heard = self._heard(name)
            if heard and (await heard[-1].stored()).is_open:
                return heard[-1]
            return None if process.status in MOVING else process

        found: Callback | Process = await until(self._runtime, look, told=self._unrest, patience=self.patience)
        if isinstance(found, Callback):
            return found
        if heard := self._heard(name):
            return heard[-1]
        which = f"a callback URL for {name!r}" if name else "a callback URL"
        raise AssertionError(f"No action was handed {which}: {standing(found)}")

    def _heard(self, name: str | None) -> list[Callback]:
        return [callback for callback in self.callbacks if name in (None, callback.name)]

    async def answer(self, result: Json, *, name: str | None = None) -> Receipt:
        """Answer `callback(name)` with the result; see `Callback.answer`."""
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
        """Have the action of `callback(name)` run again with a fresh URL. `InvalidState`, `CallbackClosed`."""
        stored = await (await self.callback(name)).stored()
        await reissue_callback(self._runtime, by, callback_id=stored.id)

    async def wait_on(self, timeout: float, *, name: str | None = None, by: Principal = LOCAL_OPERATOR) -> None:
        """Wait ``timeout`` more seconds for `callback(name)`, at the same URL. `InvalidState`."""
        stored = await (await self.callback(name)).stored()
        await reawait_callback(self._runtime, by, callback_id=stored.id, timeout=timeout)

    async def complete(
        self, result: Json, reason: str = "typed in", *, name: str | None = None, by: Principal = LOCAL_OPERATOR
    ) -> None:
        """Type the result of `callback(name)` in. `InvalidState`, and `PayloadInvalid` for a broken contract."""
        stored = await (await self.callback(name)).stored()
        await complete_callback(self._runtime, by, callback_id=stored.id, result=result, reason=reason)

    async def page(self, *pages: Json) -> Page:
        """The page that is shown after these answers: ``schema`` (JSON Schema), ``initial_data``, ``title``, …

        `FormInvalid` where an answer is not accepted; ``errors`` are its fields. Nothing is stored.
        """
        request = await self._open_request()
        turned = await open_form(self._runtime, LOCAL_OPERATOR, request, list(pages))
        assert turned is not None, "the request was open a moment ago: did another task of the test answer it?"
        return shown(turned, _form(request))

    async def submit(self, *pages: Json, by: Principal = LOCAL_OPERATOR, comment: str | None = None) -> None:
        """Answer the form that is open, or opens next, with all of its pages; it stays open while approvals are
        missing.

        `FormInvalid` where a page is not accepted: its ``errors`` name the fields, and the form stays open.
        `AssertionError` where pages are left to answer. `Forbidden`, `AlreadyDecided`, `StaleForm`.
        """
        request = await self._open_request()
        said = await submit_form(self._runtime, by, input_request_id=request.id, pages=list(pages), comment=comment)
        match said:
            case PageInvalid():
                raise refused(said, _form(request))
            case NextPage():
                raise unfinished(said, _form(request))
            case DecisionResult():
                return

    async def confirm(self, *, by: Principal = LOCAL_OPERATOR, comment: str | None = None) -> None:
        """Answer a form of one page on which nothing must be filled in."""
        await self.submit({}, by=by, comment=comment)

    async def reject(self, comment: str, *, to_earlier_step: bool = False, by: Principal = LOCAL_OPERATOR) -> None:
        """Refuse what the open form asks, or send it back to the step that its ``on_reject`` names.

        `PayloadInvalid` without a comment, `InvalidState` where there is no way back. `Forbidden`, `AlreadyDecided`.
        """
        request = await self._open_request()
        await reject_input_request(
            self._runtime, by, input_request_id=request.id, comment=comment, to_earlier_step=to_earlier_step
        )

    async def asked(self) -> InputRequest:
        """The open form: whose it is (``assignee``), until when, how many must say yes and who has taken it."""
        return await self._open_request()

    async def retry(self, *, by: Principal = LOCAL_OPERATOR) -> None:
        """Enter again at the step that failed, once it has. `InvalidState` where nothing is there to retry."""
        await self.rests()
        await retry_process(self._runtime, by, process_id=self.id)

    async def abort(self, reason: str | None = None, *, by: Principal = LOCAL_OPERATOR) -> None:
        """Abort it wherever it stands, even in the middle of a step. `InvalidState` where it has ended."""
        await abort_process(self._runtime, by, process_id=self.id, reason=reason)

    async def product_subscriptions(self) -> list[dict[str, Any]]:
        """The stored models of the product subscriptions that it works on, as JSON."""

        def look(conn: Connection) -> list[dict[str, Any]]:
            ids = product_subscriptions.ids_of_processes(conn, [self.id]).get(self.id, [])
            stored = product_subscriptions.models(conn, ids)
            return [stored[id] for id in ids]

        return await self._runtime.database.read(look)

    async def _open_request(self) -> InputRequest:
        process = await self.rests()
        found = await self._runtime.database.read(lambda conn: input_requests.open_of_process(conn, self.id))
        if found is None:
            raise AssertionError(f"No form is open: {standing(process)}")
        return found

    async def _unrest(self) -> str:
        return f"the process to rest: {standing(await self.process())}"


def _form(request: InputRequest) -> str:
    return f"The form {request.title!r}"
