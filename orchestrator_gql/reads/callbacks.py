"""Callbacks in pages, with their delivery attempts and progress logs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks import failures
from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.reads.lists import RowList
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import (
    callback_attempts,
    callback_progress,
    earlier_receipts,
    listing,
    unclaimed_deliveries,
)
from orchestrator_gql.storage import earlier_results as earlier
from orchestrator_gql.storage.callback_attempts import Attempt
from orchestrator_gql.storage.callback_logs import LogRange
from orchestrator_gql.storage.callback_progress import Progress
from orchestrator_gql.storage.pagination import PageArgs, RowPage, cursor_of, only
from orchestrator_gql.types import TAKEN, CallbackStatus, Failure
from orchestrator_gql.utils.errors import CursorInvalid
from orchestrator_gql.utils.secrets import Secrets

T = TypeVar("T", Attempt, Progress)


FINAL_STATUSES = {CallbackStatus.VALIDATED: "validated", CallbackStatus.REJECTED: "rejected"}
"""The statuses of a delivery after validation; before it, and always for a failure report, it is "accepted"."""


PROCESS_FAILURE = "process-failure"
"""The code of a rejection that an earlier release stored without its code."""


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """The status of a delivery in a word; ``replaced_at`` is the time of the operator's result that replaced it."""

    word: str
    replaced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Log(Generic[T]):
    """A page of the log of a callback, and the number of all its rows."""

    page: RowPage[T]
    total: int


callback_list = RowList(listing.callback_page, listing.callback_count)
"""The callbacks, newest first."""


async def earlier_results(runtime: Runtime, principal: Principal, callback: Callback) -> list[Callback]:
    """The callbacks with an earlier result to compare with that of the callback, the newest first."""
    principal.demand(Permission.READ)
    return await runtime.database.read(partial(earlier.earlier_results, callback=callback))


async def attempt_pages(
    runtime: Runtime, principal: Principal, callback_ids: Sequence[UUID], page_args: PageArgs
) -> dict[UUID, Log[Attempt]]:
    """The same page of the delivery attempts of each callback, in order."""
    principal.demand(Permission.READ)
    wanted = _range(page_args)
    logs = await runtime.database.read(lambda conn: callback_attempts.of_callbacks(conn, callback_ids, wanted))
    return {id: _log(rows, total, page_args) for id, (rows, total) in logs.items()}


async def progress_pages(
    runtime: Runtime, principal: Principal, callback_ids: Sequence[UUID], page_args: PageArgs
) -> dict[UUID, Log[Progress]]:
    """The same page of the progress log of each callback, in order."""
    principal.demand(Permission.READ)
    wanted = _range(page_args)
    logs = await runtime.database.read(lambda conn: callback_progress.of_callbacks(conn, callback_ids, wanted))
    return {id: _log(rows, total, page_args) for id, (rows, total) in logs.items()}


async def status_of_receipt(runtime: Runtime, receipt: UUID) -> DeliveryStatus | None:
    """The status of the delivery that has that receipt, or None. The receipt is the credential."""
    now = runtime.clock.now()
    return await runtime.database.read(lambda conn: _status_of_receipt(conn, receipt, now))


def _status_of_receipt(conn: Connection, receipt: UUID, now: datetime) -> DeliveryStatus | None:
    earlier_of = earlier_receipts.callback_of(conn, str(receipt))
    delivery = callback_attempts.of_receipt(conn, str(receipt), earlier_of)
    if delivery is None:
        return DeliveryStatus("unclaimed") if unclaimed_deliveries.has(conn, receipt, now) else None
    if delivery.is_result:
        return DeliveryStatus(FINAL_STATUSES.get(delivery.status, "accepted"))
    if delivery.outcome in TAKEN:
        return DeliveryStatus("replaced", delivery.received_at)
    return DeliveryStatus("refused")


def failure_of(callback: Callback, secrets: Secrets) -> Failure | None:
    """The failure with which the wait for the result ended, without the secrets of the process; None if it did not."""
    match callback.status:
        case CallbackStatus.REJECTED:
            judged = callback.validation or {}
            at = datetime.fromisoformat(judged["validated_at"]) if judged else callback.issued_at
            code, message = judged.get("code") or PROCESS_FAILURE, judged.get("message") or ""
            failure = Failure(code, message, at, judged.get("details"))
        case CallbackStatus.FAILED_BY_REMOTE | CallbackStatus.EXPIRED | CallbackStatus.HEARTBEAT_LOST:
            is_expired = callback.status is CallbackStatus.EXPIRED
            at = (callback.expires_at if is_expired else callback.heartbeat_due_at) or callback.issued_at
            failure = failures.failure_of(callback, at)
        case _:
            return None
    return replace(failure, message=secrets.text(failure.message), details=secrets.concealed(failure.details))


def _range(page_args: PageArgs) -> LogRange:
    after, before = _id_at(page_args.after), _id_at(page_args.before)
    return LogRange(page_args.size + 1, after, before, page_args.is_backward)


def _id_at(cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    try:
        return UUID(only(cursor))
    except ValueError as error:
        raise CursorInvalid from error


def _log(rows: list[T], total: int, page_args: PageArgs) -> Log[T]:
    has_more, is_backward = len(rows) > page_args.size, page_args.is_backward
    kept = rows[max(len(rows) - page_args.size, 0) :] if is_backward else rows[: page_args.size]
    items = tuple((cursor_of(str(row.id)), row) for row in kept)
    if is_backward:
        return Log(RowPage(items, has_next=page_args.before is not None, has_previous=has_more), total)
    return Log(RowPage(items, has_next=has_more, has_previous=page_args.after is not None), total)
