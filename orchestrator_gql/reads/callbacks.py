"""Callbacks in pages, with their delivery attempts and progress logs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import callback_attempts, callbacks, listing
from orchestrator_gql.storage.callback_attempts import Attempt, Progress
from orchestrator_gql.storage.listing import CallbackFilter
from orchestrator_gql.storage.pagination import PageArgs, RowPage, cursor_of, only
from orchestrator_gql.types import CallbackStatus
from orchestrator_gql.utils.errors import CursorInvalid

T = TypeVar("T", Attempt, Progress)


@dataclass(frozen=True, slots=True)
class Log(Generic[T]):
    """A page of the log of a callback, and the number of all its rows."""

    page: RowPage[T]
    total: int


async def callback_page(
    runtime: Runtime, principal: Principal, wanted: CallbackFilter, page_args: PageArgs
) -> RowPage[Callback]:
    """A page of callbacks, newest first."""
    principal.demand(Permission.READ)
    return await runtime.database.read(lambda conn: listing.callback_page(conn, wanted, page_args))


async def callback_count(runtime: Runtime, principal: Principal, wanted: CallbackFilter) -> int:
    """The number of callbacks that fit the filter."""
    principal.demand(Permission.READ)
    return await runtime.database.read(lambda conn: listing.callback_count(conn, wanted))


async def attempt_pages(
    runtime: Runtime, principal: Principal, callback_ids: Sequence[UUID], page_args: PageArgs
) -> dict[UUID, Log[Attempt]]:
    """The same page of the delivery attempts of each callback, in order."""
    principal.demand(Permission.READ)
    after, size = _after(page_args), page_args.size
    logs = await runtime.database.read(lambda conn: callback_attempts.of_callbacks(conn, callback_ids, after, size + 1))
    return {id: _log(rows, total, page_args) for id, (rows, total) in logs.items()}


async def progress_pages(
    runtime: Runtime, principal: Principal, callback_ids: Sequence[UUID], page_args: PageArgs
) -> dict[UUID, Log[Progress]]:
    """The same page of the progress log of each callback, in order."""
    principal.demand(Permission.READ)
    after, size = _after(page_args), page_args.size
    logs = await runtime.database.read(
        lambda conn: callback_attempts.progress_of_callbacks(conn, callback_ids, after, size + 1)
    )
    return {id: _log(rows, total, page_args) for id, (rows, total) in logs.items()}


async def status_of_receipt(runtime: Runtime, receipt: str) -> CallbackStatus | None:
    """The status of the callback whose delivery has that receipt, or None. The receipt is the credential."""
    return await runtime.database.read(lambda conn: callbacks.status_of_receipt(conn, receipt))


def _after(page_args: PageArgs) -> UUID | None:
    if page_args.after is None:
        return None
    try:
        return UUID(only(page_args.after))
    except ValueError as error:
        raise CursorInvalid from error


def _log(rows: list[T], total: int, page_args: PageArgs) -> Log[T]:
    items = tuple((cursor_of(str(row.id)), row) for row in rows[: page_args.size])
    return Log(RowPage(items, len(rows) > page_args.size, page_args.after is not None), total)
