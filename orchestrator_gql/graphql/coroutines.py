"""Close the coroutines of an operation that never began, because the operation was cancelled or failed before.

graphql-core gives the coroutine of a resolver to a second coroutine, which awaits it, and the second coroutine to a
task. If the task is cancelled before its first step, both are dropped, and Python warns of the first: nobody awaited
it. Nothing leaks, but a warning that comes whenever a client leaves would hide the warning of a fault.
"""

from collections.abc import Callable
from types import CoroutineType
from typing import Any

KEPT = 512
"""Coroutines that are kept before those that have begun are dropped from memory."""


class Coroutines:
    """The coroutines of one operation that may not have begun."""

    __slots__ = ("_found", "_most")

    def __init__(self) -> None:
        self._found: list[CoroutineType[Any, Any, Any]] = []
        self._most = KEPT

    def noting(self, is_awaitable: Callable[[Any], bool]) -> Callable[[Any], bool]:
        """The same test, which also keeps each coroutine that it finds."""

        def test(value: Any) -> bool:
            if type(value) is not CoroutineType:
                return is_awaitable(value)
            self._found.append(value)
            if len(self._found) > self._most:
                self._found = list(filter(_is_new, self._found))
                self._most = max(KEPT, 2 * len(self._found))
            return True

        return test

    def forget(self) -> None:
        """Drop all of them: the operation has a result, so it has awaited each."""
        self._found.clear()

    def close(self) -> None:
        """Close those that have not begun; nobody will await them."""
        for coroutine in filter(_is_new, self._found):
            coroutine.close()
        self._found.clear()


def _is_new(coroutine: "CoroutineType[Any, Any, Any]") -> bool:
    return not coroutine.cr_suspended and not coroutine.cr_running and coroutine.cr_frame is not None
