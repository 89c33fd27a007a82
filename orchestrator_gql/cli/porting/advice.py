"""What is left out on purpose, why, and what to write instead."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A line that a person must change: where it is, why, and what to write instead."""

    path: str
    line: int
    what: str
    why: str
    instead: str


@dataclass(frozen=True, slots=True)
class Advice:
    """Why a name does not exist here, and what to write instead."""

    why: str
    instead: str


_ROWS = Advice(
    "there are no tables to query",
    "read with find_subscriptions(...), Model.from_subscription(id), model.in_use_by or product(name) of "
    "orchestrator_gql.domain; a step returns what it changed",
)
_SERVER = Advice(
    "the server is a command, and its settings are variables ORCHESTRATOR_...",
    "delete it, and run `orchestrator-gql serve --workflows MODULE`",
)
_SCHEDULE = Advice("the server has no scheduler", "call `orchestrator-gql start WORKFLOW` from cron or a timer")
_PREDICATE = Advice(
    "a run_predicate here returns None, or the reason why the workflow cannot start",
    "return None to start, a text to refuse; take reporter, workflow_name or workflow_target by name",
)
_STARTED = Advice(
    "only clients start processes",
    "call the mutation startWorkflow, or `orchestrator-gql start WORKFLOW`; in a test `Kit.start` of "
    "orchestrator_gql.testing",
)
_FORM = Advice(
    "the ready-made workflows ask for the product or the subscription by themselves",
    "decorate with @create_workflow(...), @modify_workflow(...) or @terminate_workflow(...), give it the form without "
    "the wrapper, and drop init, unsync, resync and done from its steps",
)

