"""Where a process stands, and what a form asks, in the words of a test that expected something else."""

from orchestrator_gql import forms
from orchestrator_gql.process import Process
from orchestrator_gql.types import Failure, ProcessStatus
from orchestrator_gql.utils.errors import FormInvalid

MOVING = (ProcessStatus.CREATED, ProcessStatus.RUNNING)
"""Where a process does not rest."""


def standing(process: Process) -> str:
    """The process in one sentence, with its failure and the trace of it, where there is one."""
    execution = process.execution
    verb = "is" if process.status in MOVING else "rests"
    place = f" at step {execution.step_index + 1}, {execution.name!r}" if execution else ""
    tries = f", attempt {execution.attempt}" if execution and execution.attempt > 1 else ""
    failure = process.failure or (execution.failure if execution else None)
    why = f": {_why(failure)}" if failure else ""
    return f"process {process.workflow_name!r} {verb} {process.status}{place}{tries}{why}"


def shown(turned: forms.Turn, what: str) -> forms.Page:
    """The page that a form asks for. `FormInvalid` for field errors, `AssertionError` where it asks nothing more."""
    match turned:
        case forms.NextPage(page):
            return page
        case forms.PageInvalid():
            raise refused(turned, what)
        case forms.Complete(pages=pages):
            raise AssertionError(f"{what} asks for nothing behind these {len(pages)} pages.")


def refused(turned: forms.PageInvalid, what: str) -> FormInvalid:
    """The field errors, with a message that names each."""
    errors = "; ".join(f"{'.'.join(each.path) or 'the page'}: {each.message}" for each in turned.errors)
    place = f"page {turned.page_index + 1}, {turned.page.title!r}"
    return FormInvalid(f"{what} does not take {place}: {errors}", turned.errors)


def unfinished(turned: forms.NextPage, what: str) -> AssertionError:
    """Where a test gave too few pages."""
    fields = ", ".join(turned.page.schema["properties"]) or "nothing to fill in"
    return AssertionError(f"{what} asks for one more page, {turned.page.title!r}: {fields}.")


def _why(failure: Failure) -> str:
    details = f" {failure.details!r}" if failure.details is not None else ""
    trace = f"\n{failure.traceback}" if failure.traceback else ""
    return f"{failure.code}: {failure.message}{details}{trace}"
