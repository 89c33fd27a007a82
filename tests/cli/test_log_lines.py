"""The log as it is written: facts beside the message, no token, nothing that poses as another line."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from orchestrator_gql.cli.serving.log_lines import QUIET, configure_logging

TOKEN = "Zm9vYmFyYmF6cXV4-_s3cr3t"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is written from here on; the logging that was there before comes back."""
    root = logging.getLogger()
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in ("", *QUIET)}
    written = io.StringIO()
    configure_logging("INFO", written)
    yield written
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    structlog.reset_defaults()


def test_facts_stand_behind_the_message_as_key_and_value(log: io.StringIO) -> None:
    logging.getLogger("orchestrator_gql.engine").info("step failed", extra={"process_id": "1f", "step": "Ping it"})

    assert log.getvalue().endswith(' INFO    orchestrator_gql.engine: step failed  process_id=1f step="Ping it"\n')


@pytest.mark.parametrize(
    "text",
    [
        f"POST /api/processes/1f/callback/{TOKEN}/progress",
        f"http://localhost:8000/api/processes/1f/callback/{TOKEN}",
        f"next=%2Fapi%2Fprocesses%2F1f%2Fcallback%2F{TOKEN}",
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
    logging.getLogger("some.door").info("request", extra={"route": "/callback/{token}/progress"})

    assert "route=/callback/{token}/progress" in log.getvalue()


def test_text_of_others_stays_in_its_line_and_steers_no_terminal(log: io.StringIO) -> None:
    hostile = "x\r\n2031-01-01 00:00:00 INFO all is well \x1b[2J\u202e"

    logging.getLogger("some.door").info("refused", extra={"name_given": hostile})

    assert len(log.getvalue().splitlines()) == 1
    assert "\x1b" not in log.getvalue()
    assert "\u202e" not in log.getvalue()
    assert r"x\r\n2031" in log.getvalue()


def test_each_line_of_a_trace_stands_behind_a_bar(log: io.StringIO) -> None:
    try:
        raise ValueError("first\n2031-01-01 00:00:00 INFO all is well")
    except ValueError:
        logging.getLogger("some.door").exception("failed")

    first, *trace = log.getvalue().splitlines()
    assert first.endswith("some.door: failed")
    assert all(line.startswith("    | ") for line in trace)


@pytest.mark.parametrize("name", ["uvicorn.error", "httpx", "pydantic_forms.core"])
def test_libraries_that_tell_paths_and_states_are_quiet(log: io.StringIO, name: str) -> None:
    logging.getLogger(name).info("POST http://localhost")
    logging.getLogger(name).warning("not good")

    assert "POST" not in log.getvalue()
    assert "not good" in log.getvalue()


def test_structlog_prints_no_states(log: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger("pydantic_forms").debug("state", state={"password": "12345"})
    structlog.get_logger("pydantic_forms").info("state", state={"password": "12345"})

    assert "12345" not in capsys.readouterr().out + log.getvalue()


def test_debug_asks_for_our_own_lines_and_not_for_the_libraries(log: io.StringIO) -> None:
    configure_logging("DEBUG", log)

    logging.getLogger("orchestrator_gql.engine").debug("a detail")
    logging.getLogger("httpx").debug("a URL")

    assert "a detail" in log.getvalue()
    assert "a URL" not in log.getvalue()
