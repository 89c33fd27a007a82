"""Read single headers of a request: `starlette` makes objects for all of them, and converts the name each time."""

from starlette.types import Scope


def header(scope: Scope, name: bytes) -> str | None:
    """The first header with the name, which is in lower case; None if there is none."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


def headers(scope: Scope, name: bytes) -> list[str]:
    """All headers with the name."""
    return [str(value, "latin-1") for key, value in scope["headers"] if key == name]
