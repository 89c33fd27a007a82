"""The jobs that the deployed workflows order from remote services, in OpenAPI.

A job is a webhook with the name WORKFLOW.STEP, and its result is a callback of that webhook with the same name. So a
team that knows the name of its job finds what to send and where. The author of the workflow and the team agree on the
format of the order; only its callback URL is defined here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, count

from orchestrator_gql.rest.openapi.responses import TO_A_RESULT, DocumentedResponse, responses
from orchestrator_gql.types import Json
from orchestrator_gql.workflow.model import AwaitStep, Workflow

_SUFFIX = " - Await callback"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")

DRY_RUN = {"$ref": "#/components/parameters/DryRun"}


@dataclass(frozen=True, slots=True)
class Job:
    """One callback step of one workflow; ``key`` is its name in the document."""

    key: str
    workflow: Workflow
    wait: AwaitStep

    @property
    def name(self) -> str:
        """The name of the step in its workflow."""
        return self.wait.name.removesuffix(_SUFFIX)


def jobs(workflows: Iterable[Workflow]) -> list[Job]:
    """All callback steps, with those of clean-up steps; a second step with the same name gets a number."""
    found: list[Job] = []
    used: set[str] = set()
    for workflow in workflows:
        for wait in workflow.all_steps(is_aborted=True):
            if isinstance(wait, AwaitStep):
                name = f"{workflow.name}.{wait.name.removesuffix(_SUFFIX)}"
                found.append(Job(free(_NOT_IN_NAMES.sub("_", name), used), workflow, wait))
    return found


def free(name: str, used: set[str]) -> str:
    """The name, with a number if it is used; it is used from now on."""
    numbered = (f"{name}_{number}" for number in count(2))
    found = next(candidate for candidate in chain((name,), numbered) if spelled(candidate) not in used)
    used.add(spelled(found))
    return found


def spelled(name: str) -> str:
    """The name as generators compare it: its letters and digits, because a class has neither points nor dashes.

    >>> spelled("create_l2vpn.Dry-run") == spelled("create.L2VPN_dry_run")
    True
    """
    return re.sub(r"[^A-Za-z0-9]", "", name).lower()


def webhook(job: Job) -> Json:
    """The webhook of the order, with the callback for its result."""
    order = {
        "type": "object",
        "required": ["callback_url"],
        "properties": {
            "callback_url": {
                "type": "string",
                "format": "uri",
                "description": "The URL for the result, which can be sent once.",
            },
            "progress_url": {"type": "string", "format": "uri", "description": "The URL for progress reports."},
        },
    }
    description = (
        f"The step {job.name!r} of the workflow `{job.workflow.name}` orders a job. The author of the workflow has "
        "agreed with you how the order is sent and how its URLs are named."
    )
    if job.wait.expect is not None:
        description += " The step expects several results, each with its own URL."
    if job.wait.service is not None:
        description += (
            f" The order goes to the remote service `{job.wait.service}`. The service may have to sign its requests, "
            "or to send them from an agreed address. It can also deliver the result by its own name for the job."
        )
    return {
        "post": {
            "operationId": f"{job.key}.order",
            "tags": ["jobs"],
            "summary": f"{job.workflow.description or job.workflow.name}: {job.name}",
            "description": description,
            "requestBody": {"content": {"application/json": {"schema": order}}},
            "responses": {"2XX": {"description": "You accepted the job. The process now waits for your result."}},
            "callbacks": {job.key: {"$ref": f"#/components/callbacks/{job.key}"}},
        }
    }


def callback(job: Job) -> Json:
    """The callback of the order: the result, progress reports or a failure report."""
    result = operation(f"{job.key}.result", f"The result of {job.name}", job.key, TO_A_RESULT)
    return {
        "{$request.body#/callback_url}": {"post": result | {"parameters": [DRY_RUN]}},
        "{$request.body#/callback_url}/progress": {"$ref": "#/components/pathItems/Progress"},
        "{$request.body#/callback_url}/fail": {"$ref": "#/components/pathItems/Failure"},
    }


def operation(
    operation: str, summary: str, schema_name: str, documented: Iterable[DocumentedResponse]
) -> dict[str, Json]:
    """An operation whose request body has that schema."""
    content: dict[str, Json] = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema_name}"}}}
    if schema_name == "Progress":
        content["text/plain"] = {"schema": {"type": "string"}}
    return {
        "operationId": operation,
        "tags": ["callbacks"],
        "summary": summary,
        "requestBody": {"required": True, "content": content},
        "responses": responses(documented),
    }
