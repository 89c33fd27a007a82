"""Write the reference pages that are generated from the code: settings, errors, REST, command line, GraphQL, events."""

from collections.abc import Iterator
from pathlib import Path

from orchestrator_gql.config.settings import Settings
from orchestrator_gql.config.sources import OTHER_VARIABLES, PREFIX
from orchestrator_gql.rest.openapi import openapi_document
from orchestrator_gql.rest.problems import HTTP_PROBLEMS
from orchestrator_gql.types import Json
from orchestrator_gql.utils import errors, request_errors, start_errors
from orchestrator_gql.utils.errors import OrchestratorError
from orchestrator_gql.utils.json.redaction import Redactor
from scripts.cli_reference import cli_page
from scripts.reference_schema import SCHEMA_PAGES

FOLDER = Path(__file__).parent.parent / "docs" / "reference"

ERROR_MODULES = {module.__name__ for module in (errors, request_errors, start_errors)}

FAILURES = {
    "bad-argument": "A value of the state, or a product subscription, does not fit a parameter of a function.",
    "bad-expect": "`expect` of a callback step names no callbacks, or too few, or a name shows a secret.",
    "bad-lock-key": "The `lock` of a workflow makes no key of the input of a start, or one that shows a secret.",
    "bad-remote-ref": "A step returned a `remote_ref` that is no job id, or another job's.",
    "bad-time": "The function of a `wait_until` returned no window and no time with a timezone, or a time too late.",
    "bad-result": "A step returned neither a dict nor nothing, or a focus or lens works on a value that is no dict.",
    "block-in-use": "A step removed a block that another product subscription uses.",
    "block-alone": "A step returned a changed block without its product subscription, which saves it.",
    "block-twice": "A step returned a block in two places of a product subscription, with different values.",
    "block-mismatch": "A block that a step or a form read is of another class.",
    "block-unknown": "A step or a form read a block that does not exist.",
    "callback-expired": "The remote service did not deliver in time.",
    "callback-missing": "No callback was issued for the wait.",
    "callback-withdrawn": "The callback was withdrawn.",
    "callbacks-incomplete": "Too few of the named callbacks have a good result.",
    "cannot-be-stored": "The database refuses the result of a step.",
    "definition-changed": "The workflow changed and has other first steps now; deploy the same first steps, and retry.",
    "document-newer": "A product subscription was stored by a newer release, with a later version of its product.",
    "engine-error": "The engine itself failed three times in a row to advance the process; the log has the reason.",
    "failed-by-remote": "The remote service reported a failure without a code of its own.",
    "foreign-block": "A step changed a block of another product subscription without returning that subscription.",
    "form-definition": "A form function is not a valid form.",
    "form-timeout": "A form took longer than `ORCHESTRATOR_FORM_TIMEOUT` when the engine opened it.",
    "heartbeat-lost": "The remote service sent no heartbeat for too long.",
    "input-request-expired": "The form was closed before enough people had answered it; a retry opens it again.",
    "interrupted": 'The server died in a step that must not run twice (`on_crash="hold"`).',
    "lifecycle-mismatch": "A product subscription is not in the required lifecycle status.",
    "migration-failed": "A migration of a product fails, or gives other values each time.",
    "migration-missing": "A product subscription is older than its product, and no module declares the migration.",
    "missing-argument": "The state has no value for a parameter of a function.",
    "model-invalid": "A product subscription does not fit its model.",
    "no-reader": "A function read product subscriptions outside of a step or a form.",
    "not-json": "The result of a step or a form is not JSON.",
    "process-failure": "A step raised `ProcessFailureError`.",
    "product-name-taken": "A product is stored under the same name with another id.",
    "product-unknown": "A product is not registered, which a step names or which a stored product subscription has.",
    "product-mismatch": "A product subscription that a step or a form read is of another product.",
    "read-timeout": "A step or a form read product subscriptions for longer than 5 seconds.",
    "reference-circle": "Two product subscriptions would use each other.",
    "reference-ended": "A product subscription would use one that is terminated, disabled, or being terminated.",
    "reference-unknown": "A product subscription refers to a block that does not exist.",
    "rejected": "Somebody rejected the form; a retry opens it again.",
    "result-too-large": "The result of a step, or the state, is larger than `ORCHESTRATOR_MAX_STEP_BYTES`.",
    "step-error": "A step could not be run.",
    "step-raised": "A step raised another error.",
    "step-timeout": "A step took longer than its timeout.",
    "storage-unreadable": "A step or a form could not read product subscriptions, because the database is away.",
    "subscription-exists": "A step would make a product subscription with an id that is taken.",
    "subscription-in-use": "A step would end a product subscription that a living one uses.",
    "subscription-locked": "A step would change or lock a product subscription that another process holds.",
    "subscription-out-of-sync": "A step would lock a product subscription that an aborted process left out of sync.",
    "subscription-unknown": "A step or a form read a product subscription that does not exist.",
    "too-many-results": "A step or a form read more than 1,000 product subscriptions without a limit.",
    "where-secret": "A step or a form sought product subscriptions by a secret.",
    "where-unknown": "A step or a form sought product subscriptions by a field that does not exist.",
    "where-value": "A step or a form sought product subscriptions by a value that does not fit the field.",
    "subscription-stale": "The product subscription changed since the step loaded it; the next try loads it again.",
}
"""The failure codes of processes, without the codes of authors and remote services."""


