"""Types that several nouns share: nodes, pages of lists, users, failures."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Generic, TypeVar

import strawberry

from orchestrator_gql import types as ground
from orchestrator_gql.graphql.context import Context, Info
from orchestrator_gql.graphql.redaction import Whole
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.reads.lists import RowList
from orchestrator_gql.reads.processes import traceback_of
from orchestrator_gql.security import LOCAL_OPERATOR, Principal
from orchestrator_gql.storage.failure_reasons import reason_of
from orchestrator_gql.storage.pagination import MOST_COUNTED, PageArgs, RowPage, cursor_of, only
from orchestrator_gql.storage.weight import weight_of_json
from orchestrator_gql.types import Json
from orchestrator_gql.utils.json import encode

T = TypeVar("T")
R = TypeVar("R")
W = TypeVar("W")

First = Annotated[int | None, strawberry.argument(description="The largest number of entries to return; at most 200.")]
After = Annotated[
    str | None, strawberry.argument(description="Return the entries after this cursor; null starts at the first entry.")
]

FirstAfter = Annotated[
    int | None, strawberry.argument(description="The largest number of entries after `after`; at most 200.")
]
LastBefore = Annotated[
    int | None, strawberry.argument(description="The largest number of entries before `before`; at most 200.")
]
Last = Annotated[
    int | None,
    strawberry.argument(description="Return so many entries from the end, at most 200, instead of `first`; or null."),
]
Before = Annotated[
    str | None, strawberry.argument(description="Return the entries before this cursor; null ends at the last entry.")
]

CONDITIONS = strawberry.argument(description="The conditions that an entry must meet; null selects every entry.")


@strawberry.interface(description="An object with its own id; the query `node` finds it by this id.")
class Node:
    id: strawberry.ID = strawberry.field(description="The id. It never changes and is unique among all nodes.")


@strawberry.type(description="The position of a page in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="True if the list has more entries after the last edge.")
    has_previous_page: bool = strawberry.field(description="True if the list has entries before the first edge.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first edge; null if the page is empty.")
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last edge; pass it as `after` to get the next page."
    )


@strawberry.type(description="One entry of a page.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="The position of the entry in the list. Clients must not interpret it.")
    node: T = strawberry.field(description="The entry.")


class _Count:
    """The number of entries of a list: known, or read at most once and up to a bound."""

    def __init__(self, total: int | Callable[[], Awaitable[int]]) -> None:
        self._total = total
        self._lock = asyncio.Lock()
        self._number: int | None = None

    async def read(self) -> tuple[int, bool]:
        """The number up to the bound, and whether it is exact."""
        if isinstance(self._total, int):
            return self._total, True
        async with self._lock:
            if self._number is None:
                self._number = await self._total()
        is_exact = self._number <= MOST_COUNTED
        return self._number if is_exact else MOST_COUNTED, is_exact


@strawberry.type(description="A page of a list. The list is ordered by a key, so new entries do not shift the pages.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The entries of the page with their cursors.")
    page_info: PageInfo = strawberry.field(description="The position of the page in the list.")
    count: strawberry.Private[_Count]

    @resolved(description="The entries of the page without cursors.")
    def nodes(self) -> list[T]:
        return [edge.node for edge in self.edges]

    @resolved(
        description="The number of entries in the whole list. It is counted only if the field is selected, and up to "
        f"{MOST_COUNTED:,}: if there are more, it is {MOST_COUNTED:,} and `totalCountIsExact` is false."
    )
    async def total_count(self) -> int:
        number, _ = await self.count.read()
        return number

    @resolved(description="True if `totalCount` is the exact number; false if there are more entries.")
    async def total_count_is_exact(self) -> bool:
        _, is_exact = await self.count.read()
        return is_exact


async def connection_of(
    info: Info, rows: RowList[W, R], wanted: W, page_args: PageArgs, show: Callable[[R], T]
) -> Connection[T]:
    """A page of the rows of the list that are wanted, as a connection; ``show`` makes a node from a row."""
    context = info.context
    page = await rows.page(context.reading, context.principal, wanted, page_args)
    return connection(page, show, partial(rows.count, context.reading, context.principal, wanted))


def connection(page: RowPage[R], show: Callable[[R], T], total: int | Callable[[], Awaitable[int]]) -> Connection[T]:
    """A connection of a page of rows; ``show`` makes a node from a row, ``total`` is the number of the whole list.

    A number that is known is exact however large it is; a function counts up to `MOST_COUNTED`.
    """
    edges = [Edge(cursor=cursor, node=show(row)) for cursor, row in page.items]
    return Connection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
        count=_Count(total),
    )


def page_by_name(names: Sequence[str], page_args: PageArgs) -> RowPage[str]:
    """A page of a small list in memory, which is ordered by these names."""
    start = only(page_args.after) if page_args.after is not None else None
    following = [name for name in names if start is None or name > start]
    items = tuple((cursor_of(name), name) for name in following[: page_args.size])
    return RowPage(items, has_next=len(following) > page_args.size, has_previous=start is not None)


@strawberry.type(description="A person, a machine or a remote service that acts.")
class User:
    id: strawberry.ID = strawberry.field(description="The id that the sign-in gives the user.")
    name: str = strawberry.field(description="The display name; equal to the id if no name is known.")
    email: str | None = strawberry.field(description="The e-mail address; null if it is not known.")

    @classmethod
    def of(cls, principal: Principal) -> "User":
        return cls(id=strawberry.ID(principal.id), name=principal.name, email=principal.email)

    @classmethod
    def named(cls, id: str | None) -> "User | None":
        if id is None:
            return None
        return cls.of(LOCAL_OPERATOR) if id == LOCAL_OPERATOR.id else cls(id=strawberry.ID(id), name=id, email=None)


@strawberry.type(
    description="A team or role that answers forms. Each deployment configures its own, so this is a type and not an "
    "enum."
)
class Assignee:
    key: str = strawberry.field(description="The key that workflows use.")

    @classmethod
    def of(cls, key: str) -> "Assignee":
        return cls(key=key)

    @resolved(description="The display name of the team or role.")
    def name(self, info: Info) -> str:
        return info.context.runtime.settings.called(self.key)


@strawberry.type(description="The reason for a failure.")
class Failure:
    source: strawberry.Private[ground.Failure]
    trace: strawberry.Private[str | None]
    code: str = strawberry.field(
        description="The stable error code in kebab-case; the reference documentation lists the codes."
    )
    details: JSON | None = strawberry.field(
        description="Data that the author of the workflow or the remote service added; null if there is none."
    )
    retryable: bool = strawberry.field(description="True if another try may succeed.")
    occurred_at: datetime = strawberry.field(description="The time of the failure.")

    @classmethod
    def of(cls, failure: ground.Failure | None, context: Context) -> "Failure | None":
        if failure is None:
            return None
        return cls(
            source=failure,
            trace=traceback_of(context.principal, failure),
            code=failure.code,
            details=failure.details,
            retryable=failure.is_retryable,
            occurred_at=failure.occurred_at,
        )

    @resolved(description="The message for people.")
    def message(self, info: Info) -> str:
        return info.context.redacted(self.source.message)

    @resolved(
        description="The stack trace in the code of the workflow's author; null if there is none or the caller lacks "
        "READ_SECRETS."
    )
    def traceback(self, info: Info) -> str | None:
        return info.context.redacted(self.trace) if self.trace else None


@strawberry.type(description="The reason for a failure in one short line.")
class FailureReason:
    line: strawberry.Private[str]
    code: str = strawberry.field(
        description="The stable error code in kebab-case, at most 100 characters; see `Failure.code`."
    )

    @classmethod
    def of(cls, failure: ground.Failure | None) -> "FailureReason | None":
        code, line = reason_of(failure)
        return None if failure is None else cls(code=code, line=line)

    @resolved(description="The beginning of the message for people: one line of at most 300 characters.")
    def message(self, info: Info) -> str:
        return info.context.redacted(self.line)


LONGEST_SLICE, DEFAULT_SLICE = 1_000_000, 64 * 1024
"""Characters."""

Offset = Annotated[
    int | None, strawberry.argument(description="The first character of the part, counted from 0. Default: 0.")
]
Length = Annotated[
    int | None,
    strawberry.argument(description="The largest number of characters to return; at most 1,000,000. Default: 65,536."),
]


@strawberry.type(description="A part of the JSON text of a value, such as a result.")
class ResultSlice:
    text: str = strawberry.field(description="The JSON text from the offset on.")
    next_offset: int | None = strawberry.field(
        description="The `offset` of the next part, in characters; null at the end."
    )
    total_length: int = strawberry.field(description="The length of the whole text in characters.")


def sliced(text: str, offset: int | None, length: int | None) -> ResultSlice:
    """A part of the text, whose secrets are masked already."""
    start = max(offset or 0, 0)
    end = start + min(max(DEFAULT_SLICE if length is None else length, 0), LONGEST_SLICE)
    return ResultSlice(text=text[start:end], next_offset=end if end < len(text) else None, total_length=len(text))


async def slice_of(info: Info, value: Json, offset: int | None, length: int | None) -> ResultSlice | None:
    """A part of the JSON text of the value, whose known secrets are masked already; None without a value."""
    if value is None:
        return None
    info.context.weight.load(weight_of_json(text := encode(value)))
    return sliced(await text_of(info, Whole(text)), offset, length)


def size_of(value: Json) -> int | None:
    """The size of the value in bytes, as JSON text; None without a value."""
    return None if value is None else len(encode(value).encode())


async def text_of(info: Info, text: str) -> str:
    """The text without its secrets."""
    shown: str | Awaitable[str] = info.context.redacted(text)
    return shown if isinstance(shown, str) else await shown


@strawberry.input(description="A period of time.")
class DateTimeRange:
    from_: datetime | None = strawberry.field(
        default=None, name="from", description="The start of the period, included; null means no limit."
    )
    to: datetime | None = strawberry.field(
        default=None, description="The end of the period, excluded; null means no limit."
    )
