"""Write the reference pages that follow from the code: settings and errors. A test holds them to it."""

from collections.abc import Iterator
from pathlib import Path

from orchestrator_gql.config.settings import PREFIX, Settings
from orchestrator_gql.utils import errors
from orchestrator_gql.utils.errors import OrchestratorError

FOLDER = Path(__file__).parent.parent / "docs" / "reference"


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
        "# Errors\n\nThe code is the same in `application/problem+json`, in `Failure.code` and, in capitals with "
        "underscores, in GraphQL.\n"
    )
    rows = sorted({f"| `{kind.code}` | {_first_line(kind)} |" for kind in _kinds(OrchestratorError)})
    return "\n".join([head, "| Code | Means |", "|---|---|", *rows]) + "\n"


PAGES = {"settings.md": settings_page, "errors.md": errors_page}


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
