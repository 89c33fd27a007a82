"""What a step came to, without what its process knows to be secret: nothing else of it is stored or told."""

from dataclasses import replace

from orchestrator_gql.process.outcomes import Failed, Outcome, Reissue, RetryLater
from orchestrator_gql.types import Failure
from orchestrator_gql.utils.secrets import Secrets


def failure_shown(failure: Failure, secrets: Secrets) -> Failure:
    """The failure without the secrets."""
    if not secrets.values:
        return failure
    return replace(
        failure,
        code=secrets.text(failure.code),
        message=secrets.text(failure.message),
        details=secrets.concealed(failure.details),
        traceback=secrets.text(failure.traceback) if failure.traceback else None,
    )


def outcome_shown(outcome: Outcome, secrets: Secrets) -> Outcome:
    """The outcome without the secrets in its failure; what a success adds to the state stays as it is."""
    match outcome:
        case Failed() | RetryLater() | Reissue() if secrets.values:
            return replace(outcome, failure=failure_shown(outcome.failure, secrets))
        case _:
            return outcome
