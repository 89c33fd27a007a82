"""The verbs that help a callback on, as clients ask for them, with the answers they may get."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from stories import AWAITING, FAILED, SUSPENDED, Story, telling
from support.remote import answer

from orchestrator_gql.commands.callback_operator_actions import complete_callback
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.types import Json, ProcessStatus
from orchestrator_gql.utils.errors import PayloadInvalid

RUNNING = ProcessStatus.RUNNING

CALLBACKS = """query ($id: ID!) { process(id: $id) { version callbacks { id status source round expiresAt
  attempts { nodes { id outcome isAdoptable replaced } } } } }"""


def verb(name: str) -> str:
    """The document of a verb on a callback."""
    return f"""mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ __typename
      ... on ProcessActionSuccess {{ process {{ id status version }} }}
      ... on PayloadInvalidError {{ errors {{ pointer }} }}
      ... on ConflictError {{ currentVersion }}
      ... on UserError {{ code message }} }} }}"""


async def act(story: Story, name: str, **input: Json) -> Any:
    """What the verb answers."""
    return (await story.site.ask(verb(name), input=input))[name]


async def seen(story: Story, process_id: UUID) -> Any:
    """The process's callbacks, as a client sees them."""
    return (await story.site.ask(CALLBACKS, id=str(process_id)))["process"]


