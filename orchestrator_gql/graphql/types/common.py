"""Shapes that several nouns share: nodes, pages of lists, people, failures."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

import strawberry

from orchestrator_gql import types as ground
from orchestrator_gql.graphql.context import Context, Info
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.reads.processes import traceback_of
from orchestrator_gql.security import LOCAL_OPERATOR, Principal
from orchestrator_gql.storage.pagination import RowPage

T = TypeVar("T")
R = TypeVar("R")

First = Annotated[int | None, strawberry.argument(description="How many at the most; 200 is the limit.")]
After = Annotated[str | None, strawberry.argument(description="Behind this cursor.")]


@strawberry.interface(description="Something with an id of its own; `node` finds it again.")
class Node:
    id: strawberry.ID = strawberry.field(description="Stable and unique among all nodes.")


@strawberry.type(description="Where a page of a list stands.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="There is more behind the last edge.")
    has_previous_page: bool = strawberry.field(description="There is more before the first edge.")
    start_cursor: str | None = strawberry.field(description="The first edge's cursor.")
    end_cursor: str | None = strawberry.field(description="The last edge's cursor: the next page's `after`.")


@strawberry.type(description="One entry of a page.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="The entry's place in the list; opaque.")
    node: T = strawberry.field(description="The entry itself.")


@strawberry.type(description="A page of a list, ordered by a key, so that entries added meanwhile shift nothing.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The entries with their cursors.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total: strawberry.Private[Callable[[], Any]]

    @resolved(description="The entries alone.")
    def nodes(self) -> list[T]:
        return [edge.node for edge in self.edges]

    @resolved(description="How many entries the whole list has; counted only when selected.")
    async def total_count(self) -> int:
        number: int = await self.total()
        return number


def connection(page: RowPage[R], show: Callable[[R], Any], total: Callable[[], Any]) -> Any:
    """A page of rows as a connection of what they are shown as."""
    edges = [Edge(cursor=cursor, node=show(row)) for cursor, row in page.items]
    return Connection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
        total=total,
    )


@strawberry.type(description="A person or a machine that acts.")
class User:
    id: strawberry.ID = strawberry.field(description="The subject, as the sign-in names it.")
    name: str = strawberry.field(description="What to call it.")
    email: str | None = strawberry.field(description="Its address, where known.")

    @classmethod
    def of(cls, principal: Principal) -> "User":
        return cls(id=strawberry.ID(principal.id), name=principal.name, email=principal.email)

    @classmethod
    def named(cls, id: str | None) -> "User | None":
        if id is None:
            return None
        return cls.of(LOCAL_OPERATOR) if id == LOCAL_OPERATOR.id else cls(id=strawberry.ID(id), name=id, email=None)


@strawberry.type(description="A team or role that answers forms; configured per deployment, hence a type and no enum.")
class Assignee:
    key: str = strawberry.field(description="What workflows call it.")

    @classmethod
    def of(cls, key: str) -> "Assignee":
        return cls(key=key)

    @resolved(description="What people call it.")
    def name(self, info: Info) -> str:
        return info.context.runtime.settings.called(self.key)


@strawberry.type(description="Why something failed.")
class Failure:
    source: strawberry.Private[ground.Failure]
    trace: strawberry.Private[str | None]
    code: str = strawberry.field(description="Stable, kebab-case; the reference lists them.")
    details: JSON | None = strawberry.field(description="What the author or the remote service added.")
    retryable: bool = strawberry.field(description="Trying again may help.")
    occurred_at: datetime = strawberry.field(description="When it failed.")

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

    @resolved(description="For people.")
    def message(self, info: Info) -> str:
        return info.context.redacted(self.source.message)

    @resolved(description="Where in the author's code; only with READ_SECRETS.")
    def traceback(self, info: Info) -> str | None:
        return info.context.redacted(self.trace) if self.trace else None


@strawberry.input(description="From one instant to another.")
class DateTimeRange:
    from_: datetime | None = strawberry.field(default=None, name="from", description="Inclusive.")
    to: datetime | None = strawberry.field(default=None, description="Exclusive.")
