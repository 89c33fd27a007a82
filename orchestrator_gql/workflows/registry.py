"""Which workflows this server offers, by name."""

from collections.abc import Iterable, Iterator

from orchestrator_gql.utils.arguments import wanted
from orchestrator_gql.utils.errors import NotFound, WorkflowDefinitionError
from orchestrator_gql.workflow.model import ActionStep, InputStep, Workflow


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
    if workflow.initial_form is not None:
        wanted(workflow.initial_form)
