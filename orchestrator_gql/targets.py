"""The targets of workflows: what a workflow does to a product subscription."""

from enum import StrEnum


class Target(StrEnum):
    """Why a workflow is run; operators see it, and it decides which workflows may start for a subscription."""

    CREATE = "CREATE"
    MODIFY = "MODIFY"
    TERMINATE = "TERMINATE"
    VALIDATE = "VALIDATE"
    RECONCILE = "RECONCILE"
    SYSTEM = "SYSTEM"
