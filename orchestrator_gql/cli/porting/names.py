"""Where each name of orchestrator-core is here: a table, and no special cases."""

from typing import Final

OLD: Final = "orchestrator"
"""The package of the other system; since its release 5 the same modules are in ``orchestrator.core``."""

_TYPES = (
    "InputForm InputFormGenerator InputStepFunc JSON SimpleInputFormGenerator StateInputFormGenerator "
    "StateInputStepFunc StateSimpleInputFormGenerator SummaryData strEnum"
)
_VALIDATORS = (
    "Accept Choice ContactPerson ContactPersonName DisplaySubscription Divider Label ListOfOne ListOfTwo LongText "
    "MigrationSummary OrganisationId Timestamp choice_list contact_person_list migration_summary timestamp "
    "unique_conlist"
)

_HOMES: Final[dict[str, dict[str, str]]] = {
    "orchestrator": {
        "orchestrator_gql": "begin conditional done focussteps inputstep retrystep step steplens",
        "orchestrator_gql.workflow": "workflow",
    },
    "orchestrator.workflow": {
        "orchestrator_gql.workflow": (
            "Step StepList Workflow abort begin callback_step conditional done focussteps init inputstep retrystep "
            "step step_group steplens workflow"
        ),
    },
    "orchestrator.workflows": {"orchestrator_gql.workflows": "steps utils"},
    "orchestrator.workflows.steps": {
        "orchestrator_gql.workflows.steps": "resync set_status store_process_subscription unsync unsync_unchecked",
    },
    "orchestrator.workflows.utils": {
        "orchestrator_gql.workflows.utils": (
            "create_workflow ensure_provisioning_status modify_workflow reconcile_workflow task terminate_workflow "
            "validate_workflow"
        ),
    },
    "orchestrator.domain": {"orchestrator_gql.domain": "SubscriptionModel"},
    "orchestrator.domain.base": {"orchestrator_gql.domain.base": "ProductBlockModel ProductModel SI SubscriptionModel"},
    "orchestrator.types": {
        "orchestrator_gql.types": "FormGenerator FormGeneratorAsync State SubscriptionLifecycle UUIDstr",
        "orchestrator_gql.domain.base": "SI",
        "pydantic_forms.types": _TYPES,
    },
    "orchestrator.targets": {"orchestrator_gql.targets": "Target"},
    "orchestrator.config.assignee": {"orchestrator_gql.config.assignee": "Assignee"},
    "orchestrator.utils.errors": {"orchestrator_gql.utils.errors": "ProcessFailureError"},
    "orchestrator.utils.json": {"orchestrator_gql.utils.json": "json_dumps json_loads"},
    "orchestrator.forms": {
        "orchestrator_gql.forms": "FormPage SubmitFormPage",
        "pydantic_forms.core": "DisplayOnlyFieldType generate_form post_form",
        "pydantic_forms.exceptions": (
            "FormException FormNotCompleteError FormOverflowError FormValidationError convert_errors"
        ),
        "pydantic_forms.types": "InputForm JSON StateInputFormGenerator",
    },
    "orchestrator.forms.validators": {
        "pydantic_forms.validators": _VALIDATORS,
        "pydantic_forms.validators.helpers": "remove_empty_items",
        "pydantic_forms.types": "strEnum",
        "nwastdlib.vlans": "VlanRanges",
    },
}
"""Per module of the other system: the modules in which its names are now."""

_RENAMED: Final = {
    ("orchestrator.services.products", "get_product_by_id"): ("orchestrator_gql.domain", "product"),
    ("orchestrator.services.products", "get_product_by_name"): ("orchestrator_gql.domain", "product"),
}
"""Names that are other names here; the code keeps its own name for it: ``import product as get_product_by_id``."""

HOMES: Final = _RENAMED | {
    (old, name): (new, name) for old, homes in _HOMES.items() for new, names in homes.items() for name in names.split()
}
"""Per module and name of the other system: the module and the name here."""

MODULES: Final = {
    old: new for old, homes in _HOMES.items() for new in homes if new == old.replace(OLD, "orchestrator_gql", 1)
}
"""The modules that are here under the same name."""

REWRITTEN: Final = frozenset(
    {
        ("orchestrator.domain", "SUBSCRIPTION_MODEL_REGISTRY"),
        ("orchestrator.domain.base", "SubscriptionInstanceList"),
        ("orchestrator.domain.base", "serializable_property"),
        ("orchestrator.forms", "ReadOnlyField"),
        ("pydantic_forms.core", "ReadOnlyField"),
        ("orchestrator.workflows", "LazyWorkflowInstance"),
        ("orchestrator.workflows.utils", "modify_initial_input_form_generator"),
        ("orchestrator.workflows.utils", "wrap_create_initial_input_form"),
        ("orchestrator.workflows.utils", "wrap_modify_initial_input_form"),
    }
)
"""Names whose uses are rewritten, so that nothing imports them any more."""

READY_MADE: Final = {
    "CREATE": "create_workflow",
    "MODIFY": "modify_workflow",
    "TERMINATE": "terminate_workflow",
    "VALIDATE": "validate_workflow",
    "RECONCILE": "reconcile_workflow",
}
"""The decorator of the ready-made workflow of each target."""


def normal(dotted: str) -> str:
    """The dotted name without the ``core`` of newer releases.

    >>> normal("orchestrator.core.domain.base")
    'orchestrator.domain.base'
    """
    head, _, rest = dotted.partition(".")
    if head == OLD and (rest == "core" or rest.startswith("core.")):
        rest = rest[len("core.") :]
    return f"{head}.{rest}" if rest else head


def is_old(dotted: str) -> bool:
    """True if the dotted name is in the other system.

    >>> is_old("orchestrator.types"), is_old("orchestrator_gql.types")
    (True, False)
    """
    return dotted.partition(".")[0] == OLD


def split(dotted: str) -> tuple[str, str]:
    """The module and the name of a dotted name, as the table has them.

    >>> split("orchestrator.core.types.SI")
    ('orchestrator.types', 'SI')
    """
    module, _, name = normal(dotted).rpartition(".")
    return module, name
