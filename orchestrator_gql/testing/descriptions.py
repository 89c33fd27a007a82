"""The messages of failed tests: the state of a process, and the page that a form asks for."""

from orchestrator_gql import forms
from orchestrator_gql.process import Process
from orchestrator_gql.types import Failure, ProcessStatus
from orchestrator_gql.utils.errors import FormInvalid

MOVING = (ProcessStatus.CREATED, ProcessStatus.RUNNING)
"""The statuses in which a process does not rest."""


def describe(process: Process) -> str:
    """The state of the process in one sentence, with its failure and the traceback if there is a failure."""
    execution = process.execution
    verb = "is" if process.status in MOVING else "rests"
    place = f" at step {execution.step_index + 1}, {execution.name!r}" if execution else ""
    tries = f", attempt {execution.attempt}" if execution and execution.attempt > 1 else ""
    failure = process.failure or (execution.failure if execution else None)
    why = f": {_why(failure)}" if failure else ""
    return f"process {process.workflow_name!r} {verb} {process.status}{place}{tries}{why}"


def page_of(turn: forms.Turn, what: str) -> forms.Page:
    """The page that the form asks for. Raises `FormInvalid` for field errors, `AssertionError` if no page is left."""
    match turn:
        case forms.NextPage(page):
            return page
        case forms.PageInvalid():
            raise form_invalid(turn, what)
        case forms.Complete(pages=pages):
            raise AssertionError(f"{what} asks for nothing after these {len(pages)} pages.")


def form_invalid(turn: forms.PageInvalid, what: str) -> FormInvalid:
    """The error for a page with errors; its message names each field."""
    errors = "; ".join(f"{'.'.join(error.path) or 'the page'}: {error.message}" for error in turn.errors)
    place = f"page {turn.page_index + 1}, {turn.page.title!r}"
    return FormInvalid(f"{what} does not take {place}: {errors}", turn.errors)


def pages_missing(turn: forms.NextPage, what: str) -> AssertionError:
    """The error for a test that gave too few pages."""
    fields = ", ".join(turn.page.schema["properties"]) or "nothing to fill in"
    return AssertionError(f"{what} asks for one more page, {turn.page.title!r}: {fields}.")


def _why(failure: Failure) -> str:
    details = f" {failure.details!r}" if failure.details is not None else ""
    trace = f"\n{failure.traceback}" if failure.traceback else ""
    return f"{failure.code}: {failure.message}{details}{trace}"
