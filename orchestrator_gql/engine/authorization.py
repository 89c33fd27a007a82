"""Checks the authorization rules of a workflow: the rule of the step, else the rule of the workflow."""

import asyncio
from collections.abc import Iterable, Mapping

from orchestrator_gql.process import ProcessAction
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import AuthContext, Authorizer, Permission, Principal, demand_authorized
from orchestrator_gql.utils.errors import Forbidden, FormTimeout
from orchestrator_gql.workflow.model import ActionStep, InputStep, StepList, Workflow


async def find_startable(runtime: Runtime, principal: Principal, name: str) -> Workflow:
    """The workflow of that name, if the principal may start it. Raises `Forbidden` and `NotFound`, in this order.

    The order matters: a principal without the permission must not learn which workflows exist.
    """
    principal.demand(Permission.START_WORKFLOW)
    workflow = runtime.registry.get(name)
    await demand_start(runtime, principal, workflow)
    return workflow


async def demand_start(runtime: Runtime, principal: Principal, workflow: Workflow) -> None:
    """Raise `Forbidden` unless the principal may start the workflow."""
    principal.demand(Permission.START_WORKFLOW)
    context = AuthContext(principal, "start_workflow", workflow.name)
    await _demand(runtime, workflow.authorize_callback, context, Permission.START_WORKFLOW)


async def demand_resume(
    runtime: Runtime, principal: Principal, workflow: Workflow, position: int, assignee: str
) -> None:
    """Raise `Forbidden` unless the principal may answer the form of the step at ``position``.

    The author's rule decides. Without a rule, a closed team accepts only its members.
    """
    principal.demand(Permission.SUBMIT_FORM)
    rule = _resume_rule(workflow, position)
    if rule is None and assignee in runtime.settings.closed_teams and assignee not in principal.teams:
        team_name = runtime.settings.called(assignee)
        raise Forbidden(
            Permission.SUBMIT_FORM, f"This form is for the team {team_name}, and you are not a member of it."
        )
    context = AuthContext(principal, "resume_workflow", workflow.name, _all(workflow)[position].name)
    await _demand(runtime, rule, context, Permission.SUBMIT_FORM)


_ASKED_AS = {
    ProcessAction.RETRY: "retry_workflow",
    ProcessAction.CONTINUE: "continue_workflow",
    ProcessAction.ABORT: "abort_workflow",
    ProcessAction.REISSUE_CALLBACK: "recover_callback",
    ProcessAction.REAWAIT_CALLBACK: "recover_callback",
    ProcessAction.COMPLETE_CALLBACK: "recover_callback",
    ProcessAction.ADOPT_CALLBACK_ATTEMPT: "recover_callback",
}
"""The actions about which the author's rule for a retry decides, and what the rule is asked for."""


async def demand_action(
    runtime: Runtime, principal: Principal, action: ProcessAction, workflow: Workflow | None, position: int
) -> None:
    """Raise `Forbidden` unless the principal may take the action at ``position``: that of the process, or of the wait
    of the callback. The commands ask this, and the list of the actions that are offered.

    Without the workflow there is no rule: a process of a workflow that is not deployed can only be aborted.
    """
    principal.demand(action.permission)
    if workflow is None or action not in _ASKED_AS:
        return
    steps = _all(workflow)
    step = steps[position] if position < len(steps) else None  # a deployment may have removed steps
    context = AuthContext(principal, _ASKED_AS[action], workflow.name, step.name if step else None)
    await _demand(runtime, _retry_rule(workflow, position), context, action.permission)


async def may_act(
    runtime: Runtime, principal: Principal, action: ProcessAction, workflow: Workflow | None, position: int
) -> bool:
    """True if `demand_action` allows it."""
    try:
        await demand_action(runtime, principal, action, workflow, position)
    except (Forbidden, FormTimeout):
        return False
    return True


async def allowed_actions(
    runtime: Runtime, principal: Principal, workflow: Workflow | None, positions: Mapping[ProcessAction, int]
) -> set[ProcessAction]:
    """The actions that `demand_action` allows at their positions. A rule is asked once for equal questions."""
    equal: dict[tuple[Permission, str | None, int], list[ProcessAction]] = {}
    for action, position in positions.items():
        equal.setdefault((action.permission, _ASKED_AS.get(action), position), []).append(action)
    answers = await asyncio.gather(
        *(may_act(runtime, principal, actions[0], workflow, position) for (_, _, position), actions in equal.items())
    )
    return {
        action for actions, is_allowed in zip(equal.values(), answers, strict=True) if is_allowed for action in actions
    }


def has_retry_rule(workflow: Workflow, position: int) -> bool:
    """True if a rule of the author decides about a retry or an abort at ``position``."""
    return _retry_rule(workflow, position) is not None


def _retry_rule(workflow: Workflow, position: int) -> Authorizer | None:
    return _last_retry_rule(workflow, position) or workflow.retry_auth_callback or workflow.authorize_callback


async def _demand(runtime: Runtime, rule: Authorizer | None, context: AuthContext, permission: Permission) -> None:
    await demand_authorized(rule, context, permission, runtime.authors.forms, runtime.settings.form_timeout)


def is_open_to_all(runtime: Runtime, workflow: Workflow, position: int, assignee: str) -> bool:
    """True if people sign in, and everybody who may submit forms may answer the form of the step at ``position``.

    There is no rule of the author, and the team has no members, for example because it was removed from the settings.
    """
    is_restricted = assignee in runtime.settings.closed_teams or _resume_rule(workflow, position) is not None
    return runtime.settings.has_sign_in and not is_restricted


def is_opened(runtime: Runtime, before: str, after: str) -> bool:
    """True if everybody could answer a form of the team ``before`` after it is assigned to the team ``after``."""
    closed = runtime.settings.closed_teams
    return before in closed and after not in closed


def assignees(runtime: Runtime) -> frozenset[str]:
    """The keys of all teams: the teams of the settings and the teams that the deployed workflows name."""
    named = named_by(runtime.registry)
    return frozenset(named | runtime.settings.closed_teams | {team.key for team in runtime.settings.teams})


def named_by(workflows: Iterable[Workflow]) -> frozenset[str]:
    """The keys of the teams that the workflows ask, at first or after an escalation."""
    input_steps = (step for workflow in workflows for step in _all(workflow) if isinstance(step, InputStep))
    return frozenset(
        team.key for step in input_steps for team in (step.assignee, *(escalation.to for escalation in step.escalate))
    )


def _resume_rule(workflow: Workflow, position: int) -> Authorizer | None:
    return _last_resume_rule(workflow, position) or workflow.authorize_callback


def _last_resume_rule(workflow: Workflow, position: int) -> Authorizer | None:
    """The rule of the step itself, or of the nearest earlier input step that has a rule."""
    rules = (
        step.resume_auth_callback for step in reversed(_all(workflow)[: position + 1]) if isinstance(step, InputStep)
    )
    return next((rule for rule in rules if rule is not None), None)


def _last_retry_rule(workflow: Workflow, position: int) -> Authorizer | None:
    for step in reversed(_all(workflow)[: position + 1]):
        rule = step.retry_auth_callback if isinstance(step, ActionStep | InputStep) else None
        if rule is None and isinstance(step, InputStep):
            rule = step.resume_auth_callback
        if rule is not None:
            return rule
    return None


def _all(workflow: Workflow) -> StepList:
    """The steps by their index, including the clean-up steps."""
    return workflow.all_steps(is_aborted=True)
