"""The ready-made kinds of workflow: they add standard steps before and after the author's steps."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeAlias

from orchestrator_gql.security import Authorizer
from orchestrator_gql.targets import Target
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.names import demand_text
from orchestrator_gql.workflow.language import done, init, steps_of, workflow
from orchestrator_gql.workflow.model import Step, StepList, Workflow, begin
from orchestrator_gql.workflows.start_forms import (
    InputForm,
    Prelude,
    asks_product,
    asks_subscription,
    known_products,
    preceded,
)
from orchestrator_gql.workflows.steps import resync, set_status, store_process_subscription, unsync, unsync_unchecked

Body: TypeAlias = Callable[[], StepList]
Decorator: TypeAlias = Callable[[Body], Workflow]


def create_workflow(
    description: str = "",
    initial_input_form: InputForm | None = None,
    status: SubscriptionLifecycle = SubscriptionLifecycle.ACTIVE,
    additional_steps: StepList | None = None,
    *,
    products: Sequence[str] = (),
    authorize_callback: Authorizer | None = None,
    retry_auth_callback: Authorizer | None = None,
    run_predicate: Callable[..., Any] | None = None,
    on_abort: Step | StepList = begin,
) -> Decorator:
    """A workflow that makes a product subscription. At the end the subscription is in ``status`` and in sync.

    If more than one of ``products`` (names; default all) can be made, a page before the author's form asks which. The
    state then holds ``product`` (its id) and ``product_name``. Raises `WorkflowDefinitionError` for an unknown product.
    """
    last_steps = (additional_steps or begin) >> set_status(status) >> resync >> done
    return _kind(
        description,
        Target.CREATE,
        form=preceded(asks_product(known_products(products)), initial_input_form),
        first_steps=init,
        last_steps=last_steps,
        authorize_callback=authorize_callback,
        retry_auth_callback=retry_auth_callback,
        run_predicate=run_predicate,
        on_abort=on_abort,
    )


def modify_workflow(
    description: str = "",
    initial_input_form: InputForm | None = None,
    additional_steps: StepList | None = None,
    *,
    authorize_callback: Authorizer | None = None,
    retry_auth_callback: Authorizer | None = None,
    run_predicate: Callable[..., Any] | None = None,
    on_abort: Step | StepList = begin,
) -> Decorator:
    """A workflow that asks for a product subscription, changes it, and keeps it out of sync until the end."""
    return _kind(
        description,
        Target.MODIFY,
        form=_on_subscription(initial_input_form),
        first_steps=init >> store_process_subscription() >> unsync,
        last_steps=(additional_steps or begin) >> resync >> done,
        authorize_callback=authorize_callback,
        retry_auth_callback=retry_auth_callback,
        run_predicate=run_predicate,
        on_abort=on_abort,
    )


def terminate_workflow(
    description: str = "",
    initial_input_form: InputForm | None = None,
    additional_steps: StepList | None = None,
    *,
    authorize_callback: Authorizer | None = None,
    retry_auth_callback: Authorizer | None = None,
    run_predicate: Callable[..., Any] | None = None,
    on_abort: Step | StepList = begin,
) -> Decorator:
    """A workflow that asks for a product subscription and terminates it."""
    last_steps = (additional_steps or begin) >> set_status(SubscriptionLifecycle.TERMINATED) >> resync >> done
    return _kind(
        description,
        Target.TERMINATE,
        form=_on_subscription(initial_input_form),
        first_steps=init >> store_process_subscription() >> unsync,
        last_steps=last_steps,
        authorize_callback=authorize_callback,
        retry_auth_callback=retry_auth_callback,
        run_predicate=run_predicate,
        on_abort=on_abort,
    )


def validate_workflow(
    description: str = "",
    *,
    authorize_callback: Authorizer | None = None,
    retry_auth_callback: Authorizer | None = None,
) -> Decorator:
    """A workflow that compares a product subscription with the network. After a failure it stays out of sync."""
    return _kind(
        description,
        Target.VALIDATE,
        form=_on_subscription(None),
        first_steps=init >> store_process_subscription() >> unsync_unchecked,
        last_steps=resync >> done,
        authorize_callback=authorize_callback,
        retry_auth_callback=retry_auth_callback,
    )


def task(
    description: str = "",
    initial_input_form: InputForm | None = None,
    additional_steps: StepList | None = None,
    *,
    authorize_callback: Authorizer | None = None,
    retry_auth_callback: Authorizer | None = None,
    run_predicate: Callable[..., Any] | None = None,
    on_abort: Step | StepList = begin,
) -> Decorator:
    """A workflow of the system (target SYSTEM), without a product subscription."""
    return _kind(
        description,
        Target.SYSTEM,
        form=initial_input_form,
        first_steps=init,
        last_steps=(additional_steps or begin) >> done,
        authorize_callback=authorize_callback,
        retry_auth_callback=retry_auth_callback,
        run_predicate=run_predicate,
        on_abort=on_abort,
    )


def ensure_provisioning_status(steps: StepList) -> StepList:
    """The steps between the statuses PROVISIONING and ACTIVE."""
    return set_status(SubscriptionLifecycle.PROVISIONING) >> steps >> set_status(SubscriptionLifecycle.ACTIVE)


def _on_subscription(form: InputForm | None) -> InputForm:
    prelude: Prelude = asks_subscription()
    return preceded(prelude, form)


def _kind(
    description: str,
    target: Target,
    *,
    form: InputForm | None,
    first_steps: StepList,
    last_steps: StepList,
    **rules: Any,
) -> Decorator:
    demand_text(description, "description of a workflow")

    def decorate(function: Body) -> Workflow:
        @wraps(function)
        def all_steps() -> StepList:
            return first_steps >> steps_of(function) >> last_steps

        return workflow(description, initial_input_form=form, target=target, **rules)(all_steps)

    return decorate
