"""Who somebody is and what they may do."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from inspect import isawaitable

from orchestrator_gql.types import Permission
from orchestrator_gql.utils.errors import Forbidden

__all__ = [
    "ENGINE",
    "LOCAL_OPERATOR",
    "NOBODY",
    "AuthContext",
    "Authorizer",
    "Permission",
    "Principal",
    "demand_authorized",
]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who asks: a person or a machine; ``teams`` are the keys of the teams that it belongs to."""

    id: str
    name: str
    email: str | None = None
    permissions: frozenset[Permission] = field(default_factory=frozenset)
    teams: frozenset[str] = field(default_factory=frozenset)

    def demand(self, permission: Permission) -> None:
        """Raise `Forbidden` unless the principal holds the permission."""
        if permission not in self.permissions:
            raise Forbidden(permission)


LOCAL_OPERATOR = Principal("local", "Local operator", permissions=frozenset(Permission))
"""The one user of a server without sign-in, which listens on loopback only."""

NOBODY = Principal("anonymous", "Nobody")
"""Whoever has not signed in where people must; remote services among them, whose tokens are their credentials."""

ENGINE = Principal("engine", "The engine", permissions=frozenset(Permission))


@dataclass(frozen=True, slots=True)
class AuthContext:
    """What an author's authorizer is told: who wants to do what, where.

    ``action`` is ``start_workflow``, ``resume_workflow``, ``retry_workflow`` or ``recover_callback``; ``workflow`` and
    ``step`` are names.
    """

    user: Principal
    action: str
    workflow: str
    step: str | None = None


Authorizer = Callable[[AuthContext], Awaitable[bool] | bool]
"""An author's own rule, asked on top of the role's permission; sync or async."""


async def demand_authorized(authorizer: Authorizer | None, context: AuthContext, permission: Permission) -> None:
    """Raise `Forbidden` unless the authorizer, where there is one, says yes."""
    if authorizer is None:
        return
    place = f"step {context.step!r} of " if context.step else ""
    try:
        answer = authorizer(context)
        if isawaitable(answer):
            answer = await answer
    except Exception as error:  # an author's rule that cannot answer allows nothing
        logger.exception("an authorizer raised", extra={"workflow": context.workflow, "step": context.step})
        raise Forbidden(permission, f"The rule of {place}workflow {context.workflow!r} failed, so it is no.") from error
    if answer is not True:
        raise Forbidden(permission, f"The rule of {place}workflow {context.workflow!r} does not allow you this.")
