"""The log as JSON: an object a line, with the facts and the masks of the text (`ORCHESTRATOR_LOG_FORMAT=json`)."""

import io
import json
import logging
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.command_line import get, orchestrator, serving
from test_log_lines import ANYTHING, TOKEN, logging_to

from orchestrator_gql.cli.serving.log_lines import JsonFormatter
from orchestrator_gql.utils.json.redaction import MASK
from orchestrator_gql.utils.secrets import known_to_logs

OWN = {"time", "level", "logger", "message"}
SECRETS = ["plain", 'with "quotes"', "two\nlines", "back\\slash", "größe", "\x1b[2J", "/callback/x"]


def written(log: io.StringIO) -> dict[str, Any]:
    """The only line, as an object."""
    assert log.getvalue().count("\n") == 1
    assert log.getvalue().isascii()
    return dict(json.loads(log.getvalue()))


def test_a_line_has_time_level_logger_message_and_facts() -> None:
    log = io.StringIO()
    with logging_to(log, "json"):
        logging.getLogger("some.module").info("step %s", "failed", extra={"process_id": "1f", "ms": 1.5, "lag": None})

    line = written(log)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "INFO",
        "logger": "some.module",
        "message": "step failed",
        "process_id": "1f",
        "ms": 1.5,
        "lag": None,
    }


@pytest.mark.parametrize("name", ["level", "logger", "time", "trace"])
def test_a_fact_replaces_no_field_of_the_line(name: str) -> None:
    log = io.StringIO()
    with logging_to(log, "json"):
        logging.getLogger("some.module").info("x", extra={name: "mine"})

    assert (written(log)["level"], written(log)[f"fact_{name}"]) == ("INFO", "mine")


@given(text=ANYTHING, name=ANYTHING.filter(bool), value=ANYTHING | st.floats(), by_structlog=st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_text_is_one_object_in_one_line(text: str, name: str, value: object, by_structlog: bool) -> None:
    assume(name not in vars(logging.makeLogRecord({})) and name not in ("message", "asctime", "event", "log_level"))
    log = io.StringIO()
    with logging_to(log, "json"):
        try:
            raise ValueError(text)
        except ValueError:
            if by_structlog:
                structlog.get_logger("some.module").error(text.replace("%", ""), exc_info=True, **{name: value})
            else:
                logging.getLogger("some.module").error("%s", text, extra={name: value}, exc_info=True)

    assert OWN | {"trace"} <= written(log).keys()
    assert "ValueError" in written(log)["trace"]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_known_secret_and_a_token_are_masked_in_each_place(secret: str) -> None:
    log = io.StringIO()
    text = f"POST /api/processes/1f/callback/{TOKEN}/progress {secret}"
    with logging_to(log, "json"), known_to_logs([secret]):
        try:
            raise ValueError(text)
        except ValueError:
            logging.getLogger("some.module").exception("sent %s", text, extra={"url": text, "body": {"a": text}})

    line = written(log)
    for value in line.values():
        assert TOKEN not in str(value)
        assert secret not in str(value)
    assert line["url"].count("[callback token]") == 1


@pytest.mark.parametrize(
    "secret", ["20260", "20.26", "level", "INFO", "message", "some.module", '": "', '", "', "null"]
)
def test_a_secret_that_is_a_number_or_a_part_of_the_format_leaves_a_valid_line(secret: str) -> None:
    log = io.StringIO()
    facts = {"ms": 20260, "negative": -20260, "lag": 20.26, "none": None, secret: secret}
    with logging_to(log, "json"), known_to_logs([secret]):
        logging.getLogger("some.module").info("sent %s", secret, extra=facts if secret != "message" else {})

    line = written(log)
    assert line.keys() >= OWN
    assert (line["level"], line["logger"], line["message"]) == ("INFO", "some.module", f"sent {MASK}")
    assert all(secret not in str(value) for name, value in line.items() if name not in OWN and value is not None)


def test_the_formatter_keeps_no_error() -> None:
    log = io.StringIO()
    with logging_to(log, "json"):
        try:
            raise ValueError("x")
        except ValueError:
            logging.getLogger("some.module").exception("failed")

    assert JsonFormatter._error.get() is None


def test_a_server_logs_json_and_nothing_else(tmp_path: Path) -> None:
    with serving(tmp_path, ORCHESTRATOR_LOG_FORMAT="json") as server:
        get(server.address + f"/api/processes/1f/callback/{TOKEN}")
        server.end()
        log = server.err.read_text()

    lines = [json.loads(line) for line in log.splitlines()]
    assert {line["logger"] for line in lines} >= {"orchestrator_gql.access"}
    assert TOKEN not in log


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    refused = orchestrator(tmp_path, "serve", "--workflows", "flows", ORCHESTRATOR_LOG_FORMAT="xml")

    assert refused.returncode == 2
    assert "ORCHESTRATOR_LOG_FORMAT: Input should be 'text' or 'json'" in refused.stderr
