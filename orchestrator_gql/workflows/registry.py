"""Which workflows this server offers, by name."""

from collections.abc import Iterable, Iterator

from orchestrator_gql.utils.arguments import is_given_whole_state, wanted
from orchestrator_gql.utils.errors import NotFound, WorkflowDefinitionError
from orchestrator_gql.workflow.model import START_NAMES, ActionStep, AwaitStep, InputStep, Step, Workflow


class Registry:
    """The workflows of a deployment. The registry is built once at start and never changes."""

    def __init__(self, workflows: Iterable[Workflow] = ()) -> None:
        self._by_name: dict[str, Workflow] = {}
        for workflow in workflows:
            self._add(workflow)

    def _add(self, workflow: Workflow) -> None:
        known = self._by_name.get(workflow.name)
        if known is not None and known is not workflow:
            raise WorkflowDefinitionError(
                f"Two workflows are named {workflow.name!r}: a workflow is named as its function; rename one of them."
            )
        _check(workflow)
        self._by_name[workflow.name] = workflow

    def find(self, name: str) -> Workflow | None:
        """The workflow with this name; None if it is not deployed."""
        return self._by_name.get(name)

    def get(self, name: str) -> Workflow:
        """The workflow with this name; raises `NotFound` if it is not deployed."""
        workflow = self._by_name.get(name)
        if workflow is None:
            raise NotFound("workflow", name)
        return workflow

    def described(self, text: str) -> tuple[str, ...]:
        """The names of the workflows whose description contains the text, in upper or lower case."""
        return tuple(workflow.name for workflow in self if text.lower() in workflow.description.lower())

    def __iter__(self) -> Iterator[Workflow]:
        return iter(sorted(self._by_name.values(), key=lambda workflow: workflow.name))

    def __len__(self) -> int:
        return len(self._by_name)


def _check(workflow: Workflow) -> None:
    """Read the signature of every function now: an error shows at start, not in the middle of a process."""
    for step in workflow.all_steps(is_aborted=True):
        if isinstance(step, ActionStep):
            wanted(step.function)
        elif isinstance(step, InputStep):
            wanted(step.form)
        for function in _handed_over(step):
            if callable(function) and not is_given_whole_state(function):
                wanted(function)
    for form in (workflow.initial_form, workflow.author_form):
        if form is not None:
            wanted(form)
    _check_run_predicate(workflow)


def _handed_over(step: Step) -> Iterator[object]:
    """The functions that an author handed over to the step, beside its own function or form."""
    yield from (condition.predicate for condition in step.conditions)
    if isinstance(step, ActionStep) and step.awaits is not None:
        yield step.awaits.expect
    elif isinstance(step, AwaitStep):
        yield step.poll
    elif isinstance(step, InputStep):
        yield step.auto_confirm


def _check_run_predicate(workflow: Workflow) -> None:
    """Refuse a parameter that can never get a value: before the start there is no state."""
    for parameter in wanted(workflow.run_predicate) if workflow.run_predicate is not None else ():
        if parameter.name not in START_NAMES and not parameter.has_default and not parameter.is_optional:
            raise WorkflowDefinitionError(
                f"The run_predicate of workflow {workflow.name!r}, `{parameter.function}`, needs {parameter.name!r}: "
                f"before the start there is no state. Its parameters can be {', '.join(START_NAMES)}."
            )
