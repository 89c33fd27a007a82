"""Checks whether a person may decide an open input request, and locks the request for the decision.

`load_open_request` runs authors' code outside of any transaction. `lock_open_request` then checks in the transaction
that nothing has changed. `expect_open_request` lets PostgreSQL check it, in the round trip of the COMMIT.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine import authorization, commit
from orchestrator_gql.engine.commit import Fenced
from orchestrator_gql.engine.input_requests import unanswered
from orchestrator_gql.engine.pending_transitions import PendingTransitions, commit_context, with_current_definition
from orchestrator_gql.input_requests.decision import (
    Decision,
    InputRequest,
    demand_may_decide,
    demand_not_approved_by,
    demand_not_claimed_by_other,
    demand_open,
)
from orchestrator_gql.process import Process, fingerprint, steps_of
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal
from orchestrator_gql.storage import audit, input_requests, processes
from orchestrator_gql.storage.database.prepared import PreparedRead, keep_ahead, read_ahead, rows_together
from orchestrator_gql.storage.expected_processes import expect
from orchestrator_gql.storage.processes import Standing
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.errors import InvalidState, NotFound, StaleForm
from orchestrator_gql.workflow.model import AwaitStep, InputStep, Workflow

AuditHead: TypeAlias = Sequence[Sequence[Any]]
"""The row of the newest entry in an audit chain, if there is one."""


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """An open input request, the decisions on it so far, and the step that asks.

    ``is_of_wait``: the engine asks what to do about a wait that ended without a result. ``head`` has the columns of the
    newest entry in the audit chain of the process, on PostgreSQL.
    """

    request: InputRequest
    decisions: tuple[Decision, ...]
    process: Process
    workflow: Workflow
    step: InputStep
    is_of_wait: bool
    head: AuditHead | None = None

    @property
    def is_expected(self) -> bool:
        """True if `expect_open_request` can take the place of `lock_open_request`: nothing but the process, the request
        and the audit chain is read, and no author's code runs in the transaction."""
        is_plain = self.request.is_undecided and not (self.is_of_wait or self.step.lenses)
        return is_plain and self.head is not None


class LockedRequest(NamedTuple):
    """An open input request and the decisions on it, under the lock of its process."""

    process: Process
    standing: Standing
    request: InputRequest
    decisions: tuple[Decision, ...]


Lock: TypeAlias = Callable[[Connection, OpenRequest, Principal], LockedRequest]
"""`lock_open_request` or `expect_open_request`."""


async def load_open_request(runtime: Runtime, principal: Principal, input_request_id: UUID) -> OpenRequest:
    """The open request, if the principal may decide it now.

    Raises `NotFound`, `AlreadyDecided`, `InputRequestClosed`, `Forbidden`, `SelfApproval`, `ClaimedByOther`,
    `InvalidState` if the workflow is not deployed here, and `StaleForm` if the process cannot continue with the
    deployed workflow.
    """
    found = await runtime.database.read_current(lambda conn: _read_with_head(conn, input_request_id))
    request, decisions, process, head = found
    workflow = runtime.registry.find(process.workflow_name)
    if workflow is None:
        raise InvalidState(f"The workflow {process.workflow_name!r} is not deployed here.", process_id=process.id)
    if process.fingerprint != fingerprint(process, workflow):
        process = await _under_current_definition(runtime, process, workflow)
    step = steps_of(process, workflow)[request.step_index]
    await demand_may_answer(runtime, principal, request, decisions, process, workflow)
    input_step = await unanswered.input_step_of(runtime, process, request.step_index, step)
    assert input_step is not None, "only a step that asks opens a request"
    is_of_wait = input_step is not step
    return OpenRequest(request, tuple(decisions), process, workflow, input_step, is_of_wait=is_of_wait, head=head)


async def demand_may_answer(
    runtime: Runtime,
    principal: Principal,
    request: InputRequest,
    decisions: Sequence[Decision],
    process: Process,
    workflow: Workflow,
) -> None:
    """Raise the typed error, if the principal may not decide the open request in its current state."""
    await authorization.demand_resume(runtime, principal, workflow, request.step_index, request.assignee)
    step = steps_of(process, workflow)[request.step_index]
    if isinstance(step, AwaitStep):
        await unanswered.demand_may_choose(runtime, principal, workflow, request.step_index)
    allows_self = step.allow_self_approval if isinstance(step, InputStep) else True
    demand_may_decide(request, principal, decisions, allows_self=allows_self, started_by=process.created_by)


