"""The lines of the log: facts after the message, no token, and no text that looks like another line."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pytest
import structlog
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from structlog.processors import LogfmtRenderer
from structlog.stdlib import ProcessorFormatter

from orchestrator_gql.cli.serving.log_lines import QUIET, JsonFormatter, LineFormatter, configure_logging
from orchestrator_gql.cli.terminal import printable

TOKEN = "Zm9vYmFyYmF6cXV4-_s3cr3t"


@contextmanager
def logging_to(stream: io.StringIO, kind: Literal["text", "json"] = "text") -> Iterator[None]:
    """Log to the stream during the block; restore the earlier logging afterwards."""
    root = logging.getLogger()
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in ("", *QUIET)}
    configure_logging("INFO", kind, stream)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        structlog.reset_defaults()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log of the test."""
    stream = io.StringIO()
    with logging_to(stream):
        yield stream


def test_facts_stand_behind_the_message_as_key_and_value(log: io.StringIO) -> None:
    logging.getLogger("orchestrator_gql.engine").info("step failed", extra={"process_id": "1f", "step": "Ping it"})

    assert log.getvalue().endswith(' INFO    orchestrator_gql.engine: step failed  process_id=1f step="Ping it"\n')


@pytest.mark.parametrize(
    "text",
    [
        f"POST /api/processes/1f/callback/{TOKEN}/progress",
        f"http://localhost:8000/api/processes/1f/callback/{TOKEN}",
        f"next=%2Fapi%2Fprocesses%2F1f%2Fcallback%2F{TOKEN}",
        f"%2fAPI%2fProcesses%2f1f%2fCallBack%2f{TOKEN}",
        f"/API/PROCESSES/1F/CALLBAC\N{KELVIN SIGN}/{TOKEN}",
    ],
)
def test_a_token_in_a_path_is_masked_wherever_it_stands(log: io.StringIO, text: str) -> None:
    logger = logging.getLogger("some.library")

    logger.info("sent to %s", text)
    logger.info("sent", extra={"url": text})
    try:
        raise ValueError(text)
    except ValueError:
        logger.exception("not sent")

    assert TOKEN not in log.getvalue()
    assert log.getvalue().count("[callback token]") >= 3


def test_the_template_of_a_route_is_no_token(log: io.StringIO) -> None:
    logging.getLogger("some.module").info("request", extra={"route": "/callback/{token}/progress"})

    assert "route=/callback/{token}/progress" in log.getvalue()


def test_text_from_outside_stays_in_its_line_and_cannot_control_the_terminal(log: io.StringIO) -> None:
    hostile = "x\r\n2031-01-01 00:00:00 INFO all is well \x1b[2J\u202e"

    logging.getLogger("some.module").info("refused", extra={"name_given": hostile})

    assert len(log.getvalue().splitlines()) == 1
    assert "\x1b" not in log.getvalue()
    assert "\u202e" not in log.getvalue()
    assert r"x\r\n2031" in log.getvalue()


def test_each_line_of_a_trace_stands_behind_a_bar(log: io.StringIO) -> None:
    try:
        raise ValueError("first\n2031-01-01 00:00:00 INFO all is well")
    except ValueError:
        logging.getLogger("some.module").exception("failed")

    first, *trace = log.getvalue().splitlines()
    assert first.endswith("some.module: failed")
    assert trace
    assert all(line.startswith("    | ") for line in trace)


ANYTHING = st.text(max_size=40) | st.sampled_from(
    ["\n    | no bar", "a=1", '" is_admin=true', "\\", "\x1b[2J", "\u2028x", "\u202e", "\ud800", "\0", ""]
)


@given(text=ANYTHING, name=ANYTHING.filter(bool), value=ANYTHING, error=ANYTHING, by_structlog=st.booleans())
@settings(max_examples=300, deadline=None)
def test_no_text_from_outside_looks_like_a_line_or_a_fact(
    text: str, name: str, value: str, error: str, by_structlog: bool
) -> None:
    assume(name not in vars(logging.makeLogRecord({})) and name not in ("message", "asctime", "event", "log_level"))
    stream = io.StringIO()
    with logging_to(stream):
        try:
            raise ValueError(error)
        except ValueError:
            if by_structlog:
                structlog.get_logger("some.module").error(text.replace("%", ""), exc_info=True, **{name: value})
            else:
                logging.getLogger("some.module").error("%s", text, extra={name: value}, exc_info=True, stack_info=True)

    first, *trace = stream.getvalue().removesuffix("\n").split("\n")
    assert first.isprintable()
    assert " ERROR   some.module: " in first
    assert len(trace) > 2
    assert [line for line in trace if not line.startswith("    | ") or not line.isprintable()] == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain", "plain"),
        ("two words", '"two words"'),
        ("", ""),
        (None, ""),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        ('a" is_admin=true', r'"a\" is_admin=true"'),
        ("a=b", '"a=b"'),
        ("a\nb", r"a\nb"),
    ],
)
def test_a_value_cannot_add_another_fact(log: io.StringIO, value: object, shown: str) -> None:
    logging.getLogger("some.module").warning("refused", extra={"given": value, "then": 1})

    assert log.getvalue().endswith(f" some.module: refused  given={shown} then=1\n")


