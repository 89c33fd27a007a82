"""Logging: one line for each record, with facts as ``key=value``, without secrets and terminal control characters.

2031-04-05 06:07:08.910 WARNING orchestrator_gql.rest.callbacks: a delivery was refused  code=callback-withdrawn
"""

import json
import logging
import math
import re
import sys
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, TextIO

import structlog
from structlog.processors import EventRenamer, format_exc_info
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from structlog.typing import EventDict

from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.errors import StorageUnavailable
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
"""They log paths, URLs or whole states at INFO or below, and these may hold a token."""

_TOKEN = re.compile(r"((?:/|%2F)callback(?:/|%2F))(?!\{token\})[^/?#\s\"']+", re.IGNORECASE)
_NO_FACTS = frozenset(("_from_structlog", "asctime", "color_message"))
_TEXT_IS_MESSAGE = EventRenamer("message")
_OF_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message"}
"""What every record has; all else are its facts."""


class LineFormatter(ProcessorFormatter):
    """One line for each record, then its trace, indented so that no text in the trace looks like another record.

    Records of `logging` and of structlog look alike. The text is stored as `message`, because `logging` allows no fact
    with that name; under structlog's name `event`, a fact called `event` would replace the text.
    """

    default_msec_format = "%s.%03d"
    _error: ContextVar[BaseException | None] = ContextVar("error", default=None)

    def __init__(self) -> None:
        super().__init__(
            foreign_pre_chain=[_TEXT_IS_MESSAGE, ExtraAdder()],
            processors=[format_exc_info, self._lines],
        )

    def format(self, record: logging.LogRecord) -> str:
        """The record as text, without callback tokens and the known secrets of the running process."""
        if not (record.exc_info or record.exc_text or record.stack_info) and isinstance(record.msg, str):
            # Nearly every record: the same as below without its two copies, in a third of the time.
            facts = {name: value for name, value in vars(record).items() if name not in _OF_RECORD}
            line = self._lines(None, "", {**facts, "message": record.getMessage(), "_record": record})
            return self._without_secrets(line, None)
        error = record.exc_info[1] if record.exc_info else None
        if record.exc_text and error is None:  # a trace that is already text; see `log_trace`
            record = logging.makeLogRecord({**vars(record), "exception": record.exc_text})
        return self._without_secrets(super().format(record), error)

    def formatTime(self, record: logging.LogRecord, _: str | None = None) -> str:
        """The local time of the record."""
        return self.default_msec_format % (_local_time(int(record.created)), record.msecs)

    def _without_secrets(self, line: str, error: BaseException | None) -> str:
        return _masked(line, error)

    def _lines(self, _logger: Any, _method: str, event: EventDict) -> str:
        record, message = event.pop("_record"), event.pop("message")
        traces = [str(event.pop(name)) for name in ("exception", "stack_info") if name in event]
        facts = {_key(name): value for name, value in event.items() if name not in _NO_FACTS}
        first = f"{self.formatTime(record)} {record.levelname:<7} {record.name}: {message}"
        if facts:
            first += "  " + " ".join([f"{name}={_fact(value)}" for name, value in facts.items()])
        trace_lines = [f"    | {printable(line)}" for trace in traces for line in trace.split("\n")]
        return "\n".join([printable(first), *trace_lines])


