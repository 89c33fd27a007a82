"""Decides an input step: it asks people, its policy confirms it, or its form has no pages."""

from collections.abc import Mapping

from orchestrator_gql import forms
from orchestrator_gql.engine.steps import arguments as step_arguments
from orchestrator_gql.engine.steps import calls, execution, form_turns
from orchestrator_gql.engine.steps.failures import failed
from orchestrator_gql.engine.steps.state import changed, focus, put_back
from orchestrator_gql.process import Outcome, PolicyConfirmation, Process, Success, Suspend
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.types import Json
from orchestrator_gql.utils.author_calls import AuthorRaised, returned_by
from orchestrator_gql.utils.errors import OrchestratorError
from orchestrator_gql.utils.names import storable
from orchestrator_gql.workflow.model import InputStep

LONGEST_TITLE = 1_000
"""Characters of the title of a form that are kept."""


async def ask(runtime: Runtime, process: Process, step: InputStep) -> Outcome:
    """The outcome of an input step: a form with a page suspends the process, a form without pages succeeds."""
    try:
        turned = await execution.patiently(lambda: form_turns.turn(runtime, process, step, [], is_request=False))
        if isinstance(turned, forms.Complete):
            return await _done(runtime, process, step, turned)
        # The name of a class says less to people than that of the step.
        title = storable(turned.page.title if turned.page.has_own_title else step.name, longest=LONGEST_TITLE)
        if step.auto_confirm is not None and await _policy_confirms(runtime, process, step):
            filled = await _filled_in(runtime, process, step, turned)
            if isinstance(filled, forms.Complete):
                return await _done(runtime, process, step, filled, title)
        if runtime.settings.is_sqlite and isinstance(turned, forms.NextPage):
            # One server has the file: on PostgreSQL another server may open the form of this execution.
            runtime.kept_pages.keep(process.id, process.seq + 1, turned.page)
        return Suspend(
            title,
            step.assignee.key,
            due=step.due,
            remind=step.remind,
            escalations=step.escalate,
            expire=step.expire,
            approvals=step.approvals,
            allows_self=step.allow_self_approval,
        )
    except (AuthorRaised, OrchestratorError) as error:
        return failed(runtime, process, step, error)


async def _done(
    runtime: Runtime, process: Process, step: InputStep, filled: forms.Complete, title: str | None = None
) -> Success:
    """Success with the data of the form; with a ``title``, the policy of the step confirmed the form."""
    state = await execution.state_for(runtime, process, step, step.form)
    whole = await _whole(runtime, step, state, filled)
    delta = changed(process.state, state, whole)
    secrets = filled.secrets.standing_in(delta) if step.lenses else filled.secrets
    if title is None:
        return Success(delta, secrets=secrets)
    name = returned_by(_name_of, step.auto_confirm)
    confirmation = PolicyConfirmation(
        name, title, step.assignee.key, filled.pages, filled.shown_digest, filled.page_secrets
    )
    return Success(delta, confirmation=confirmation, secrets=secrets)


async def _whole(
    runtime: Runtime, step: InputStep, state: Mapping[str, Json], filled: forms.Complete
) -> dict[str, Json]:
    """The changes of the whole state by the form; the lenses of the step are authors' code."""
    if not step.lenses:
        return put_back(step, state, state, filled.data)
    caller = calls.for_step(runtime, f"the lens of step {step.name!r}")
    return await caller.call_sync(lambda: put_back(step, state, focus(step, state), filled.data))


def _name_of(policy: object) -> str:
    name = str(getattr(policy, "__name__", type(policy).__name__))  # a `partial`, for example, has no name
    return storable(name)


async def _policy_confirms(runtime: Runtime, process: Process, step: InputStep) -> bool:
    """True if the policy returned exactly True."""
    policy = step.auto_confirm
    assert policy is not None, "only a step with a policy comes here"
    function = await execution.patiently(lambda: step_arguments.bound(runtime, process, policy, step))
    return await execution.call(runtime, function, _is_true)


def _is_true(result: object) -> bool:
    return result is True


async def _filled_in(runtime: Runtime, process: Process, step: InputStep, turned: forms.Turn) -> forms.Turn:
    """The form with every page submitted unchanged; if a page is invalid so, the page that people must fill in."""
    pages: list[Json] = []
    while isinstance(turned, forms.NextPage):
        pages.append({})
        turned = await execution.patiently(lambda: form_turns.turn(runtime, process, step, pages, is_request=False))
    return turned
