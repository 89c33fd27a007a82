"""The one route and the one URL of a callback."""

from uuid import UUID


def route(process_id: UUID, token: str) -> str:
    """The path to POST the result to; ``/progress`` and ``/fail`` stand behind it."""
    return f"/api/processes/{process_id}/callback/{token}"


def url(public_url: str, path: str) -> str:
    """The absolute URL of a path, from the configured public base and nothing a client sent."""
    return public_url.rstrip("/") + path