def lock_open_request(conn: Connection, opened: OpenRequest, principal: Principal) -> LockedRequest:
    """Lock the process, and read it, the request and its decisions in their current state.

    Raises `AlreadyDecided`, `InputRequestClosed` or `StaleForm` if the request or the process changed since
    `load_open_request`, and the errors of `demand_may_still`.
    """
    locked = processes.lock_standing(conn, opened.process.id, _read_next(opened.request))
    request, decisions = _read_request(conn, opened.request.id)
    if locked is None:
        raise NotFound("process", opened.process.id)
    process, standing = locked
    if process.seq != opened.process.seq:
        raise StaleForm(process_id=process.id)
    demand_may_still(opened, request, decisions, principal)
    return LockedRequest(process, standing, request, tuple(decisions))


def expect_open_request(conn: Connection, opened: OpenRequest, _: Principal) -> LockedRequest:
    """As `lock_open_request`, for a request that is most likely as `load_open_request` found it.

    If the process changed, the database refuses the COMMIT. If the request changed, its write refuses it: each change
    that matters increases the version. If the audit chain grew, its unique number refuses it.
    """
    assert opened.head is not None, "only PostgreSQL has a round trip to save"
    standing = expect(conn, opened.process)
    keep_ahead(conn, audit.reading_head(opened.process.id), opened.head)
    return LockedRequest(opened.process, standing, opened.request, opened.decisions)


def _read_next(request: InputRequest) -> list[PreparedRead]:
    """What a decision on the request reads under the lock of its process."""
    reads = [input_requests.reading(request.id), audit.reading_head(request.process_id)]
    return reads if request.is_undecided else [*reads, input_requests.reading_decisions(request.id)]


def lock_unread_request(conn: Connection, input_request_id: UUID) -> tuple[Process, InputRequest, tuple[Decision, ...]]:
    """Like `lock_open_request`, for a request that was not read by `load_open_request` before. Raises `NotFound`."""
    stored = input_requests.load(conn, input_request_id)
    if stored is None:
        raise NotFound("input request", input_request_id)
    processes.hold(conn, stored.process_id)
    read_ahead(conn, [input_requests.reading(input_request_id), input_requests.reading_process(input_request_id)])
    request, decisions, process = _read(conn, input_request_id)
    return process, request, tuple(decisions)


def demand_may_still(
    opened: OpenRequest, request: InputRequest, decisions: Sequence[Decision], principal: Principal
) -> None:
    """Raise if the principal may no longer decide a request that `load_open_request` allowed.

    Only facts that other people can change meanwhile are checked: the approvals, the claim and the assignee.
    """
    demand_not_approved_by(request, principal, decisions)
    demand_not_claimed_by_other(request, principal)
    if request.assignee != opened.request.assignee:
        raise StaleForm(process_id=request.process_id, current_version=request.version)


def _read_request(conn: Connection, input_request_id: UUID) -> tuple[InputRequest, list[Decision]]:
    request = input_requests.load(conn, input_request_id)
    if request is None:
        raise NotFound("input request", input_request_id)
    decisions = [] if request.is_undecided else input_requests.decisions_on(conn, request.id)
    demand_open(request, decisions[-1] if decisions else None)
    return request, decisions


def _read_with_head(conn: Connection, id: UUID) -> tuple[InputRequest, list[Decision], Process, AuditHead | None]:
    if conn.dialect.name == "sqlite":
        return *_read(conn, id), None
    head = input_requests.reading_head(id)
    read_ahead(conn, [head, input_requests.reading(id), input_requests.reading_process(id)])
    (rows,) = rows_together(conn, [head])
    return *_read(conn, id), [tuple(row.values()) for row in rows]


def _read(conn: Connection, input_request_id: UUID) -> tuple[InputRequest, list[Decision], Process]:
    request, decisions = _read_request(conn, input_request_id)
    process = input_requests.process_of(conn, request.id)
    if process is None:
        raise NotFound("process", request.process_id)
    return request, decisions, process


async def _under_current_definition(runtime: Runtime, process: Process, workflow: Workflow) -> Process:
    """The process under the deployed definition. Raises `StaleForm` if the process cannot continue and failed."""

    def change(conn: Connection) -> Process:
        pending = with_current_definition(conn, PendingTransitions(process), workflow)
        return commit.apply(conn, process, pending, commit_context(runtime, steps_of(process, workflow))).process

    try:
        changed = await runtime.database.transaction(change)
    except Fenced:
        raise StaleForm(process_id=process.id) from None
    if changed.status is ProcessStatus.FAILED and changed.failure is not None:
        raise StaleForm(changed.failure.message, process_id=process.id, current_version=changed.version)
    return changed
