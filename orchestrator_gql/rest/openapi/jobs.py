"""What each step of the deployed workflows expects of the remote service that it orders a job from.

A job is a webhook of ours, named WORKFLOW.STEP, and its answer is a callback of that webhook under the same name: so a
team that has a job's name finds what to send, and where. What the order itself looks like is between its author and
that team; only the URL that it carries is ours.
"""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from itertools import chain, count

from orchestrator_gql.callbacks import contract
from orchestrator_gql.rest.openapi.responses import TO_A_RESULT, DocumentedResponse, responses
from orchestrator_gql.types import Json
from orchestrator_gql.workflow.model import AwaitStep, Workflow

_SUFFIX = " - Await callback"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")

DRY_RUN = {"$ref": "#/components/parameters/DryRun"}


@dataclass(frozen=True, slots=True)
class Job:
    """One wait of one workflow; ``key`` is its name in the document."""

    key: str
    workflow: Workflow
    wait: AwaitStep

    @property
    def name(self) -> str:
        """What its author calls the step."""
        return self.wait.name.removesuffix(_SUFFIX)


def jobs(workflows: Iterable[Workflow]) -> list[Job]:
    """Every wait there is, clean-up included; a name that stands twice is numbered."""
    found: dict[str, Job] = {}
    for workflow in workflows:
        for wait in workflow.all_steps(is_aborted=True):
            if isinstance(wait, AwaitStep):
                key = _free(_NOT_IN_NAMES.sub("_", f"{workflow.name}.{wait.name.removesuffix(_SUFFIX)}"), found)
                found[key] = Job(key, workflow, wait)
    return list(found.values())


def _free(name: str, taken: Container[str]) -> str:
    numbered = (f"{name}_{number}" for number in count(2))
    return next(key for key in chain((name,), numbered) if key not in taken)


def schema(job: Job) -> Json:
    """What the job's result must look like: what GraphQL tells as the step's contract, or that anything will do."""
    if job.wait.contract is None:
        return {"description": "Any JSON value: the step names no contract."}
    return contract.schema_or_nothing(job.wait.contract, f"#/components/schemas/{job.key}/$defs/{{model}}")


def webhook(job: Job) -> Json:
    """The order, and where its answer goes."""
    order = {
        "type": "object",
        "required": ["callback_url"],
        "properties": {
            "callback_url": {"type": "string", "format": "uri", "description": "Where the result goes, once."},
            "progress_url": {"type": "string", "format": "uri", "description": "Where news go in the meantime."},
        },
    }
    words = (
        f"The step {job.name!r} of the workflow `{job.workflow.name}` orders a job. How the order is sent, and under "
        "which names it carries the URLs, its author has agreed on with you."
    )
    if job.wait.expect is not None:
        words += " There are several answers to it, each with a URL of its own."
    if job.wait.service is not None:
        words += (
            f" It is for the remote service `{job.wait.service}`, which may have to sign what it sends or to call "
            "from an agreed address, and can answer by its own name for the job."
        )
    return {
        "post": {
            "operationId": f"{job.key}.order",
            "tags": ["jobs"],
            "summary": f"{job.workflow.description or job.workflow.name}: {job.name}",
            "description": words,
            "requestBody": {"content": {"application/json": {"schema": order}}},
            "responses": {"2XX": {"description": "You took the job. The step is over; the process waits for you."}},
            "callbacks": {job.key: {"$ref": f"#/components/callbacks/{job.key}"}},
        }
    }


def callback(job: Job) -> Json:
    """The answers that the order awaits: the result, news, or that it failed."""
    result = operation(f"{job.key}.result", f"The result of {job.name}", job.key, TO_A_RESULT)
    return {
        "{$request.body#/callback_url}": {"post": result | {"parameters": [DRY_RUN]}},
        "{$request.body#/callback_url}/progress": {"$ref": "#/components/pathItems/Progress"},
        "{$request.body#/callback_url}/fail": {"$ref": "#/components/pathItems/Failure"},
    }


def operation(operation: str, summary: str, schema_name: str, answers: Iterable[DocumentedResponse]) -> dict[str, Json]:
    """An operation that brings JSON of that schema."""
    content: dict[str, Json] = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema_name}"}}}
    if schema_name == "Progress":
        content["text/plain"] = {"schema": {"type": "string"}}
    return {
        "operationId": operation,
        "tags": ["callbacks"],
        "summary": summary,
        "requestBody": {"required": True, "content": content},
        "responses": responses(answers),
    }
