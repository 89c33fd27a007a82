"""Reads the progress reports of remote services, which may have any JSON form."""

from dataclasses import dataclass
from math import isfinite

from orchestrator_gql.types import Json
from orchestrator_gql.utils.json import bounded, encode
from orchestrator_gql.utils.json.stored import INLINE
from orchestrator_gql.utils.json.text import beginning_of, in_words

LONGEST = 10_000
"""Number of characters of a message that are kept; the number of the others is written behind them."""


@dataclass(frozen=True, slots=True)
class Report:
    """One progress report: ``percent`` from 0 to 100, ``message`` for people, ``data`` is the whole report."""

    percent: float | None = None
    message: str | None = None
    data: Json = None


def read_report(report: Json) -> Report:
    """The report in a JSON value.

    A text is the message. An object may have ``percent``, ``message`` and the ``progress`` of an LSO (the lines since
    the last report); up to 64 KiB of an object are kept.

    >>> read_report({"progress": ["TASK [write]", "ok: [ams-1]"]}).message
    'ok: [ams-1]'
    """
    if isinstance(report, str):
        return Report(message=beginning_of(report, LONGEST))
    if not isinstance(report, dict):
        return Report(data=bounded(report))
    message = report.get("message")
    lines = report.get("progress")
    if message is None and isinstance(lines, list):
        shown = (in_words(line) for line in reversed(lines) if line is not None)
        message = next((line for line in shown if line.strip()), None)
    elif message is None and isinstance(lines, str):
        message = lines
    text = beginning_of(in_words(message), LONGEST) if message is not None else None
    return Report(_percent(report.get("percent")), text, _kept(report))


def kept_report(percent: float | None, message: str | None, data: Json) -> Report:
    """The report whose parts are given one by one; of a large one the same is kept as by `read_report`."""
    text = None if message is None else beginning_of(message, LONGEST)
    return Report(_percent(percent), text, _kept(data) if isinstance(data, dict) else bounded(data))


def _kept(report: dict[str, Json]) -> Json:
    """The report; only its newest lines if it is too large, because a thousand reports are kept and all are sent."""
    if len(encode(report)) <= INLINE:
        return report
    lines = report.get("progress")
    if not isinstance(lines, list):
        return bounded(report)
    newest, size = list[Json](), 0
    for line in reversed(lines):
        size += len(encode(line)) + 1
        if size > INLINE // 2:
            break
        newest.append(line)
    rest = bounded({key: value for key, value in report.items() if key != "progress"}, INLINE // 4)
    return {**rest, "progress": newest[::-1], "cut": len(lines) - len(newest)}


def _percent(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return min(max(float(value), 0.0), 100.0)
