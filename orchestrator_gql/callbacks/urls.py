"""The route and the URL of a callback."""

from uuid import UUID


def route(process_id: UUID, token: str) -> str:
    """The path for the POST of the result; ``/progress`` and ``/fail`` are appended to it for reports."""
    return f"/api/processes/{process_id}/callback/{token}"


def url(public_url: str, path: str) -> str:
    """The absolute URL of a path, made from the configured public URL and never from data of a client."""
    return public_url.rstrip("/") + path
