"""What an input step comes to when it is reached: people are asked, a policy says yes, or there is nothing to ask."""

import asyncio

from orchestrator_gql import forms
from orchestrator_gql.engine.authors import execution, inject
from orchestrator_gql.engine.authors.lenses import focus, put_back
from orchestrator_gql.engine.authors.stored import changed
from orchestrator_gql.process import Confirmed, Outcome, Process, Success, Suspend
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.types import Json
from orchestrator_gql.workflow.model import InputStep


async def ask(runtime: Runtime, process: Process, step: InputStep) -> Outcome:
    """Look at the form of an input step: a page to show suspends, a form without pages has nothing to ask."""
    try:
        turned = await execution.patiently(lambda: execution.turn(runtime, process, step, []))
        if isinstance(turned, forms.Complete):
            return await _done(runtime, process, step, turned)
        title = turned.page.title or step.name
        if step.auto_confirm is not None and await _says_yes(runtime, process, step):
            filled = await _filled_in(runtime, process, step, turned)
            if isinstance(filled, forms.Complete):
                return await _done(runtime, process, step, filled, title)
        return Suspend(title, step.assignee.key, step.due, step.remind, step.escalate, step.expire, step.approvals)
    except (Exception, SystemExit, asyncio.CancelledError) as error:
        if execution.is_ours(error):
            raise
        return execution.failed(runtime, process, step, error)


async def _done(
    runtime: Runtime, process: Process, step: InputStep, filled: forms.Complete, title: str | None = None
) -> Success:
    """What the form adds to the state; with a ``title`` it is what the step's policy confirmed."""
    state = await execution.seen_by(runtime, process, step, step.form)
    delta = changed(process.state, state, put_back(step, state, focus(step, state), filled.data))
    secrets = filled.secrets.standing_in(delta) if step.lenses else filled.secrets
    if title is None:
        return Success(delta, secrets=secrets)
    name = getattr(step.auto_confirm, "__name__", type(step.auto_confirm).__name__)  # a `partial`, say, has no name
    said = Confirmed(name, title, step.assignee.key, filled.pages, filled.shown_digest, filled.page_secrets)
    return Success(delta, confirmed=said, secrets=secrets)


async def _says_yes(runtime: Runtime, process: Process, step: InputStep) -> bool:
    """What the policy says: True, and nothing else, is a yes."""
    policy = step.auto_confirm
    assert policy is not None, "only such a step has one"
    state = await execution.seen_by(runtime, process, step, policy)
    own = inject.given(runtime, process)
    arguments = await execution.patiently(lambda: inject.arguments(runtime, policy, focus(step, state), own))
    return await execution.call(runtime, policy, arguments, None) is True


async def _filled_in(runtime: Runtime, process: Process, step: InputStep, turned: forms.Turn) -> forms.Turn:
    """The form with every page answered as it is shown; where that is no answer, the page that people are asked."""
    pages: list[Json] = []
    while isinstance(turned, forms.NextPage):
        pages.append({})
        turned = await execution.patiently(lambda: execution.turn(runtime, process, step, pages))
    return turned