@pytest.mark.parametrize(
    "name", ["event", "exception", "stack", "level", "logger", "timestamp", "_record_", "log level"]
)
def test_a_fact_of_any_name_leaves_the_message_alone(log: io.StringIO, name: str) -> None:
    logging.getLogger("some.module").warning("refused", extra={name: "x\nall is well"})

    first, *rest = log.getvalue().splitlines()
    assert " some.module: refused" in first
    assert [line for line in rest if not line.startswith("    | ")] == []


def test_a_trace_stays_behind_bars_after_another_handler_formatted_it(log: io.StringIO) -> None:
    before = logging.StreamHandler(io.StringIO())
    before.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logging.getLogger().handlers.insert(0, before)
    try:
        raise ValueError("first\n2031-01-01 00:00:00 INFO all is well")
    except ValueError:
        logging.getLogger("some.module").exception("failed")

    first, *trace = log.getvalue().splitlines()
    assert first.endswith("some.module: failed")
    assert trace[-1].endswith("INFO all is well")
    assert [line for line in trace if not line.startswith("    | ")] == []


def test_a_record_of_structlog_is_a_line_of_the_log(log: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger("pydantic_forms.core").warning("no\nform", path=f"/callback/{TOKEN}", state="two words")

    assert log.getvalue().endswith(
        ' WARNING pydantic_forms.core: no\\nform  path=/callback/[callback token] state="two words"\n'
    )
    assert capsys.readouterr().out == ""


def test_exc_info_without_an_exception_is_no_trace(log: io.StringIO) -> None:
    logging.getLogger("some.module").error("odd", exc_info=True)

    first, *rest = log.getvalue().splitlines()
    assert first.endswith("some.module: odd")
    assert [line for line in rest if not line.startswith("    | ")] == []


@pytest.mark.parametrize("name", ["uvicorn.error", "httpx", "pydantic_forms.core"])
def test_libraries_that_log_paths_and_states_are_quiet(log: io.StringIO, name: str) -> None:
    logging.getLogger(name).info("POST http://localhost")
    logging.getLogger(name).warning("not good")

    assert "POST" not in log.getvalue()
    assert "not good" in log.getvalue()


def test_psycopg_logs_no_lost_connections(log: io.StringIO) -> None:
    """The outage has a line of its own, and a query that is cancelled while the connection goes has none."""
    logger = logging.getLogger("psycopg")
    logger.warning("query cancellation interrupted (%s): closing connection", "OperationalError")
    logger.warning("query cancellation failed: %s", "connection refused")
    logger.warning("query not terminated after cancellation: closing connection")
    logger.warning("error ignored in rollback on %s: %s", "a connection", "the connection is closed")
    logger.warning("unknown PostgreSQL timezone: %r; will use UTC", "Mars")

    assert [line.partition("psycopg: ")[2] for line in log.getvalue().splitlines()] == [
        "unknown PostgreSQL timezone: 'Mars'; will use UTC"
    ]


def test_structlog_prints_no_states(log: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger("pydantic_forms").debug("state", state={"password": "12345"})
    structlog.get_logger("pydantic_forms").info("state", state={"password": "12345"})

    assert "12345" not in capsys.readouterr().out + log.getvalue()


def test_debug_shows_our_own_lines_and_not_those_of_libraries(log: io.StringIO) -> None:
    configure_logging("DEBUG", "text", log)

    logging.getLogger("orchestrator_gql.engine").debug("a detail")
    logging.getLogger("httpx").debug("a URL")

    assert "a detail" in log.getvalue()
    assert "a URL" not in log.getvalue()


@pytest.mark.parametrize("formatter", [LineFormatter(), JsonFormatter()], ids=["text", "json"])
@given(text=ANYTHING, facts=st.dictionaries(ANYTHING.filter(bool), ANYTHING | st.none() | st.booleans() | st.floats()))
def test_a_record_without_a_trace_is_the_same_line_on_the_short_way(
    formatter: LineFormatter, text: str, facts: dict[str, Any]
) -> None:
    """Records with a trace go the way of structlog."""
    assume(not set(facts) & (vars(logging.makeLogRecord({})).keys() | {"message", "asctime"}))
    record = logging.makeLogRecord({"msg": text.replace("%", ""), "levelname": "INFO", "name": "a", **facts})

    long_way = ProcessorFormatter.format(formatter, record)

    assert formatter.format(record) == formatter._without_secrets(long_way, None)


@given(value=ANYTHING | st.none() | st.booleans() | st.integers() | st.floats())
def test_a_fact_is_written_as_logfmt(value: object) -> None:
    line = LineFormatter().format(logging.makeLogRecord({"msg": "a", "b": value}))

    of_structlog = LogfmtRenderer(bool_as_flag=False)(None, "", {"b": value})
    assert line.partition(": a  ")[2] == printable(of_structlog)


def test_the_time_of_a_line_is_local_with_milliseconds() -> None:
    formatter = LineFormatter()
    records = [
        logging.makeLogRecord({"msg": "a", "created": at, "msecs": at % 1 * 1000}) for at in (0.0, 1.5, 1.999, 9e8)
    ]

    lines = [formatter.format(record) for record in records]

    assert [line[:23] for line in lines] == [logging.Formatter.formatTime(formatter, record) for record in records]
