"""Runs authors' forms, of an input step and of a start. No transaction is open during that time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from orchestrator_gql import forms
from orchestrator_gql.engine.steps import arguments as step_arguments
from orchestrator_gql.engine.steps import execution
from orchestrator_gql.engine.steps.arguments import wanted_by
from orchestrator_gql.engine.steps.calls import FormCaller
from orchestrator_gql.engine.steps.models import chosen_subscription, load_models
from orchestrator_gql.forms.errors import DEFAULT_LOCALE
from orchestrator_gql.process import Process
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal
from orchestrator_gql.types import Json, State
from orchestrator_gql.utils.arguments import bind
from orchestrator_gql.utils.secrets import known_to_logs
from orchestrator_gql.workflow.model import InputStep, Workflow
from orchestrator_gql.workflows.start_forms import CHOICE, LOADED, SubscriptionChoice


async def turn(
    runtime: Runtime,
    process: Process,
    step: InputStep,
    pages: list[Json],
    *,
    approved: Sequence[Json] = (),
    locale: str = DEFAULT_LOCALE,
    is_request: bool = True,
) -> forms.Turn:
    """Run the form of an input step with the submitted ``pages``; its errors are in the language of ``locale``.

    The data of a complete form has no names of the engine (`GIVEN`). ``approved`` are the pages of an earlier approval;
    the pages then start with these values. ``is_request`` is False if the engine runs the form.
    """
    what = f"The form of step {step.name!r}"
    state = await execution.state_for(runtime, process, step, step.form)
    own = await step_arguments.with_decisions(runtime, step.form, state, step_arguments.given(runtime, process))
    secrecy = forms.Secrecy(process.secrets, runtime.redact, approved)
    caller = FormCaller(runtime, what, step.form, is_request=is_request)
    visible = {**await caller.focused(step, state), **own}
    turned = await _run(runtime, step.form, visible, pages, locale, secrecy, caller)
    return _without_own_names(turned, what)


async def start_turn(
    runtime: Runtime,
    workflow: Workflow,
    principal: Principal,
    pages: list[Json],
    *,
    chosen_id: UUID | None,
    choices: Mapping[str, str] | None = None,
    locale: str,
) -> forms.Turn:
    """Run the start form of a workflow; without a form it is complete at once, and any page is too many.

    ``chosen_id`` is the product subscription that its first page names: the author's form can take it by name.
    ``choices`` are the subscriptions that the first page suggests, with what people call them.
    """
    secrecy = forms.Secrecy(redact=runtime.redact)
    form, given = workflow.initial_form or _no_form, execution.values_of_start(workflow, principal)
    what = f"The start form of {workflow.name!r}"
    caller = FormCaller(runtime, what, form, is_request=True)
    facts, loaded = await chosen_subscription(runtime, workflow.author_form, chosen_id)
    token, shown = LOADED.set(loaded), CHOICE.set(SubscriptionChoice(workflow.name, choices or {}))
    try:
        state = {**facts, **given}
        turned = await _run(runtime, form, state, pages, locale, secrecy, caller, is_bound=False)
    finally:
        LOADED.reset(token)
        CHOICE.reset(shown)
    if not isinstance(turned, forms.Complete):
        return replace(turned, page=turned.page.of_start)
    return _without_own_names(turned, what)


def _without_own_names(turned: forms.Turn, where: str) -> forms.Turn:
    if not isinstance(turned, forms.Complete):
        return turned
    return replace(turned, data=step_arguments.contributed(turned.data, where=where)[0])


def _no_form() -> None:
    return None


async def _run(
    runtime: Runtime,
    form: Callable[..., Any],
    state: Mapping[str, Any],
    pages: list[Json],
    locale: str,
    secrecy: forms.Secrecy,
    caller: FormCaller,
    *,
    is_bound: bool = True,
) -> forms.Turn:
    """Run a form function with the submitted ``pages``; its arguments are bound by name, ``state`` among them.

    Raises `AuthorRaised`, and `StepError` if the form takes too long.
    """

    def begin(own: State) -> Any:
        return form(**bind(wanted_by(form), own, given={**build_models(), "state": own}))

    with known_to_logs(secrecy.secrets.values):
        build_models = await load_models(runtime, wanted_by(form), state)
        with caller.limited():
            return await forms.turn(
                begin,
                dict(state),
                pages,
                locale=locale,
                run_sync=caller.run_sync,
                run_async=caller.run_async,
                secrecy=secrecy,
                is_bound=is_bound,
            )
