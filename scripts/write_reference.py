"""Write the reference pages that follow from the code: settings, errors, REST. A test holds them to it."""

from collections.abc import Iterator
from pathlib import Path

from orchestrator_gql.config.settings import PREFIX, Settings
from orchestrator_gql.rest.openapi import openapi_document
from orchestrator_gql.rest.problems import HTTP_PROBLEMS
from orchestrator_gql.types import Json
from orchestrator_gql.utils import errors
from orchestrator_gql.utils.errors import OrchestratorError

FOLDER = Path(__file__).parent.parent / "docs" / "reference"


FAILURES = {
    "bad-argument": "A value of the state, or a product subscription, is not what a function asks for by name.",
    "bad-expect": "`expect` of a callback step names no callbacks, or too few.",
    "bad-remote-ref": "A step returned a `remote_ref` that is no job id, or another job's.",
    "bad-result": "A step returned something else than a dict or nothing.",
    "callback-expired": "The remote service did not answer in time.",
    "callback-missing": "No callback was issued for the wait.",
    "callback-withdrawn": "The callback was withdrawn.",
    "callbacks-incomplete": "Too few of the named callbacks were answered well.",
    "cannot-be-stored": "The database refuses what a step returned.",
    "definition-changed": "The workflow was deployed anew and cannot go on with this process; a retry takes it over.",
    "engine-error": "The engine itself failed three times in a row to move the process on; the log says why.",
    "failed-by-remote": "The remote service reported a failure without a code of its own.",
    "form-definition": "A form function is not written as a form.",
    "heartbeat-lost": "The remote service was silent for too long.",
    "input-request-expired": "The form was closed before enough people had answered it; a retry asks again.",
    "interrupted": 'The server died in a step that must not run twice (`on_crash="hold"`).',
    "lifecycle-mismatch": "A product subscription is not in the lifecycle that is asked for.",
    "missing-argument": "The state has no value of a name that a function asks for.",
    "model-invalid": "A product subscription does not fit its model.",
    "not-json": "What a step or form returned is not JSON.",
    "process-failure": "A step raised `ProcessFailureError`.",
    "rejected": "Somebody rejected the form; a retry asks again.",
    "result-too-large": "A step returned, or the state holds, more than `ORCHESTRATOR_MAX_STEP_BYTES`.",
    "step-error": "A step could not be run.",
    "step-raised": "A step raised another error.",
    "step-timeout": "A step took longer than it may.",
}
"""Why processes fail, beside the codes that authors and remote services give; a test holds it to the code."""


def settings_page() -> str:
    """The page of settings."""
    rows = [
        f"| `{PREFIX}{name.upper()}` | {_default(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    head = "# Settings\n\nRead once from the environment at start; flags of the command line override them.\n"
    return "\n".join([head, "| Variable | Default | Meaning |", "|---|---|---|", *rows]) + "\n"


def errors_page() -> str:
    """The page of errors."""
    head = (
        "# Errors\n\nThe code is the same in `application/problem+json` and, in capitals with underscores, "
        "in GraphQL.\n"
    )
    rows = sorted({f"| `{kind.code}` | {_first_line(kind)} |" for kind in _kinds(OrchestratorError)})
    failed = "\n# Failures\n\nWhat `Failure.code` says of a process, beside the codes of authors and remote services.\n"
    why = [f"| `{code}` | {meaning} |" for code, meaning in FAILURES.items()]
    table = ["| Code | Means |", "|---|---|"]
    refused = "\n# Problems of HTTP\n\nOnly in `application/problem+json`: nothing of ours was asked.\n"
    https = [f"| `{code}` | {problem.status}: {problem.detail} |" for code, problem in sorted(HTTP_PROBLEMS.items())]
    return "\n".join([head, *table, *rows, failed, *table, *why, refused, *table, *https]) + "\n"


def rest_page() -> str:
    """The page of the plain-REST door, of what `/openapi.json` says of any deployment."""
    document = openapi_document((), "http://127.0.0.1:8000")
    head = (
        "# REST\n\nFor remote services; operators use GraphQL. The whole of it, with the schemas and with what the "
        "deployed workflows expect, is OpenAPI 3.1 at `/openapi.json`. "
        "Errors are `application/problem+json` (RFC 9457).\n"
    )
    operations = [
        _operation(f"{method.upper()} {path}", operation, document["components"]["responses"])
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post")
    ]
    return "\n".join([head, *operations])


def _operation(title: str, operation: dict[str, Json], known: dict[str, Json]) -> str:
    rows = []
    for status, response in sorted(operation["responses"].items()):
        answer = known[response["$ref"].rpartition("/")[2]] if "$ref" in response else response
        rows.append(f"| {status} | {', '.join(_codes(answer))} | {answer['description']} |")
    head = f"## `{title}`\n\n{operation['summary']}.\n\n| Status | Code | Means |\n|---|---|---|\n"
    return head.replace("?.", "?") + "\n".join(rows) + "\n"


def _codes(answer: dict[str, Json]) -> list[str]:
    examples = [example["value"] for content in answer["content"].values() for example in content.get("examples", {}).values()]
    return list(dict.fromkeys(f"`{example['code']}`" for example in examples if "code" in example))


PAGES = {"settings.md": settings_page, "errors.md": errors_page, "rest.md": rest_page}


def _kinds(kind: type[OrchestratorError]) -> Iterator[type[OrchestratorError]]:
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            if "code" in vars(below):
                yield below
            yield from _kinds(below)


def _first_line(kind: type[OrchestratorError]) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0]


def _default(value: object) -> str:
    return "none" if value is None or value in ((), {}) else f"`{value}`"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page())
