"""Whether a request comes from a page of this server, or of a site that may send requests.

Browsers let any page open a WebSocket, and send the user's cookies with it. The origin of the page tells them apart.
"""

from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


def is_welcome(origin: str, host: str | None, allowed: Collection[str]) -> bool:
    """True if the origin is the host of the request, or is allowed; ``allowed`` are origins as browsers write them.

    The scheme of the host is not known behind a proxy, so only name and port are compared.

    >>> is_welcome("https://a.example", "a.example:443", ()), is_welcome("https://a.example", "b.example", ())
    (True, False)
    """
    parts = _parts(origin)
    return parts is not None and (_is_same(parts, host or "") or _written(parts) in allowed)


def _parts(origin: str) -> SplitResult | None:
    """The parts of an origin; None if it is no origin, such as ``null``."""
    try:
        parts = urlsplit(origin.strip())
        parts.port  # noqa: B018 - it is checked when it is read
    except ValueError:  # half of a bracket, or a port that is no number
        return None
    return parts if parts.scheme and parts.hostname else None


def _is_same(parts: SplitResult, host: str) -> bool:
    try:
        host_parts = urlsplit(f"//{host.strip()}")
        port = host_parts.port
    except ValueError:
        return False
    default = DEFAULT_PORTS.get(parts.scheme)
    return parts.hostname == host_parts.hostname and (parts.port or default) == (port or default)


def _written(parts: SplitResult) -> str:
    """The origin as browsers write it: in lower case, without the default port."""
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in (None, DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{name}{port}"
