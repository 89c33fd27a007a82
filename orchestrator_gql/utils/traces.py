"""W3C Trace Context: read the `traceparent` of a request, and make the one that a step passes on.

>>> given = read_traceparent(["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"])
>>> traceparent(trace_of(given), UUID(int=7), 3)
'00-4bf92f3577b34da6a3ce929d0e0e4736-68baf27d2a4b0964-00'
>>> traceparent(None, UUID(int=7), 3)
'00-00000000000000000000000000000007-68baf27d2a4b0964-01'
"""

import hashlib
import re
from collections.abc import Sequence
from uuid import UUID

__all__ = ["PROCESS", "read_traceparent", "trace_of", "traceparent"]

_HEADER = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
_SAMPLED = 1

PROCESS = 0
"""The ``seq`` of no step execution: the span of the process itself, which all its other spans have as their parent."""


def read_traceparent(headers: Sequence[str]) -> str | None:
    """Return the ``traceparent`` of the request in the form of version 00; None if it has no valid ``traceparent``.

    A header that is invalid, or that is sent twice, is ignored, as the standard says (section 3.2 and 4.3).
    """
    found = _HEADER.fullmatch(headers[0].strip(" \t")) if len(headers) == 1 else None
    if found is None or found["version"] == "ff" or (found["version"] == "00" and found["more"]):
        return None
    if not int(found["trace"], 16) or not int(found["span"], 16):
        return None
    return f"00-{found['trace']}-{found['span']}-{int(found['flags'], 16) & _SAMPLED:02x}"


def trace_of(traceparent: str | None) -> str | None:
    """Return the trace id and the flags of what `read_traceparent` returned, which a process stores."""
    if traceparent is None:
        return None
    _, trace_id, _, flags = traceparent.split("-")
    return f"{trace_id}-{flags}"


def traceparent(trace: str | None, process_id: UUID, seq: int, try_count: int = 1) -> str:
    """Return the ``traceparent`` of a try of the step execution ``seq``.

    ``trace`` is what `trace_of` returned at the start. Without it the process is a trace of its own, and its id is the
    trace id. If a crash ends the try, it runs again with the same span id.
    """
    trace_id, _, flags = (trace or f"{process_id.hex}-{_SAMPLED:02x}").partition("-")
    name = f"{process_id}:{seq}" if try_count == 1 else f"{process_id}:{seq}:{try_count}"
    span = hashlib.sha256(name.encode()).digest()[:8].hex()
    return f"00-{trace_id}-{span}-{flags}"
