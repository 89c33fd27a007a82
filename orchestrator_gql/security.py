"""Principals, their permissions, and the authorizers of workflow authors."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from inspect import isawaitable, iscoroutinefunction
from secrets import token_hex

from orchestrator_gql.types import Permission
from orchestrator_gql.utils.author_calls import AuthorRaised
from orchestrator_gql.utils.author_handover import Limit, NoThreadFree, TimedOut
from orchestrator_gql.utils.author_places import Place
from orchestrator_gql.utils.errors import Forbidden, FormTimeout, OrchestratorError
from orchestrator_gql.utils.exception_text import log_trace

__all__ = [
    "ENGINE",
    "LOCAL_OPERATOR",
    "NOBODY",
    "AuthContext",
    "Authorizer",
    "Permission",
    "Principal",
    "demand_authorized",
    "display_name",
]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or a machine that sends requests; ``teams`` are the keys of its teams.

    ``credential`` is the kind of the credential that it showed, for the audit log.
    """

    id: str
    name: str
    email: str | None = None
    permissions: frozenset[Permission] = field(default_factory=frozenset)
    teams: frozenset[str] = field(default_factory=frozenset)
    credential: str = "none"

    def demand(self, permission: Permission) -> None:
        """Raise `Forbidden` unless the principal holds the permission."""
        if permission not in self.permissions:
            raise Forbidden(permission)


LOCAL_OPERATOR = Principal("local", "Local operator", permissions=frozenset(Permission))
"""The one user of a server without sign-in, which listens on loopback only."""


def display_name(id: str | None) -> str:
    """The name that every text shows for the user with this id; None is the engine."""
    if id is None:
        return "the engine"
    return LOCAL_OPERATOR.name if id == LOCAL_OPERATOR.id else id


NOBODY = Principal("anonymous", "Nobody")
"""A caller that has not signed in on a server with sign-in, such as a remote service that sends a callback."""

ENGINE = Principal("engine", "The engine", permissions=frozenset(Permission))
"""The actor of everything that no person and no remote service caused."""


@dataclass(frozen=True, slots=True)
class AuthContext:
    """The argument of an author's authorizer: the user, the action and the place.

    ``action`` is ``start_workflow``, ``resume_workflow``, ``retry_workflow``, ``continue_workflow``,
    ``recover_callback`` or ``abort_workflow``; ``workflow`` and ``step`` are names.
    """

    user: Principal
    action: str
    workflow: str
    step: str | None = None


Authorizer = Callable[[AuthContext], Awaitable[bool] | bool]
"""A rule of a workflow author, checked after the role's permission; sync or async. Only ``True`` allows."""


async def demand_authorized(
    authorizer: Authorizer | None, context: AuthContext, permission: Permission, place: Place, seconds: float
) -> None:
    """Raise `Forbidden` unless the authorizer returns ``True``; no authorizer allows everybody.

    The authorizer runs in the place, at most this number of seconds; after that, raise `FormTimeout`.
    """
    if authorizer is None:
        return
    rule = f"The rule of {f'step {context.step!r} of ' if context.step else ''}workflow {context.workflow!r}"
    facts = {"workflow": context.workflow, "step": context.step, "error_id": token_hex(8)}
    reported = f"(error {facts['error_id']} in the server's log)"
    try:
        is_allowed = await _result(authorizer, context, place, rule, Limit(seconds, is_urgent=True))
    except AuthorRaised as raised:  # a rule that raises allows nothing
        log_trace(logger, logging.ERROR, "an authorizer raised", raised.described.trace, **facts)
        refusal: OrchestratorError = Forbidden(permission, f"{rule} failed, so it is no {reported}.")
    except NoThreadFree:
        logger.error("no thread is free for an authorizer: others do not return", extra=facts)
        message = f"{rule}: no thread is free: functions that were called before do not return {reported}."
        refusal = FormTimeout(message, error_id=str(facts["error_id"]))
    except TimedOut:
        logger.error("an authorizer took too long", extra=facts)
        message = f"{rule} took longer than its {seconds:g} seconds, and nothing was changed {reported}."
        refusal = FormTimeout(message, error_id=str(facts["error_id"]))
    else:
        if is_allowed is True:
            return
        refusal = Forbidden(permission, f"{rule} does not allow you this.")
    raise refusal


async def _result(authorizer: Authorizer, context: AuthContext, place: Place, name: str, limit: Limit) -> object:
    if iscoroutinefunction(authorizer):
        return await place.call_async(lambda: authorizer(context), name=name, limit=limit)
    result = await place.call(lambda: _begin(authorizer, context), name=name, limit=limit, key=authorizer)
    if not isinstance(result, _AsyncResult):
        return result
    return await place.call_async(lambda: result.awaitable, name=name, limit=limit)


@dataclass(frozen=True, slots=True)
class _AsyncResult:
    """The pending result of an async authorizer."""

    awaitable: Awaitable[bool]


def _begin(authorizer: Authorizer, context: AuthContext) -> bool | _AsyncResult:
    result = authorizer(context)
    return _AsyncResult(result) if isawaitable(result) else result
