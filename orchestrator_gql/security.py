"""Who somebody is and what they may do."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from inspect import isawaitable
from secrets import token_hex

from orchestrator_gql.types import Permission
from orchestrator_gql.utils.author_calls import AuthorRaised, Outcome, attempt, attempt_async
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
    rule = f"The rule of {f'step {context.step!r} of ' if context.step else ''}workflow {context.workflow!r}"
    answer = await _asked(authorizer, context)
    if isinstance(answer, AuthorRaised):  # an author's rule that cannot answer allows nothing
        error_id = token_hex(8)
        facts = {"workflow": context.workflow, "step": context.step, "error_id": error_id}
        logger.error("an authorizer raised\n%s", answer.described.trace, extra=facts)
        raise Forbidden(permission, f"{rule} failed, so it is no (error {error_id} in the server's log).")
    if answer.value is not True:
        raise Forbidden(permission, f"{rule} does not allow you this.")


async def _asked(authorizer: Authorizer, context: AuthContext) -> Outcome[bool]:
    asked = attempt(_begun, authorizer, context)
    if isinstance(asked, AuthorRaised) or not isinstance(asked.value, _Later):
        return asked  # type: ignore[return-value]
    later = asked.value.answer
    return await attempt_async(lambda: later)


@dataclass(frozen=True, slots=True)
class _Later:
    """The answer of a rule that is async."""

    answer: Awaitable[bool]


def _begun(authorizer: Authorizer, context: AuthContext) -> bool | _Later:
    answer = authorizer(context)
    return _Later(answer) if isawaitable(answer) else answer