def settings_page() -> str:
    """Return the page of settings."""
    rows = [
        f"| `{PREFIX}{name.upper()}` | {_default(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    head = (
        "# Settings\n\nRead once at start from the environment and, below it, from the TOML file of "
        "`ORCHESTRATOR_SETTINGS_FILE`; flags of the command line override them. A misspelt name is refused, and the "
        "nearest name is shown. Lists of names, such as `ORCHESTRATOR_ALLOWED_HOSTS`, are separated by commas "
        "or written as JSON.\n"
    )
    others = [f"| `{name}` | {meaning} |" for name, meaning in OTHER_VARIABLES.items()]
    others_head = "\n## Other variables\n\nThey begin alike, but a server does not read them as settings.\n"
    settings = [head, "| Variable | Default | Meaning |", "|---|---|---|", *rows]
    return "\n".join([*settings, others_head, "| Variable | Meaning |", "|---|---|", *others]) + "\n"


def errors_page() -> str:
    """Return the page of errors."""
    head = (
        "# Errors\n\nThe code is the same in `application/problem+json` and, in capitals with underscores, "
        "in GraphQL.\n"
    )
    rows = sorted({f"| `{kind.code}` | {_first_line(kind)} |" for kind in _kinds(OrchestratorError)})
    failures_head = "\n## Failures\n\nThe values of `Failure.code`, besides the codes of authors and remote services.\n"
    failures = [f"| `{code}` | {meaning} |" for code, meaning in FAILURES.items()]
    table = ["| Code | Means |", "|---|---|"]
    problems_head = "\n## Problems of HTTP\n\nOnly in `application/problem+json`: the request reached no operation.\n"
    problems = [f"| `{code}` | {problem.status}: {problem.detail} |" for code, problem in sorted(HTTP_PROBLEMS.items())]
    parts = [head, *table, *rows, failures_head, *table, *failures, problems_head, *table, *problems]
    return "\n".join(parts) + "\n"


def rest_page() -> str:
    """Return the page of the REST API: the part of `/openapi.json` that is the same in every deployment."""
    document = openapi_document((), "http://127.0.0.1:8000", Redactor(()))
    head = (
        "# REST\n\nFor remote services; operators use GraphQL. The whole API, with all schemas and the contracts of "
        "the deployed workflows, is described as OpenAPI 3.1 at `/openapi.json`. "
        "Errors are `application/problem+json` (RFC 9457).\n"
    )
    operations = [
        _operation(f"{method.upper()} {path}", operation, document["components"])
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post")
    ]
    return "\n".join([head, *operations])


def _operation(title: str, operation: dict[str, Json], shared: dict[str, Json]) -> str:
    rows = []
    for status, response in sorted(operation["responses"].items()):
        resolved = _resolved(response, shared["responses"])
        rows.append(f"| {status} | {', '.join(_codes(resolved))} | {resolved['description']} |")
    head = f"## `{title}`\n\n{operation['summary']}.\n\n".replace("?.", "?")
    table = "| Status | Code | Means |\n|---|---|---|\n"
    return head + _body(operation, shared["schemas"]) + table + "\n".join(rows) + "\n"


def _body(operation: dict[str, Json], schemas: dict[str, Json]) -> str:
    """The media types of the request, and the fields that the server knows."""
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        return ""
    schema = _resolved(content["application/json"]["schema"], schemas)
    needed = schema.get("required", ())
    fields = [
        f"| `{name}` | {'yes' if name in needed else ''} | {field.get('description', '')} |"
        for name, field in schema.get("properties", {}).items()
    ]
    types = f"The body is {' or '.join(f'`{type}`' for type in content)}. {schema.get('description', '')}".strip()
    table = "\n\n| Field | Needed | Is |\n|---|---|---|\n" + "\n".join(fields) if fields else ""
    return f"{types}{table}\n\n"


def _resolved(value: dict[str, Json], shared: dict[str, Json]) -> dict[str, Json]:
    found: dict[str, Json] = shared[value["$ref"].rpartition("/")[2]] if "$ref" in value else value
    return found


def _codes(response: dict[str, Json]) -> list[str]:
    examples = [
        example["value"] for content in response["content"].values() for example in content.get("examples", {}).values()
    ]
    return list(dict.fromkeys(f"`{example['code']}`" for example in examples if "code" in example))


PAGES = {
    "settings.md": settings_page,
    "errors.md": errors_page,
    "rest.md": rest_page,
    "cli.md": cli_page,
    **SCHEMA_PAGES,
}


def _kinds(kind: type[OrchestratorError]) -> Iterator[type[OrchestratorError]]:
    for subclass in kind.__subclasses__():
        if subclass.__module__ in ERROR_MODULES:
            if "code" in vars(subclass):
                yield subclass
            yield from _kinds(subclass)


def _first_line(kind: type[OrchestratorError]) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0]


def _default(value: object) -> str:
    return "none" if value is None or value in ((), {}) else f"`{value}`"


if __name__ == "__main__":
    for name, page in PAGES.items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(page())
