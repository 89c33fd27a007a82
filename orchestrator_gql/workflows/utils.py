"""The ready-made kinds of workflow: they add standard steps before and after the author's steps."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, TypeAlias

from orchestrator_gql.security import Authorizer
from orchestrator_gql.targets import Target
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.names import demand_text
from orchestrator_gql.workflow.language import done, init, steps_of, workflow
from orchestrator_gql.workflow.limits import demand_function
from orchestrator_gql.workflow.lock import LockKeys, OnLocked
from orchestrator_gql.workflow.model import Step, StepList, Workflow, begin
from orchestrator_gql.workflows.offers import offered_by
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
    additional_steps: Step | StepList | None = None,
    *,
    products: Sequence[str] = (),
    authorize_callback: Authorizer | None = None,
    retry_auth_callback: Authorizer | None = None,
    run_predicate: Callable[..., Any] | None = None,
    on_abort: Step | StepList = begin,
    title: str | None = None,
    lock: LockKeys | None = None,
    on_locked: OnLocked = "refuse",
) -> Decorator:
    """A workflow that makes a product subscription. At the end the subscription is in ``status`` and in sync.

    If more than one of ``products`` (names) can be made, a page before the author's form asks which. Without names,
    the products are those whose models the steps and the form take; if they take none, all active products. The state
    then holds ``product`` (its id) and ``product_name``. Raises `WorkflowDefinitionError` for an unknown product.
    """
    made: list[Workflow] = []
    decorate = _kind(
        description,
        Target.CREATE,
        initial_input_form,
        asks_product(lambda: offered_by(made[0])),
        first_steps=init,
        last_steps=_steps(additional_steps) >> set_status(status) >> resync >> done,
        products=known_products(products),
        authorize_callback=authorize_callback,
        retry_auth_callback=retry_auth_callback,
        run_predicate=run_predicate,
        on_abort=on_abort,
        title=title,
        lock=lock,
        on_locked=on_locked,
    )

    def remembered(function: Body) -> Workflow:
        made[:] = [decorate(function)]  # its steps say which products it makes
        return made[0]

    return remembered


def modify_workflow(
    description: str = "",
    initial_input_form: InputForm | None = None,
    additional_steps: Step | StepList | None = None,
    *,
    products: Sequence[str] = (),
    statuses: Collection[SubscriptionLifecycle] | None = None,
    allow_in_use: bool = False,
    authorize_callback: Authorizer | None = None,
    retry_auth_callback: Authorizer | None = None,
    run_predicate: Callable[..., Any] | None = None,
    on_abort: Step | StepList = begin,
    title: str | None = None,
    lock: LockKeys | None = None,
    on_locked: OnLocked = "refuse",
) -> Decorator:
    """A workflow that asks for a product subscription, changes it, and holds it until the end.

    It starts only on a subscription to one of ``products`` (names; without them, as for `create_workflow`) in one of
    ``statuses`` (default: active). With ``allow_in_use`` it may disable a subscription that others use.
    """
    return _kind(
        description,
        Target.MODIFY,
        initial_input_form,
        asks_subscription(),
        products=known_products(products),
        statuses=statuses,
        allow_in_use=allow_in_use,
        first_steps=init >> store_process_subscription() >> unsync,
        last_steps=_steps(additional_steps) >> resync >> done,
        authorize_callback=authorize_callback,
        retry_auth_callback=retry_auth_callback,
        run_predicate=run_predicate,
        on_abort=on_abort,
        title=title,
        lock=lock,
        on_locked=on_locked,
    )


def terminate_workflow(
    description: str = "",
    initial_input_form: InputForm | None = None,
    additional_steps: Step | StepList | None = None,
    *,
    products: Sequence[str] = (),
    statuses: Collection[SubscriptionLifecycle] | None = None,
    allow_in_use: bool = False,
    authorize_callback: Authorizer | None = None,
    retry_auth_callback: Authorizer | None = None,
    run_predicate: Callable[..., Any] | None = None,
    on_abort: Step | StepList = begin,
    title: str | None = None,
    lock: LockKeys | None = None,
    on_locked: OnLocked = "refuse",
) -> Decorator:
    """A workflow that asks for a product subscription and terminates it.

    ``products`` and ``statuses`` (default: every status before terminated) are as for `modify_workflow`. A subscription
    that others use is terminated only with ``allow_in_use``.
    """
    last_steps = _steps(additional_steps) >> set_status(SubscriptionLifecycle.TERMINATED) >> resync >> done
    return _kind(
        description,
        Target.TERMINATE,
        initial_input_form,
        asks_subscription(),
        products=known_products(products),
        statuses=statuses,
        allow_in_use=allow_in_use,
        first_steps=init >> store_process_subscription() >> unsync,
        last_steps=last_steps,
        authorize_callback=authorize_callback,
        retry_auth_callback=retry_auth_callback,
        run_predicate=run_predicate,
        on_abort=on_abort,
        title=title,
        lock=lock,
        on_locked=on_locked,
    )


def validate_workflow(
    description: str = "",
    *,
    products: Sequence[str] = (),
    statuses: Collection[SubscriptionLifecycle] | None = None,
    authorize_callback: Authorizer | None = None,
    retry_auth_callback: Authorizer | None = None,
    title: str | None = None,
    lock: LockKeys | None = None,
    on_locked: OnLocked = "refuse",
) -> Decorator:
    """A workflow that compares a product subscription with the network.

    It takes no lock, so it may run beside a change. Once it is complete, the subscription is in sync.
    """
    return _kind(
        description,
        Target.VALIDATE,
        None,
        asks_subscription(),
        products=known_products(products),
        statuses=statuses,
        first_steps=init >> store_process_subscription(),
        last_steps=done,
        authorize_callback=authorize_callback,
        retry_auth_callback=retry_auth_callback,
        title=title,
        lock=lock,
        on_locked=on_locked,
    )


def reconcile_workflow(
    description: str = "",
    additional_steps: Step | StepList | None = None,
    *,
    products: Sequence[str] = (),
    statuses: Collection[SubscriptionLifecycle] | None = None,
    authorize_callback: Authorizer | None = None,
    retry_auth_callback: Authorizer | None = None,
    run_predicate: Callable[..., Any] | None = None,
    on_abort: Step | StepList = begin,
    title: str | None = None,
    lock: LockKeys | None = None,
    on_locked: OnLocked = "refuse",
) -> Decorator:
    """A workflow that makes the network as the product subscription says, and holds the subscription until the end.

    It also starts on a subscription that is out of sync, but not while another process holds it. Once it is complete,
    the subscription is in sync. ``products`` and ``statuses`` (default: active) are as for `modify_workflow`.
    """
    return _kind(
        description,
        Target.RECONCILE,
        None,
        asks_subscription(),
        products=known_products(products),
        statuses=statuses,
        first_steps=init >> store_process_subscription() >> unsync_unchecked,
        last_steps=_steps(additional_steps) >> resync >> done,
        authorize_callback=authorize_callback,
        retry_auth_callback=retry_auth_callback,
        run_predicate=run_predicate,
        on_abort=on_abort,
        title=title,
        lock=lock,
        on_locked=on_locked,
    )


def task(
    description: str = "",
    initial_input_form: InputForm | None = None,
    additional_steps: Step | StepList | None = None,
    *,
    authorize_callback: Authorizer | None = None,
    retry_auth_callback: Authorizer | None = None,
    run_predicate: Callable[..., Any] | None = None,
    on_abort: Step | StepList = begin,
    title: str | None = None,
    lock: LockKeys | None = None,
    on_locked: OnLocked = "refuse",
) -> Decorator:
    """A workflow of the system (target SYSTEM), without a product subscription."""
    return _kind(
        description,
        Target.SYSTEM,
        initial_input_form,
        first_steps=init,
        last_steps=_steps(additional_steps) >> done,
        authorize_callback=authorize_callback,
        retry_auth_callback=retry_auth_callback,
        run_predicate=run_predicate,
        on_abort=on_abort,
        title=title,
        lock=lock,
        on_locked=on_locked,
    )


def ensure_provisioning_status(steps: StepList) -> StepList:
    """The steps between the statuses PROVISIONING and ACTIVE."""
    return set_status(SubscriptionLifecycle.PROVISIONING) >> steps >> set_status(SubscriptionLifecycle.ACTIVE)


def _steps(additional_steps: Step | StepList | None) -> StepList:
    return begin if additional_steps is None else begin >> additional_steps


def _kind(
    description: str,
    target: Target,
    author_form: InputForm | None,
    prelude: Prelude | None = None,
    *,
    first_steps: StepList,
    last_steps: StepList,
    **rules: Any,
) -> Decorator:
    demand_text(description, "description of a workflow")
    demand_function(author_form, "initial_input_form of a workflow", may_yield=True)
    form = author_form if prelude is None else preceded(prelude, author_form)

    def decorate(function: Body) -> Workflow:
        @wraps(function)
        def all_steps() -> StepList:
            return first_steps >> steps_of(function) >> last_steps

        made = workflow(description, initial_input_form=form, target=target, **rules)(all_steps)
        return replace(made, author_form=author_form)

    return decorate
