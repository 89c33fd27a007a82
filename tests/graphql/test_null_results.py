"""JSON `null` is a result like any other: every API takes it, and none takes an absent result for it."""

from pathlib import Path

import pytest
from stories import AWAITING, SUSPENDED, Story, telling

from orchestrator_gql.types import Json, ProcessStatus

COMPLETE = """mutation ($input: CompleteCallbackInput!) { completeCallback(input: $input) { __typename
  ... on PayloadInvalidError { code errors { pointer } } } }"""
LITERAL = """mutation ($id: ID!) { completeCallback(input: {callbackId: $id, reason: "seen", result: null}) {
  __typename } }"""
CALLBACKS = "query ($id: ID!) { process(id: $id) { callbacks { id status } } }"


async def complete(story: Story, process_id: object, **result: Json) -> dict[str, Json]:
    """What `completeCallback` answers for the only callback of the process."""
    (callback,) = (await story.site.ask(CALLBACKS, id=str(process_id)))["process"]["callbacks"]
    if result == {"result": "literal"}:
        answer = await story.site.ask(LITERAL, id=callback["id"])
    else:
        answer = await story.site.ask(COMPLETE, input={"callbackId": callback["id"], "reason": "seen", **result})
    completed: dict[str, Json] = answer["completeCallback"]
    return completed


@pytest.mark.parametrize("way", ["rest", "receiveCallback", "completeCallback", "a literal"])
async def test_null_is_a_result_on_every_api(tmp_path: Path, way: str) -> None:
    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        if way == "rest":
            path = f"/api/processes/{process_id}/callback/{token}"
            headers = {"content-type": "application/json"}
            assert (await story.site.http.post(path, content=b"null", headers=headers)).status_code == 200
        elif way == "receiveCallback":
            assert (await story.say(way, token=token, result=None))["__typename"] == "ReceiveCallbackSuccess"
        else:
            given = {"result": None if way == "completeCallback" else "literal"}
            assert await complete(story, process_id, **given) == {"__typename": "ProcessActionSuccess"}
        process = await story.site.engine.reaches(process_id, SUSPENDED)
        again = await story.say("receiveCallback", token=token, result=None)
        other = await story.say("receiveCallback", token=token, result={"rc": 0})

    assert process.state["callback_result"] is None
    assert again["duplicate"] is True
    assert other["__typename"] == "ConflictError"


async def test_an_absent_result_is_refused_with_its_place_and_spends_nothing(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        delivered = await story.say("receiveCallback", token=token)
        completed = await complete(story, process_id)
        process = await story.site.engine.reaches(process_id, AWAITING)

    assert process.status is ProcessStatus.AWAITING_CALLBACK
    assert (delivered["__typename"], delivered["errors"]) == ("PayloadInvalidError", [{"pointer": "/result"}])
    assert completed == {
        "__typename": "PayloadInvalidError",
        "code": "PAYLOAD_INVALID",
        "errors": [{"pointer": "/result"}],
    }
