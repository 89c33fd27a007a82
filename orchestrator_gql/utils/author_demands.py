"""Let a transaction use the value of an author's function, which must not run in a transaction.

::

    transaction ─▶ demand, unknown ─▶ ROLLBACK ─▶ the function, in a thread ─▶ transaction ─▶ demand, known ─▶ COMMIT

A function in a transaction that blocks would hold up everybody: the transaction has locks, and on SQLite it runs on the
server's loop. The key of a demand says all that the value depends on. If another transaction changed that meanwhile,
the key is another one, and the function is called again.
"""

from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from orchestrator_gql.utils.author_calls import Outcome, returned_by, value_of

__all__ = ["Demand", "demand", "refusing_demands", "with_demands"]

T = TypeVar("T")

_outcomes: ContextVar[dict[Hashable, Outcome[Any]] | None] = ContextVar("_outcomes", default=None)
"""The outcomes by key, for the transaction that runs now; None if nobody calls functions for it."""


class Demand(Exception):
    """A transaction ends without a change, because it needs the value of an author's function.

    ``name`` is the text for logs. ``owner`` is the author's object whose calls may not take all threads. ``instead``
    makes the value if the function takes too long; it gets the reason. Without it, the caller's error is raised.
    """

    def __init__(
        self,
        key: Hashable,
        function: Callable[[], Any],
        name: str,
        owner: Hashable,
        instead: Callable[[str], Any] | None,
    ) -> None:
        super().__init__(name)
        self.key = key
        self.function = function
        self.name = name
        self.owner = owner
        self.instead = instead


def demand(
    key: Hashable,
    function: Callable[[], T],
    *,
    name: str,
    owner: Hashable = None,
    instead: Callable[[str], T] | None = None,
) -> T:
    """Return the value of the author's function. Raises `AuthorRaised`, and `Demand` if the value is not known yet.

    Without `with_demands` around the transaction, the function is called here.
    """
    outcomes = _outcomes.get()
    if outcomes is None:
        return returned_by(function)
    if key not in outcomes:
        raise Demand(key, function, name, owner, instead)
    value: T = value_of(outcomes[key])
    return value


@contextmanager
def refusing_demands() -> Iterator[None]:
    """Raise `Demand` for every value of an author's function, and for the same value again if it was known before."""
    token = _outcomes.set({})
    try:
        yield
    finally:
        _outcomes.reset(token)


async def with_demands(transaction: Callable[[], Awaitable[T]], call: Callable[[Demand], Awaitable[Outcome[Any]]]) -> T:
    """Return the result of the transaction, which is repeated as long as it demands; ``call`` makes each outcome."""
    outcomes: dict[Hashable, Outcome[Any]] = {}
    while True:
        token = _outcomes.set(outcomes)
        try:
            return await transaction()
        except Demand as demanded:
            wanted = demanded
        finally:
            _outcomes.reset(token)
        outcomes[wanted.key] = await call(wanted)