class JsonFormatter(LineFormatter):
    """One JSON object in one line for each record: time (UTC), level, logger, message, its facts, and a trace if any.

    Each text is masked before it is escaped: a secret with a quotation mark looks different afterwards. The line itself
    is not masked: a secret that is a number, or the name of a field, would make it invalid.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON, without callback tokens and the known secrets of the running process."""
        before = self._error.set(record.exc_info[1] if record.exc_info else None)
        try:
            return super().format(record)
        finally:
            self._error.reset(before)  # else the context would keep the error, and what its frames hold

    def _without_secrets(self, line: str, _: BaseException | None) -> str:
        return line

    def _lines(self, _logger: Any, _method: str, event: EventDict) -> str:
        record, message, error = event.pop("_record"), event.pop("message"), self._error.get()
        traces = [str(event.pop(name)) for name in ("exception", "stack_info") if name in event]
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        own = {"time": when, "level": record.levelname, "logger": record.name, "message": _masked(str(message), error)}
        shown = {_masked(name, error): _plain(value, error) for name, value in event.items() if name not in _NO_FACTS}
        facts = {f"fact_{name}" if name in (*own, "trace") else name: value for name, value in shown.items()}
        return json.dumps({**own, **facts, **({"trace": _masked("\n".join(traces), error)} if traces else {})})


def _plain(value: object, error: BaseException | None) -> str | float | None:
    """The value for JSON, which has no NaN and no infinity."""
    if value is None or isinstance(value, bool):
        return value
    shown = _masked(str(value), error)
    is_number = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return value if is_number and shown == str(value) else shown  # type: ignore[return-value]


def _masked(text: str, error: BaseException | None) -> str:
    shown = without_known(text, error)
    return _TOKEN.sub(rf"\1{MARK}", shown) if "callback" in shown.lower() else shown  # a pattern takes 20 times as long


class _WithoutOwnLines(logging.Filter):
    """Drops what libraries say, and we say better.

    The libraries of PostgreSQL log each lost connection with a trace: `Outage` logs a line for all. Uvicorn logs
    requests that it cuts off at the end as an error of the server, though their clients are slow: `Server` logs a
    warning.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """False for a record about a lost connection, or about requests that are cut off at the end."""
        if record.name == "uvicorn.error":
            return not str(record.msg).startswith(_CUT_OFF)
        if record.name.startswith("psycopg.pool"):
            return record.levelno > logging.WARNING
        if record.name == "psycopg":
            return not str(record.msg).startswith(_AT_A_LOSS)
        error = record.exc_info[1] if record.exc_info else None
        return not (record.name.startswith("procrastinate") and _is_lost_connection(error))


def _is_lost_connection(error: BaseException | None) -> bool:
    """True if the database could not be reached: by the names of the classes, as `tail` imports no database."""
    while error is not None:
        if isinstance(error, StorageUnavailable | OSError) or _LOST & {kind.__name__ for kind in type(error).__mro__}:
            return True
        error = error.__cause__
    return False


_AT_A_LOSS = ("query cancellation ", "query not terminated ", "error ignored ")
"""The beginnings of what psycopg logs if it cannot cancel or roll back, because the connection is lost meanwhile."""

_CUT_OFF = "Cancel %s running task(s)"
"""The beginning of what uvicorn logs about requests whose time is over when the server stops."""

_LOST = {"OperationalError", "InterfaceError", "PoolTimeout", "PoolClosed"}


def configure_logging(level: str, kind: Literal["text", "json"] = "text", stream: TextIO = sys.stderr) -> None:
    """Log records of at least ``level`` to the stream; of the libraries in `QUIET`, warnings and errors only."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter() if kind == "text" else JsonFormatter())
    handler.addFilter(_WithoutOwnLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # pydantic-forms logs whole states through structlog at DEBUG; an unconfigured structlog prints them on stdout.
    structlog.configure(
        processors=[_TEXT_IS_MESSAGE, ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def _fact(value: object) -> str:
    """The value as logfmt: in quotation marks if it has spaces or characters that separate facts."""
    if value is None or isinstance(value, bool):
        return {None: "", True: "true", False: "false"}[value]
    text = str(value)
    if " " in text or "=" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{text}"'
    return text.replace("\n", "\\n")


@lru_cache(8)
def _local_time(second: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))


@lru_cache(1000)
def _key(name: str) -> str:
    """The name of a fact, without characters that would end the name."""
    return "".join("_" if character in ' ="' or not character.isprintable() else character for character in name)
