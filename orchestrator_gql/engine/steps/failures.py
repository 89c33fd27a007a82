"""What an exception of an author's code is to people: the failure of a step, or the refusal of a request."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from secrets import token_hex
from typing import Any

from orchestrator_gql.process import Failed, Outcome, Process, RetryLater
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.types import Failure
from orchestrator_gql.utils.author_calls import AuthorRaised
from orchestrator_gql.utils.errors import AuthorCodeFailed, OrchestratorError, StepError
from orchestrator_gql.utils.exception_text import MESSAGE, describe, is_a
from orchestrator_gql.utils.json import bounded
from orchestrator_gql.utils.secrets import without_known
from orchestrator_gql.utils.tokens import conceal
from orchestrator_gql.workflow.model import ActionStep, Step

logger = logging.getLogger("orchestrator_gql.engine.authors.failures")

ARGUMENTS = ("missing-argument", "bad-argument")
"""Failures that name the function and the parameter, but not the step."""


def failure_of(error: BaseException, runtime: Runtime, tokens: Iterable[str] = ()) -> Failure:
    """What an exception of an author's code is to operators: bounded, and without the tokens."""
    told = error.described if isinstance(error, AuthorRaised) else describe(error)
    return Failure(
        code=told.code,
        message=without_tokens(str(told), tokens),
        details=bounded(without_tokens(told.details, tokens)),
        traceback=without_tokens(told.trace, tokens) if told.trace and not told.is_polite else None,
        occurred_at=runtime.clock.now(),
    )


def failed(runtime: Runtime, process: Process, step: Step, error: BaseException, tokens: Iterable[str] = ()) -> Outcome:
    """What the step comes to that raised: it fails, or is tried again where it may be."""
    failure = failure_of(error, runtime, tokens)
    if failure.code in ARGUMENTS:
        failure = replace(failure, message=f"Step {step.name!r}: {failure.message}"[:MESSAGE])
    raised = error.error if isinstance(error, AuthorRaised) else error
    log = logger.warning if is_a(raised, OrchestratorError) else logger.error
    log("step failed", extra={"process_id": str(process.id), "step": step.name, "code": failure.code})
    tries = process.execution.tries if process.execution else 1
    if isinstance(step, ActionStep) and step.retry is not None and tries < step.retry.attempts:
        return RetryLater(failure, runtime.clock.now() + step.retry.wait(tries))
    return Failed(failure)


def refused(raised: AuthorRaised, what: str) -> AuthorCodeFailed:
    """What a request answers whose author's code, called ``what``, raised; the rest is in the log, under its id."""
    told, error_id = raised.described, token_hex(8)
    trace = without_known(told.trace, raised)  # the trace may quote what the person typed into a secret field
    logger.error("an author's code failed in a request: %s\n%s", what, trace, extra={"error_id": error_id})
    why = without_known(told.message, raised) if told.is_polite else f"it raised {told.kind}"
    failed = AuthorCodeFailed(
        f"{what} failed, and nothing was changed: {why} (error {error_id} in the server's log).", error_id=error_id
    )
    failed.add_note(trace)  # for the tests of workflow authors, which have no log to look into
    return failed


@contextmanager
def in_request(what: str) -> Iterator[None]:
    """Have what an author's code, called ``what``, raises answered as `AuthorCodeFailed`."""
    try:
        yield
    except AuthorRaised as raised:
        refusal = refused(raised, what)
    except StepError as wrong:
        refusal = refused(AuthorRaised(wrong), what)
    else:
        return
    raise refusal  # out here: an exception of an author's must not hang on to it, for whoever formats its context


def without_tokens(value: Any, tokens: Iterable[str]) -> Any:
    """The value without the tokens, where there are any."""
    return conceal(value, tokens) if tokens else value
