"""The server's log has the trace of each failure of an author's code, without secrets and tokens."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from support.stage import Stage, named

from orchestrator_gql import callback_step, conditional, inputstep, retrystep, step
from orchestrator_gql.cli.serving.log_lines import LineFormatter
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import FormGenerator, ProcessStatus
from orchestrator_gql.utils.errors import ProcessFailureError

LOGGER = "orchestrator_gql.engine.authors.failures"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with an empty database."""
    return Stage(tmp_path)


def breaks(**_: Any) -> Any:
    raise LookupError("no such device; login with password=hunter2 failed")


async def breaks_async(**_: Any) -> Any:
    breaks()


@step("Order")
def order(callback_route: str) -> None: ...


@step("Order by name")
def order_by_name(callback_urls: Any) -> None: ...


@step("Judge")
def judge(callback_result: Any) -> None: ...


def form_with(policy: Callable[..., Any] | None, breaks_at_once: bool) -> Any:
    class Page(FormPage):
        port: int = 1

    @inputstep("Confirm", auto_confirm=policy)
    def confirm() -> FormGenerator:
        if breaks_at_once:
            breaks()
        yield Page
        return {}

    return confirm


BROKEN: dict[str, tuple[str, Any]] = {
    "step": ("Work", step("Work")(breaks)),
    "async step": ("Work", step("Work")(breaks_async)),
    "retrystep": ("Work", retrystep("Work", attempts=2, delay=0)(breaks)),
    "predicate": ("Judge", conditional(breaks)(judge)),
    "async predicate": ("Judge", conditional(breaks_async)(judge)),
    "expect": ("Order by name", callback_step("Job", order_by_name, judge, expect=breaks)),
    "form": ("Confirm", form_with(None, breaks_at_once=True)),
    "policy": ("Confirm", form_with(breaks, breaks_at_once=False)),
    "poll": ("Job - Await callback", callback_step("Job", order, judge, poll=breaks, timeout=60)),
}


@pytest.mark.parametrize(("name", "steps"), BROKEN.values(), ids=BROKEN)
async def test_the_log_names_the_step_and_the_line_that_raised(
    stage: Stage, caplog: pytest.LogCaptureFixture, name: str, steps: Any
) -> None:
    caplog.handler.setFormatter(LineFormatter())
    async with stage(named("play", steps)) as play:
        process = await play.run("play", {})
        if process.status is ProcessStatus.AWAITING_CALLBACK:
            play.engine.turn(60)
            await play.rest(process.id, ProcessStatus.AWAITING_CALLBACK)
        else:
            await play.rest(process.id, ProcessStatus.WAITING)

    first = next(line for line in caplog.text.splitlines() if LOGGER in line)
    shown = f'"{name}"' if " " in name else name
    assert f"process_id={process.id}" in first
    assert f"step={shown}" in first
    assert "code=step-raised" in first
    trace = caplog.text.partition(first)[2].splitlines()[1:]
    assert trace[0] == "    | Traceback (most recent call last):"
    assert any(f'File "{__file__}", line ' in line and line.endswith("in breaks") for line in trace)
    assert any(line == "    | LookupError: no such device; login with password=[redacted] failed" for line in trace)
    assert "hunter2" not in caplog.text


async def test_the_log_of_any_application_has_the_trace(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))

    await stage.play(step("Work")(breaks))

    assert f"{LOGGER}: step failed\nTraceback (most recent call last):\n" in caplog.text
    assert "password=[redacted]" in caplog.text


class Access(FormPage):
    """A start form with a secret."""

    word: SecretStr


async def test_the_trace_shows_no_secret_of_the_process_and_no_token(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    @step("Order")
    def leaks(word: str, callback_url: str, state: Any) -> None:
        stage.seen.append(callback_url.rpartition("/")[2])
        raise ValueError(f"{word} was refused at {callback_url}, {state}")

    @inputstep("Access")
    def ask() -> FormGenerator:
        page = yield Access
        return {"word": page.word}

    async with stage(named("play", ask >> callback_step("Job", leaks, judge))) as play:
        await play.submit(await play.run("play", {}), {"word": "swordfish-and-chips"})

    (token,) = stage.seen
    assert "in leaks" in caplog.text
    assert "was refused at" in caplog.text
    assert token not in caplog.text
    assert "swordfish-and-chips" not in caplog.text


async def test_what_an_author_says_politely_has_no_trace(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    @step("Judge")
    def polite() -> None:
        raise ProcessFailureError("The playbook failed", details={"return_code": 2})

    process = await stage.play(polite)

    assert process.failure is not None
    assert process.failure.traceback is None
    assert "Traceback" not in caplog.text


async def test_a_trace_of_megabytes_is_cut(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    @step("Work")
    def shouts() -> None:
        raise ValueError("A" * 5_000_000)

    await stage.play(shouts)

    assert "in shouts" in caplog.text
    assert len(caplog.text) < 50_000