async def test_a_callback_is_issued_again_waited_for_longer_and_completed_by_hand(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        process_id, _ = await story.waits()
        before = await seen(story, process_id)
        (first,) = before["callbacks"]
        reissued = await act(story, "reissueCallback", callbackId=first["id"], expectedVersion=before["version"])
        await story.remote.asked()
        await story.site.engine.reaches(process_id, AWAITING)
        after = await seen(story, process_id)
        second = after["callbacks"][1]
        longer = await act(story, "reawaitCallback", callbackId=second["id"], timeoutSeconds=90000)
        completed = await act(story, "completeCallback", callbackId=second["id"], result={"rc": 0}, reason="seen")
        done = await seen(story, process_id)

    assert reissued["__typename"] == longer["__typename"] == completed["__typename"] == "ProcessActionSuccess"
    assert longer["process"]["version"] > after["version"]
    assert [(one["status"], one["round"]) for one in after["callbacks"]] == [("WITHDRAWN", 1), ("PENDING", 2)]
    assert done["callbacks"][1]["source"] == "OPERATOR"


async def test_a_refused_body_is_listed_as_adoptable_and_adopted(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        path = f"/api/processes/{process_id}/callback/{token}"
        await story.site.http.post(
            path, content=b'{"rc": 0, "note": "a\\u0000b"}', headers={"content-type": "application/json"}
        )
        await story.site.http.post(path, content=b"no JSON at all", headers={"content-type": "application/json"})
        (callback,) = (await seen(story, process_id))["callbacks"]
        strange, hopeless = callback["attempts"]["nodes"]
        refused = await act(story, "adoptCallbackAttempt", attemptId=hopeless["id"], reason="why not")
        adopted = await act(story, "adoptCallbackAttempt", attemptId=strange["id"], reason="only a NUL in a note")
        process = await story.site.engine.reaches(process_id, SUSPENDED)

    assert adopted["__typename"] == "ProcessActionSuccess"
    assert (strange["outcome"], strange["isAdoptable"]) == ("MALFORMED", True)
    assert "/note" in strange["replaced"][0]
    assert (hopeless["isAdoptable"], hopeless["replaced"]) == (False, [])
    assert (refused["__typename"], refused["code"]) == ("ConflictError", "INVALID_STATE")
    assert process.state["callback_result"] == {"rc": 0, "note": "a\ufffdb"}


OFFERED = """query ($id: ID!) { process(id: $id) { availableActions
  callbacks { attempts { nodes { outcome isAdoptable } } } } }"""


async def offered(story: Story, process_id: UUID) -> tuple[bool, list[bool]]:
    """Whether the process offers an adoption, and which deliveries say that they can be adopted."""
    process = (await story.site.ask(OFFERED, id=str(process_id)))["process"]
    attempts = [attempt for callback in process["callbacks"] for attempt in callback["attempts"]["nodes"]]
    return "ADOPT_CALLBACK_ATTEMPT" in process["availableActions"], [attempt["isAdoptable"] for attempt in attempts]


async def test_an_adoption_is_offered_only_while_there_is_a_delivery_that_can_be_adopted(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        path = f"/api/processes/{process_id}/callback/{token}"
        json = {"content-type": "application/json"}
        without = await offered(story, process_id)
        await story.site.http.post(path, content=b"no JSON at all", headers=json)
        hopeless = await offered(story, process_id)
        await story.site.http.post(path, content=b'{"rc": 2, "rc": 2}', headers=json)
        refused = await offered(story, process_id)
        await story.say("receiveCallback", token=token, result={"rc": 0})
        await story.site.engine.reaches(process_id, SUSPENDED)
        await story.site.http.post(path, content=b'{"rc": 1}', headers=json)
        conflict = await offered(story, process_id)
        await story.act("abortProcess", process_id)
        ended = await offered(story, process_id)

    assert without == (False, [])
    assert hopeless == (False, [False])
    assert refused == (True, [False, True])
    assert conflict == ended == (False, [False, False, False, False])


async def test_each_refusal_has_its_type(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        (callback,) = (await seen(story, process_id))["callbacks"]
        id = callback["id"]
        stale = await act(story, "reissueCallback", callbackId=id, expectedVersion=1)
        unexplained = await act(story, "completeCallback", callbackId=id, result=1, reason="")
        endless = await act(story, "reawaitCallback", callbackId=id, timeoutSeconds=1e300)
        unknown = await act(story, "reissueCallback", callbackId="nonsense")
        await story.say("receiveCallback", token=token, result={"rc": 2})
        await story.site.engine.reaches(process_id, FAILED)
        late = await act(story, "reawaitCallback", callbackId=id, timeoutSeconds=60)

    assert (stale["__typename"], stale["code"]) == ("ConflictError", "STALE_VERSION")
    assert unexplained["errors"] == [{"pointer": "/reason"}]
    assert endless["errors"] == [{"pointer": "/timeoutSeconds"}]
    assert unknown["__typename"] == "NotFoundError"
    assert (late["__typename"], late["code"]) == ("ConflictError", "INVALID_STATE")


async def test_a_result_over_the_limit_is_refused_by_its_field(tmp_path: Path) -> None:
    async with telling(tmp_path, max_callback_bytes=65_536) as story:
        process_id, _ = await story.waits()
        (callback,) = (await seen(story, process_id))["callbacks"]
        runtime, id = story.site.engine.runtime, UUID(callback["id"])
        with pytest.raises(PayloadInvalid) as refused:  # a WebSocket, or 1e9 for 1000000000.0, brings such a result
            await complete_callback(runtime, LOCAL_OPERATOR, callback_id=id, result="x" * 65_536, reason="typed")

    assert [error.path for error in refused.value.errors] == [("result",)]


async def test_a_typed_result_for_a_rejected_one_completes_the_process(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        await story.say("receiveCallback", token=token, result={"rc": 2})
        await story.site.engine.reaches(process_id, FAILED)
        (callback,) = (await seen(story, process_id))["callbacks"]
        await act(story, "completeCallback", callbackId=callback["id"], result={"rc": 0}, reason="mended by hand")
        process = await story.site.engine.reaches(process_id, SUSPENDED)

    assert process.state["callback_result"] == {"rc": 0}


PAUSE = """mutation ($input: SetEngineStateInput!) { setEngineState(input: $input) { __typename } }"""


@pytest.mark.parametrize(("end", "refused"), [("failed", "RETRY"), ("expired", "REISSUE_CALLBACK")])
async def test_a_paused_engine_offers_no_action_that_it_refuses(tmp_path: Path, end: str, refused: str) -> None:
    async def offered() -> set[str]:
        return set((await story.site.ask(OFFERED, id=str(process_id)))["process"]["availableActions"])

    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        if end == "failed":
            await answer(story.site.engine.runtime, token, {"rc": 1})
        else:
            story.site.engine.turn(30 * 24 * 3600)
        await story.site.engine.reaches(process_id, FAILED)

        before = await offered()
        await story.site.ask(PAUSE, input={"paused": True})
        paused = await offered()
        callback = (await seen(story, process_id))["callbacks"][0]
        verb = ("retryProcess", {"processId": str(process_id)})
        if end == "expired":
            verb = ("reissueCallback", {"callbackId": callback["id"]})
        answered = await act(story, verb[0], **verb[1])
        await story.site.ask(PAUSE, input={"paused": False})
        after = await offered()

    assert refused in before
    assert before - paused == {"RETRY", "REISSUE_CALLBACK"} & before
    assert answered["__typename"] == "EnginePausedError"
    assert after == before


@pytest.mark.parametrize("has_result", [False, True])
async def test_in_a_pause_a_wait_whose_time_is_over_offers_what_it_takes(tmp_path: Path, has_result: bool) -> None:
    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        await story.site.ask(PAUSE, input={"paused": True})
        if has_result:
            await answer(story.site.engine.runtime, token, {"rc": 0})
        else:
            story.site.engine.turn(30 * 24 * 3600)
        await story.site.engine.reaches(process_id, RUNNING)
        late = await story.site.http.post(f"/api/processes/{process_id}/callback/{token}", json={"rc": 2})
        offered = (await story.site.ask(OFFERED, id=str(process_id)))["process"]["availableActions"]

    assert late.status_code == (409 if has_result else 410)
    recovery = [] if has_result else ["ADOPT_CALLBACK_ATTEMPT", "COMPLETE_CALLBACK", "REAWAIT_CALLBACK"]
    assert sorted(offered) == sorted(["ABORT", "EDIT_NOTE", *recovery])
