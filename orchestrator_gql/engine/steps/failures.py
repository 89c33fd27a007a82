"""Turns an exception of an author's code into the failure of a step or the error of a request."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from secrets import token_hex
from typing import Any

from orchestrator_gql.engine.steps.calls import FORM_TIMEOUT
from orchestrator_gql.process import Failed, Outcome, Process, RetryLater
from orchestrator_gql.process.transitions import DEFINITION_CHANGED
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.types import Failure, ProcessStatus, StepKind
from orchestrator_gql.utils.author_calls import AuthorRaised
from orchestrator_gql.utils.errors import AuthorCodeFailed, FormTimeout, OrchestratorError, StepError
from orchestrator_gql.utils.exception_text import MESSAGE, beginning, describe, is_a, log_trace
from orchestrator_gql.utils.json import bounded
from orchestrator_gql.utils.secrets import without_known
from orchestrator_gql.utils.tokens import conceal
from orchestrator_gql.workflow.model import ActionStep, Step

logger = logging.getLogger("orchestrator_gql.engine.authors.failures")

ARGUMENTS = ("missing-argument", "bad-argument")
"""The codes of failures whose message names the function and the parameter, but not the step."""

DECIDED = (DEFINITION_CHANGED, "interrupted")
"""The codes of failures of a step that the engine decides without a call of its function."""

REASON = 2_000
"""Characters of a message that the log shows; to redact the longest message takes too long on the loop."""


def failure_of(error: BaseException, runtime: Runtime, tokens: Iterable[str] = ()) -> Failure:
    """The failure that operators see for an exception of an author's code: bounded in size and without the tokens."""
    description = error.described if isinstance(error, AuthorRaised) else describe(error)
    return Failure(
        code=description.code,
        message=without_tokens(str(description), tokens),
        details=bounded(without_tokens(description.details, tokens)),
        traceback=without_tokens(description.trace, tokens)
        if description.trace and not description.is_polite
        else None,
        occurred_at=runtime.clock.now(),
    )


def failure_at(
    runtime: Runtime, process: Process, step: Step, error: BaseException, tokens: Iterable[str] = ()
) -> Failure:
    """As `failure_of`, for a failure of this step; a message about an argument names the step.

    The log gets the failure with its trace, without secrets and tokens: the log is read by more people than the trace
    in the database.
    """
    failure = failure_of(error, runtime, tokens)
    if failure.code in ARGUMENTS:
        failure = replace(failure, message=f"Step {step.name!r}: {failure.message}"[:MESSAGE])
    raised = error.error if isinstance(error, AuthorRaised) else error
    level = logging.WARNING if is_a(raised, OrchestratorError) else logging.ERROR
    log_failure(runtime, process, step, level, "step failed", failure, error)
    return failure


def log_failure(
    runtime: Runtime, process: Process, step: Step, level: int, text: str, failure: Failure, error: BaseException
) -> None:
    """Log the text and the trace of the failure, or its message without a trace, without secrets known here."""

    def shown(words: str) -> str:
        return runtime.redact.text(without_known(process.secrets.text(words), error))

    facts = {"process_id": str(process.id), "step": step.name, "code": failure.code}
    if failure.traceback:
        log_trace(logger, level, text, shown(failure.traceback), **facts)
    else:
        log_trace(logger, level, text, "", **facts, reason=shown(beginning(failure.message, REASON)))


def log_decided(runtime: Runtime, process: Process) -> None:
    """Log the failure of the process if no author's code raised it: a wait, a deployment or a crash ended it."""
    execution, failure = process.execution, process.failure
    if process.status is not ProcessStatus.FAILED or failure is None:
        return
    is_of_wait = execution is not None and execution.kind is StepKind.AWAIT_CALLBACK
    if is_of_wait or failure.code in DECIDED:
        reason = runtime.redact.text(process.secrets.text(beginning(failure.message, REASON)))
        facts = {"process_id": str(process.id), "code": failure.code, "reason": reason}
        logger.warning("process failed", extra=facts)


def failed(runtime: Runtime, process: Process, step: Step, error: BaseException, tokens: Iterable[str] = ()) -> Outcome:
    """The outcome of a step that raised: a failure, or another try if the step has tries left."""
    return outcome_of(runtime, process, step, failure_at(runtime, process, step, error, tokens))


def outcome_of(runtime: Runtime, process: Process, step: Step | None, failure: Failure) -> Outcome:
    """The outcome of a step with this failure: another try if the step has tries left, or the failure."""
    try_count = process.execution.try_count if process.execution else 1
    if isinstance(step, ActionStep) and step.retry is not None and try_count < step.retry.attempts:
        return RetryLater(failure, runtime.clock.now() + step.retry.wait(try_count))
    return Failed(failure)


def refused(raised: AuthorRaised, what: str) -> AuthorCodeFailed:
    """The error of a request whose author's code, named ``what``, raised. The log has the trace under the error id."""
    description, error_id = raised.described, token_hex(8)
    trace = without_known(description.trace, raised)  # the trace may quote what the person typed into a secret field
    log_trace(logger, logging.ERROR, f"an author's code failed in a request: {what}", trace, error_id=error_id)
    reason = without_known(description.message, raised) if description.is_polite else f"it raised {description.kind}"
    error = AuthorCodeFailed(
        f"{what} failed, and nothing was changed: {reason} (error {error_id} in the server's log).", error_id=error_id
    )
    error.add_note(trace)  # for the tests of workflow authors, which do not show the log
    return error


def timed_out(error: StepError, what: str) -> FormTimeout:
    """The error of a request whose author's code took too long; the log names the code under the error id."""
    error_id = token_hex(8)
    logger.error("an author's code took too long in a request: %s", what, extra={"error_id": error_id})
    message = f"{error.message.rstrip('.')}, and nothing was changed (error {error_id} in the server's log)."
    return FormTimeout(message, error_id=error_id)


@contextmanager
def in_request(what: str) -> Iterator[None]:
    """Raise `AuthorCodeFailed` for an exception of an author's code in the block; ``what`` names the code."""
    try:
        yield
    except AuthorRaised as raised:
        refusal = refused(raised, what)
    except StepError as error:
        refusal = timed_out(error, what) if error.failure_code == FORM_TIMEOUT else refused(AuthorRaised(error), what)
    else:
        return
    raise refusal  # outside of the except blocks: the author's exception must not become the context of this error


def without_tokens(value: Any, tokens: Iterable[str]) -> Any:
    """The value without the tokens."""
    return conceal(value, tokens) if tokens else value
