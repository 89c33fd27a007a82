"""What a remote service says of how far its job is, in whatever form it says it."""

from dataclasses import dataclass
from math import isfinite

from orchestrator_gql.types import Json
from orchestrator_gql.utils.json import bounded, encode
from orchestrator_gql.utils.json.stored import INLINE

LONGEST = 10_000
"""Characters of a message that are kept."""


@dataclass(frozen=True, slots=True)
class Report:
    """One report; ``percent`` from 0 to 100, ``message`` for people, ``data`` whatever else was said."""

    percent: float | None = None
    message: str | None = None
    data: Json = None


def read_report(said: Json) -> Report:
    """The report in a JSON value: text is the message; of an object, ``percent``, ``message`` and the LSO's
    ``progress`` (the lines since the last report) are understood, and up to 64 KiB of it are kept.

    >>> read_report({"progress": ["TASK [write]", "ok: [ams-1]"]}).message
    'ok: [ams-1]'
    """
    if isinstance(said, str):
        return Report(message=said[:LONGEST])
    if not isinstance(said, dict):
        return Report(data=bounded(said))
    message = said.get("message")
    lines = said.get("progress")
    if message is None and isinstance(lines, list):
        message = next((str(line) for line in reversed(lines) if str(line).strip()), None)
    elif message is None and isinstance(lines, str):
        message = lines
    text = str(message)[:LONGEST] if message is not None else None
    return Report(_percent(said.get("percent")), text, _kept(said))


def _kept(said: dict[str, Json]) -> Json:
    """The report, or of one that is too large its newest lines: a thousand are kept, and each is told to everybody."""
    if len(encode(said)) <= INLINE:
        return said
    lines = said.get("progress")
    if not isinstance(lines, list):
        return bounded(said)
    newest, size = list[Json](), 0
    for line in reversed(lines):
        size += len(encode(line)) + 1
        if size > INLINE // 2:
            break
        newest.append(line)
    rest = bounded({key: value for key, value in said.items() if key != "progress"}, INLINE // 4)
    return {**rest, "progress": newest[::-1], "cut": len(lines) - len(newest)}


def _percent(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return min(max(float(value), 0.0), 100.0)
