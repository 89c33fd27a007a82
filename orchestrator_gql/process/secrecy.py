"""Removes the secrets of a process from the outcome of a step before the outcome is stored or sent."""

from dataclasses import replace

from orchestrator_gql.process.outcomes import Failed, Outcome, Reissue, RetryLater
from orchestrator_gql.types import Failure
from orchestrator_gql.utils.secrets import Secrets


def failure_shown(failure: Failure, secrets: Secrets) -> Failure:
    """The failure with masks in the places of the secrets."""
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
    """The outcome with masks in its failure; the delta of a success does not change."""
    match outcome:
        case Failed() | RetryLater() | Reissue() if secrets.values:
            return replace(outcome, failure=failure_shown(outcome.failure, secrets))
        case _:
            return outcome
