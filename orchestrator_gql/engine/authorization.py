"""Which author's rule stands between a person and a verb: the step's, else the workflow's."""

from collections.abc import Iterable

from orchestrator_gql.process import Process, step_at, steps_of
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import AuthContext, Authorizer, Permission, Principal, demand_authorized
from orchestrator_gql.utils.errors import Forbidden
from orchestrator_gql.workflow.model import ActionStep, InputStep, StepList, Workflow


async def find_startable(runtime: Runtime, principal: Principal, name: str) -> Workflow:
    """The workflow of that name, which the principal may start. Raises `Forbidden`, and then `NotFound`.

    In that order: who may start nothing is not told which workflows there are.
    """
    principal.demand(Permission.START_WORKFLOW)
    workflow = runtime.registry.get(name)
    await demand_start(principal, workflow)
    return workflow


async def demand_start(principal: Principal, workflow: Workflow) -> None:
    """Raise `Forbidden` unless the principal may start the workflow."""
    principal.demand(Permission.START_WORKFLOW)
    context = AuthContext(principal, "start_workflow", workflow.name)
    await demand_authorized(workflow.authorize_callback, context, Permission.START_WORKFLOW)


async def demand_resume(
    runtime: Runtime, principal: Principal, workflow: Workflow, position: int, assignee: str
) -> None:
    """Raise `Forbidden` unless the principal may answer the form at that place: the author's rule says so, or, where
    there is none, the assignee's members are asked for."""
    principal.demand(Permission.SUBMIT_FORM)
    rule = _last_resume_rule(workflow, position) or workflow.authorize_callback
    if rule is None and assignee in runtime.settings.closed_teams and assignee not in principal.teams:
        team = runtime.settings.called(assignee)
        raise Forbidden(Permission.SUBMIT_FORM, f"It is for the team {team}, and you are none of its members.")
    context = AuthContext(principal, "resume_workflow", workflow.name, _all(workflow)[position].name)
    await demand_authorized(rule, context, Permission.SUBMIT_FORM)


async def demand_retry(principal: Principal, workflow: Workflow, process: Process) -> None:
    """Raise `Forbidden` unless the principal may retry the process where it stands."""
    principal.demand(Permission.RETRY)
    rule = _last_retry_rule(workflow, process.position) or workflow.retry_auth_callback or workflow.authorize_callback
    at = step_at(process, steps_of(process, workflow))
    step = at.name if at else None
    await demand_authorized(rule, AuthContext(principal, "retry_workflow", workflow.name, step), Permission.RETRY)


async def demand_recover(principal: Principal, workflow: Workflow, wait: int) -> None:
    """Raise `Forbidden` unless the principal may help on the wait at that place: the rule for a retry there holds."""
    principal.demand(Permission.RECOVER_CALLBACK)
    rule = _last_retry_rule(workflow, wait) or workflow.retry_auth_callback or workflow.authorize_callback
    context = AuthContext(principal, "recover_callback", workflow.name, _all(workflow)[wait].name)
    await demand_authorized(rule, context, Permission.RECOVER_CALLBACK)


def assignees(runtime: Runtime) -> frozenset[str]:
    """The teams that there are: those of the settings, and those that the deployed workflows name."""
    named = named_by(runtime.registry)
    return frozenset(named | runtime.settings.closed_teams | {team.key for team in runtime.settings.teams})


def named_by(workflows: Iterable[Workflow]) -> frozenset[str]:
    """The keys of the teams that the workflows ask, sooner or later."""
    asking = (step for workflow in workflows for step in _all(workflow) if isinstance(step, InputStep))
    return frozenset(
        one.key for step in asking for one in (step.assignee, *(escalation.to for escalation in step.escalate))
    )


def _last_resume_rule(workflow: Workflow, position: int) -> Authorizer | None:
    """The rule of the step itself or of the nearest one before it that has one."""
    rules = (s.resume_auth_callback for s in reversed(_all(workflow)[: position + 1]) if isinstance(s, InputStep))
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
    """The steps by their index, those that clean up included."""
    return workflow.all_steps(is_aborted=True)
