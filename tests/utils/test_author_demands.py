"""A transaction is repeated until it knows the values of the authors' functions that it demands."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from orchestrator_gql.utils.author_calls import AuthorRaised, Outcome, attempt
from orchestrator_gql.utils.author_demands import Demand, demand, with_demands


def calling(called: list[Any]) -> Callable[[Demand], Awaitable[Outcome[Any]]]:
    """Makes outcomes, and notes the keys."""

    async def call(demanded: Demand) -> Outcome[Any]:
        called.append(demanded.key)
        return attempt(demanded.function)

    return call


async def test_each_function_is_called_once_and_outside_of_the_transaction() -> None:
    called: list[Any] = []
    tries = 0

    async def transaction() -> list[int]:
        nonlocal tries
        tries += 1
        return [demand(n, lambda n=n: n * n, name="square") for n in (2, 3)]  # type: ignore[misc]

    assert await with_demands(transaction, calling(called)) == [4, 9]
    assert (called, tries) == ([2, 3], 3)


async def test_the_function_is_called_again_if_what_it_depends_on_has_changed() -> None:
    called: list[Any] = []
    versions = iter([1, 2, 2])

    async def transaction() -> int:
        version = next(versions)
        return demand(version, lambda: version * 10, name="version")

    assert await with_demands(transaction, calling(called)) == 20
    assert called == [1, 2]


async def test_an_exception_of_the_function_is_raised_in_the_transaction() -> None:
    async def transaction() -> int | str:
        try:
            return demand("key", lambda: int("seven"), name="broken")
        except AuthorRaised as raised:
            return raised.described.kind

    assert await with_demands(transaction, calling([])) == "ValueError"


def test_without_a_caller_the_function_is_called_at_once() -> None:
    assert demand("key", lambda: 7, name="seven") == 7
    with pytest.raises(AuthorRaised):
        demand("key", lambda: int("seven"), name="broken")


async def test_the_function_does_not_run_as_a_part_of_the_transaction() -> None:
    async def transaction() -> int:
        return demand("outer", lambda: demand("inner", lambda: 1, name="inner"), name="outer")

    assert await with_demands(transaction, calling([])) == 1
