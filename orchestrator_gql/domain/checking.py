"""Says whether a stored document can be loaded, by loading it, and makes the document that its migrations lead to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError

from orchestrator_gql.domain.documents import SubscriptionDocument, documents_of
from orchestrator_gql.domain.migrations import current
from orchestrator_gql.domain.paths import faults_in
from orchestrator_gql.domain.references import Documents
from orchestrator_gql.domain.subscriptions import SubscriptionModel
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.exception_text import RAISED, describe

UNSTABLE = (
    "The same document gives other values each time, such as a new id or the current time. Give each new block an id, "
    "and each new field a value, that follow from the document."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a document cannot be loaded.

    ``code`` is the failure code of a step that would load it. ``faults`` are places with what is wrong there; an empty
    place means the whole document.
    """

    code: str
    faults: tuple[tuple[str, str], ...]
    fix: str


def finding_in(data: Mapping[str, Json], others: Documents) -> Finding | None:
    """Why the stored document cannot be loaded as the class of its status; None if it can.

    ``others`` are the documents of the subscriptions whose blocks it uses.
    """
    try:
        SubscriptionModel.load(data, others)
    except Exception as error:
        return finding_of(error)
    return None


def finding_of(error: Exception) -> Finding:
    """What an error of loading says."""
    if not isinstance(error, StepError):
        return Finding(RAISED, (("", str(describe(error))),), "Correct the validator or the serializer of the class.")
    if isinstance(error.__cause__, ValidationError):
        return Finding(error.failure_code, faults_in(error.__cause__), error.fix)
    problem = error.message.removesuffix(error.fix).rstrip().removesuffix(".").removesuffix(":")
    return Finding(error.failure_code, ((error.path, problem),), error.fix)


def migrated(data: Mapping[str, Json], others: Documents) -> SubscriptionDocument:
    """The document in the deployed version, as a step would return it; runs authors' code.

    Raises the errors of `current`, `SubscriptionModel.load` and `documents_of`, and ``StepError`` ``migration-failed``
    if the same document does not give the same result: it may have been loaded before it is stored.
    """
    new = current(data)
    if new != current(data):
        raise StepError(UNSTABLE, code="migration-failed")
    [document] = documents_of([SubscriptionModel.load(new, others)])
    if document.is_changed:  # though nobody changed it: loading gave it values that are not in the document
        raise StepError(UNSTABLE, code="migration-failed")
    return replace(document, is_changed=True)
