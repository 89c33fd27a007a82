"""What a workflow does to a product subscription."""

from enum import StrEnum


class Target(StrEnum):
    """Why a workflow is run; shown to operators and used to decide what may be started when."""

    CREATE = "CREATE"
    MODIFY = "MODIFY"
    TERMINATE = "TERMINATE"
    VALIDATE = "VALIDATE"
    SYSTEM = "SYSTEM"
