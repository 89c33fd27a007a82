"""Lists show why each process failed, also if the failures are large; a single process shows the whole failure."""

from pathlib import Path
from typing import Any

from stories import FAILED
from support.database import sqlite_url
from support.web import site_of

from orchestrator_gql import begin, step
from orchestrator_gql.types import State
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import workflow

LIST = "{ processes(first: 200) { nodes { id failureReason { code message } currentStep { name } } } }"
WHOLE = """query ($id: ID!) { process(id: $id) { failure { message details } failureReason { message }
  currentStep { failure { details } failureReason { code } } } }"""
LIMIT = 1024 * 1024
DETAILS = {"log": "y" * 60_000}
MESSAGE = "password=hunter2\n" + "It broke. " * 900


@step("Break")
def breaks() -> State:
    raise ProcessFailureError(MESSAGE, details=DETAILS)


@workflow("Break")
def broken() -> Any:
    return begin >> breaks


async def test_a_list_shows_short_reasons_however_large_the_failures_are(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), broken, max_answer_bytes=LIMIT, max_callback_bytes=LIMIT) as site:
        ids = [await site.engine.start(broken) for _ in range(20)]
        for id in ids:
            await site.engine.reaches(id, FAILED)
        listed = (await site.ask(LIST))["processes"]["nodes"]
        whole = (await site.ask(WHOLE, id=str(ids[0])))["process"]
        inner = await site.answer("{ processes(first: 200) { nodes { failure { details } } } }")

    assert len(listed) == 20
    for node in listed:
        assert node["failureReason"]["code"] == "process-failure"
        assert node["failureReason"]["message"].startswith("password=[redacted] It broke. It broke.")
        assert len(node["failureReason"]["message"]) <= 310
    assert whole["failure"]["details"] == whole["currentStep"]["failure"]["details"] == DETAILS
    assert len(whole["failure"]["message"]) > 8_000
    assert whole["failureReason"]["message"] == listed[0]["failureReason"]["message"]
    assert whole["currentStep"]["failureReason"]["code"] == "process-failure"
    assert inner["errors"][0]["extensions"]["code"] == "RESPONSE_TOO_LARGE"
