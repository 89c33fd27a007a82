"""The decorators of resolvers: Strawberry's own, where they are given a description, have no type."""

from collections.abc import Callable
from typing import Any, TypeAlias

import strawberry

Decorator: TypeAlias = Callable[[Callable[..., Any]], Any]


def resolved(*, description: str) -> Decorator:
    """Make a method the resolver of a field."""
    decorate: Decorator = strawberry.field(description=description)
    return decorate


def mutation(*, description: str) -> Decorator:
    """Make a method the resolver of a mutation."""
    decorate: Decorator = strawberry.mutation(description=description)
    return decorate


def subscription(*, description: str) -> Decorator:
    """Make a method the source of a stream."""
    decorate: Decorator = strawberry.subscription(description=description)
    return decorate
