"""Lists that are read in pages, and the right to read them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage.pagination import PageArgs, RowPage

W = TypeVar("W")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class RowList(Generic[W, R]):
    """A list: what reads a page of the rows that are wanted, and what counts them. Both raise `Forbidden`."""

    _page: Callable[[Connection, W, PageArgs], RowPage[R]]
    _count: Callable[[Connection, W], int]
    _permission: Permission = Permission.READ

    async def page(self, runtime: Runtime, principal: Principal, wanted: W, page_args: PageArgs) -> RowPage[R]:
        """A page of the rows that are wanted."""
        principal.demand(self._permission)
        return await runtime.database.read(lambda conn: self._page(conn, wanted, page_args))

    async def count(self, runtime: Runtime, principal: Principal, wanted: W) -> int:
        """The number of the rows that are wanted."""
        principal.demand(self._permission)
        return await runtime.database.read(lambda conn: self._count(conn, wanted))