LEFT_OUT: Final[dict[str, Advice]] = {
    "orchestrator": Advice("this package has no such name", "see the page `Bring your workflows over`"),
    "orchestrator.OrchestratorCore": _SERVER,
    "orchestrator.OrchestratorCelery": _SERVER,
    "orchestrator.agentic_app": _SERVER,
    "orchestrator.app": _SERVER,
    "orchestrator.app_settings": _SERVER,
    "orchestrator.llm_settings": _SERVER,
    "orchestrator.api": _SERVER,
    "orchestrator.cli": _SERVER,
    "orchestrator.settings": _SERVER,
    "orchestrator.log_config": _SERVER,
    "orchestrator.websocket": _SERVER,
    "orchestrator.services.tasks": _SERVER,
    "orchestrator.services.celery": _SERVER,
    "orchestrator.security": Advice(
        "the server signs people in, and roles give permissions", "delete it, and set ORCHESTRATOR_ROLES and its kin"
    ),
    "orchestrator.db": _ROWS,
    "orchestrator.services.subscriptions": _ROWS,
    "orchestrator.services.subscriptions.WF_USABLE_MAP": Advice(
        "each workflow says itself from which statuses it starts", "pass statuses=[...] to its decorator"
    ),
    "orchestrator.services.subscriptions.WF_USABLE_WHILE_OUT_OF_SYNC": Advice(
        "a workflow that repairs a subscription is a reconcile workflow", "decorate it with @reconcile_workflow"
    ),
    "orchestrator.services.subscriptions.WF_BLOCKED_BY_PARENTS": Advice(
        "a workflow may not end a subscription that others use", "delete it, or pass allow_in_use=True"
    ),
    "orchestrator.services.products": Advice(
        "products are registered in code", "use product(name) of orchestrator_gql.domain"
    ),
    "orchestrator.services.processes": _STARTED,
    "orchestrator.services.workflows": _STARTED,
    "orchestrator.migrations": Advice(
        "products and workflows are registered in code, and not in the database",
        "use register_product(...) and products=[...], and delete the migration",
    ),
    "orchestrator.graphql": Advice(
        "the GraphQL schema is the same for all deployments",
        "delete it; a model's values are in ProductSubscription.model",
    ),
    "orchestrator.schedules": _SCHEDULE,
    "orchestrator.schedule": _SCHEDULE,
    "orchestrator.schedulers": _SCHEDULE,
    "orchestrator.utils.state": Advice(
        "the arguments of every step and form come from the state by name", "delete the decorator"
    ),
    "orchestrator.utils.errors": Advice("the engine has no such error", "raise ProcessFailureError"),
    "orchestrator.utils.redis_client": _SERVER,
    "orchestrator.distlock": Advice("a workflow holds the lock of its subscription", "delete it"),
    "orchestrator.forms.validators.CustomerId": Advice(
        "a customer is a text here", "make it a str, or a Choice of your customers"
    ),
    "orchestrator.forms.validators.ProductId": Advice("a product is chosen before the form", "delete the field"),
    "orchestrator.forms.ReadOnlyField": Advice(
        "only `name: type = ReadOnlyField(value)` is rewritten",
        "write `name: ReadOnly[type] = value` of orchestrator_gql.forms",
    ),
    "orchestrator.domain.SUBSCRIPTION_MODEL_REGISTRY": Advice(
        "products are registered one by one", "call register_product(name=..., model=...) of orchestrator_gql.domain"
    ),
    "orchestrator.domain.base.SubscriptionInstanceList": Advice(
        "a list of blocks is an annotated list", "write `Annotated[list[SI], Len(min_length=..., max_length=...)]`"
    ),
    "orchestrator.domain.base.serializable_property": Advice(
        "only the decorator is rewritten", "use pydantic's `@computed_field` above `@property`"
    ),
    "orchestrator.workflows.LazyWorkflowInstance": Advice(
        "a server offers the workflows that its modules import", "import the function: `from module import workflow`"
    ),
    "orchestrator.workflows.utils.modify_initial_input_form_generator": _FORM,
    "orchestrator.workflows.utils.wrap_create_initial_input_form": _FORM,
    "orchestrator.workflows.utils.wrap_modify_initial_input_form": _FORM,
    "orchestrator.workflow.make_workflow": Advice(
        "a decorator makes the workflow", "use @workflow of orchestrator_gql.workflow"
    ),
    "orchestrator.workflow.PredicateContext": _PREDICATE,
    "orchestrator.workflow.RunPredicateFail": _PREDICATE,
    "orchestrator.workflow.RunPredicatePass": _PREDICATE,
    "orchestrator.workflow.Success": Advice("the engine alone makes results", "return a dict, or raise an error"),
    "orchestrator.workflow.Failed": Advice("the engine alone makes results", "raise an error"),
    "orchestrator.workflow.ProcessStat": _STARTED,
    "orchestrator.workflow.runwf": _STARTED,
    "pydantic_forms.core.ReadOnlyField": Advice(
        "only `name: type = ReadOnlyField(value)` is rewritten",
        "write `name: ReadOnly[type] = value` of orchestrator_gql.forms",
    ),
}
"""By dotted name; a module stands for all its names, and the longest entry counts."""

STAR = Advice("a star import does not say which names it needs", "import the names one by one, and port again")
NAMED = Advice("a text names a module of the other system", "name the module of orchestrator_gql, or delete it")
SAVED = Advice(
    "the engine saves what a step returns",
    "return the model from the step, under its name in a dict, and drop the call",
)
ROWS_OF_USERS = Advice(
    "what uses a block is a list of product subscriptions, and not of rows",
    "use the fields of the subscriptions, such as `vpn.status` and `vpn.circuit.saps`",
)
UNREAD = Advice(
    "this migration does not hold the products as a dictionary that can be read",
    "call register_product(...) for its products",
)
FACTLESS = Advice(
    "no migration in the folder says what this product is",
    "pass product_type=, tag=, description= and fixed_inputs= to register_product, as they are in the database",
)
DYNAMIC = Advice("the value is computed in the migration", "pass it to register_product yourself")


def advice_on(dotted: str) -> Advice:
    """The advice on a name or a module of the other system.

    >>> advice_on("orchestrator.db.models.ProductTable").why
    'there are no tables to query'
    """
    while dotted not in LEFT_OUT:
        dotted = dotted.rpartition(".")[0] or "orchestrator"
    return LEFT_OUT[dotted]
