"""Each delivery that is refused although its token is right is logged with its process, over REST and over GraphQL."""

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel
from support.database import sqlite_url
from support.remote import Remote
from support.web import Site, site_of

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.callbacks.urls import route
from orchestrator_gql.cli.serving.log_lines import LineFormatter
from orchestrator_gql.types import Json, ProcessStatus
from orchestrator_gql.workflow import workflow

VERBS = {"": "receiveCallback", "/progress": "reportCallbackProgress", "/fail": "failCallback"}
INPUTS: dict[str, dict[str, Json]] = {
    "": {"result": {"rc": 0}},
    "/progress": {"message": "half way"},
    "/fail": {"code": "busy", "message": "try later"},
}


class Report(BaseModel):
    """The contract of the callback."""

    rc: int


@step("Judge")
def judge(callback_result: Json) -> None:
    """Accept every result."""


async def by_rest(site: Site, process_id: UUID, token: str, verb: str, values: dict[str, Any]) -> None:
    body = values.get("result", values)
    await site.http.post(route(process_id, token) + verb, json=body)


async def by_graphql(site: Site, _: UUID, token: str, verb: str, values: dict[str, Any]) -> None:
    name = VERBS[verb]
    kind = name[0].upper() + name[1:] + "Input!"
    document = f"mutation ($input: {kind}) {{ {name}(input: $input) {{ __typename }} }}"
    await site.ask(document, input={"token": token, **values})


Send = Callable[[Site, UUID, str, str, dict[str, Any]], Awaitable[None]]


@pytest.mark.parametrize("send", [by_rest, by_graphql], ids=lambda send: send.__name__)
async def test_each_refused_delivery_is_logged_with_its_process_and_without_its_token(
    tmp_path: Path, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    remote = Remote()

    @workflow("Order")
    def order() -> Any:
        return begin >> callback_step("Job", remote.action(), judge, contract=Report)

    async with site_of(sqlite_url(tmp_path), order) as site:
        process_id = await site.engine.start(order)
        token = await remote.asked()
        await site.engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
        with caplog.at_level(logging.WARNING):
            await send(site, process_id, token, "", {"result": {"rc": "no number"}})
            await send(site, process_id, token, "", INPUTS[""])
            await site.engine.reaches(process_id, ProcessStatus.COMPLETED)
            await send(site, process_id, token, "", {"result": {"rc": 1}})
            await send(site, process_id, token, "/progress", INPUTS["/progress"])
            await send(site, process_id, token, "/fail", INPUTS["/fail"])

    refused = [record for record in caplog.records if record.getMessage() == "a delivery was refused"]
    facts = [(record.__dict__["code"], record.__dict__["process_id"]) for record in refused]
    assert facts == [
        ("payload-invalid", str(process_id)),
        *[("callback-already-received", str(process_id))] * 3,
    ]
    assert all(record.__dict__["address"] for record in refused)
    assert token not in "\n".join(LineFormatter().format(record) for record in caplog.records)
