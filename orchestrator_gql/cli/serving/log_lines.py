"""Logging, set up in one place: a line an event, facts as ``key=value``, no secret and nothing that steers a terminal.

2031-04-05 06:07:08.910 WARNING orchestrator_gql.rest.callbacks: a delivery was refused  code=callback-withdrawn
"""

import logging
import re
import sys
from typing import Any, TextIO

import structlog

from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.secrets import without_known
from orchestrator_gql.utils.tokens import MARK

QUIET = (
    "uvicorn",
    "uvicorn.error",
    "uvicorn.access",
    "httpx",
    "httpcore",
    "pydantic_forms",
    "alembic",
    "websockets",
    "procrastinate",
)
"""They tell paths, URLs or whole states at INFO or below, and all of these may hold a token."""

_TOKEN = re.compile(r"((?:/|%2F)callback(?:/|%2F))(?!\{token\})[^/?#\s\"']+", re.IGNORECASE)
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class LineFormatter(logging.Formatter):
    """One line a record, then its trace, if any, indented so that no text in it can pose as a line of its own."""

    default_msec_format = "%s.%03d"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The record as text, without callback tokens and what the process that runs here knows to be secret."""
        error = record.exc_info[1] if record.exc_info else None
        return _TOKEN.sub(rf"\1{MARK}", without_known(super().format(record), error))

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The first line: the message and the facts."""
        facts = [f"{key}={_fact(value)}" for key, value in vars(record).items() if key not in _OWN]
        return "  ".join((printable(super().formatMessage(record)), *([" ".join(facts)] if facts else ())))

    def formatException(self, ei: Any) -> str:
        """The trace, each of its lines behind a bar."""
        trace = super().formatException(ei)
        return "\n".join(f"    | {printable(line)}" for line in trace.split("\n"))


def configure_logging(level: str, stream: TextIO = sys.stderr) -> None:
    """Send what is at least as severe as ``level`` to the stream, and of the talkative libraries the warnings only."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # pydantic-forms prints whole states through structlog at DEBUG unless it is told otherwise.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def _fact(value: object) -> str:
    text = printable(str(value))
    return f'"{text}"' if not text or " " in text else text
