"""Typed decorators of resolvers: Strawberry's own have no type if they get a description."""

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
    """Make a method the source of a subscription."""
    decorate: Decorator = strawberry.subscription(description=description)
    return decorate
