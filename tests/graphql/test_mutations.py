"""Everything that can be done, and every answer that it may get."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from stories import ABORTED, COMPLETED, FAILED, SUSPENDED, deliver, telling
from support.web import GRAPHQL

from orchestrator_gql.callbacks.progress import read_report
from orchestrator_gql.types import Json


async def test_a_process_is_started_once_for_one_idempotency_key(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        first = await story.start(workflowName="note", idempotencyKey="k1", note="hello")
        again = await story.start(workflowName="note", idempotencyKey="k1")
        other = await story.start(workflowName="ask", idempotencyKey="k1", pages=[{"port": 1}, {"speed": 1}])

    assert (first["__typename"], first["created"]) == ("StartWorkflowSuccess", True)
    assert (again["created"], again["process"]["id"]) == (False, first["process"]["id"])
    assert (other["__typename"], other["code"]) == ("ConflictError", "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("key", ["", " ", "\t\n"])
async def test_an_empty_idempotency_key_is_refused_because_all_requests_would_share_it(
    tmp_path: Path, key: str
) -> None:
    """A script whose variable is not set would start one process, and hear of success for ever."""
    async with telling(tmp_path) as story:
        started = await story.start(workflowName="note", idempotencyKey=key)
        _, request_id = await story.asks()
        submitted = await story.submit(inputRequestId=request_id, pages=[{}], idempotencyKey=key)

    for refused in (started, submitted):
        assert (refused["__typename"], refused["code"]) == ("PayloadInvalidError", "PAYLOAD_INVALID")
        assert "send none" in refused["message"]


async def test_a_start_form_is_asked_page_by_page_and_nothing_is_stored_before_its_end(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        none = await story.start(workflowName="ask")
        wrong = await story.start(workflowName="ask", pages=[{"port": "x"}])
        second = await story.start(workflowName="ask", pages=[{"port": 1}])
        count = (await story.site.ask("{ processes { totalCount } }"))["processes"]["totalCount"]
        started = await story.start(workflowName="ask", pages=[{"port": 1}, {"speed": 100}])

    assert (none["__typename"], none["nextPage"]["index"]) == ("FormIncomplete", 0)
    assert (wrong["__typename"], wrong["pageIndex"]) == ("FormInvalid", 0)
    assert wrong["errors"] == [{"pointer": "/port", "type": "int_parsing"}]
    assert second["nextPage"]["index"] == 1
    assert count == 0
    assert started["created"]


async def test_a_workflow_that_is_not_there_cannot_be_started(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        response = await story.start(workflowName="nonsense")

    assert (response["__typename"], response["code"]) == ("NotFoundError", "NOT_FOUND")


async def test_a_form_is_answered_once_and_the_second_learns_by_whom(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        process_id, request_id = await story.asks()
        wrong = await story.submit(inputRequestId=request_id, pages=[{"remark": {}}])
        stale = await story.submit(inputRequestId=request_id, pages=[{}], expectedVersion=999)
        other = await story.submit(inputRequestId=request_id, pages=[{}], shownDigest="another")
        first = await story.submit(inputRequestId=request_id, pages=[{"remark": "fine"}], comment="ok")
        await story.site.engine.reaches(process_id, COMPLETED)
        second = await story.submit(inputRequestId=request_id, pages=[{"remark": "bad"}])
        missing = await story.submit(inputRequestId=str(uuid4()), pages=[])
        nonsense = await story.submit(inputRequestId="nonsense", pages=[])

    assert (wrong["__typename"], wrong["errors"]) == ("FormInvalid", [{"pointer": "/remark"}])
    assert (stale["__typename"], stale["code"]) == ("ConflictError", "STALE_VERSION")
    assert other["__typename"] == "ConflictError"
    decision = {"verdict": "APPROVED", "comment": "ok", "by": {"id": "local"}}
    assert first["inputRequest"] == {"status": "SUBMITTED", "decisions": [decision]}
    assert (second["code"], second["by"]) == ("ALREADY_DECIDED", {"id": "local"})
    assert second["at"]
    assert [missing["__typename"], nonsense["__typename"]] == ["NotFoundError"] * 2


async def test_a_failed_process_is_retried_and_any_living_one_aborted(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        early = await story.act("retryProcess", process_id)
        await story.say("receiveCallback", token=token, result={"rc": 2})
        version = (await story.site.engine.reaches(process_id, FAILED)).version
        stale = await story.act("abortProcess", process_id, expectedVersion=version - 1)
        retried = await story.act("retryProcess", process_id, expectedVersion=version)
        await story.site.engine.reaches(process_id, FAILED)
        aborted = await story.act("abortProcess", process_id, reason="enough")
        again = await story.act("abortProcess", process_id)

    assert (early["code"], early["conflictingProcess"]) == ("INVALID_STATE", {"id": str(process_id)})
    assert (stale["code"], stale["currentVersion"]) == ("STALE_VERSION", version)
    assert retried["__typename"] == "ProcessActionSuccess"
    assert aborted["process"]["status"] == ABORTED
    assert again["code"] == "INVALID_STATE"


async def test_a_note_is_written_and_removed(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        [process_id] = await story.notes(1)
        written = await story.act("updateProcessNote", process_id, note="see ticket 7")
        removed = await story.act("updateProcessNote", process_id, note=None)

    assert written["process"]["note"] == "see ticket 7"
    assert removed["process"]["note"] is None


@pytest.mark.parametrize("name", ["retryProcess", "abortProcess", "updateProcessNote"])
@pytest.mark.parametrize("id", ["nonsense", "00000000-0000-0000-0000-00000000000a", ""])
async def test_a_process_that_is_not_there_is_not_found(tmp_path: Path, name: str, id: str) -> None:
    async with telling(tmp_path) as story:
        response = await story.act(name, id)

    assert (response["__typename"], response["code"]) == ("NotFoundError", "NOT_FOUND")


EXTRA: dict[str, dict[str, Json]] = {
    "reawaitCallback": {"timeoutSeconds": 60},
    "completeCallback": {"result": {}, "reason": "seen"},
    "adoptCallbackAttempt": {"reason": "late"},
    "assignInputRequest": {"assigneeKey": "NOC"},
    "rejectInputRequest": {"comment": "no"},
    "submitForm": {"pages": [{}]},
    "setInSync": {"reason": "checked"},
    "continueProcess": {"reason": "agreed"},
}
KINDS = {
    "processId": ("process", ["retryProcess", "continueProcess", "abortProcess", "updateProcessNote"]),
    "callbackId": ("callback", ["reissueCallback", "reawaitCallback", "completeCallback"]),
    "attemptId": ("callback attempt", ["adoptCallbackAttempt"]),
    "inputRequestId": (
        "input request",
        ["claimInputRequest", "releaseInputRequest", "assignInputRequest", "rejectInputRequest", "submitForm"],
    ),
    "notificationId": ("notification", ["resendNotification"]),
    "productSubscriptionId": (
        "product subscription",
        ["setInSync", "updateProductSubscriptionNote", "updateCustomerDescription"],
    ),
}


@pytest.mark.parametrize("id", ["nonsense", "workflow:note", "00000000-0000-0000-0000-00000000000a", "", "x" * 5000])
async def test_an_object_that_is_not_there_is_named_as_the_client_named_it(tmp_path: Path, id: str) -> None:
    seen = {}
    async with telling(tmp_path) as story:
        for key, (kind, names) in KINDS.items():
            for name in names:
                document = f"""mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{
                  ... on NotFoundError {{ id message }} }} }}"""
                input = {key: id, **EXTRA.get(name, {})}
                seen[name] = kind, (await story.site.ask(document, input=input))[name]

    shown = id if len(id) <= 80 else f"{id[:79]}…"
    assert seen == {
        name: (kind, {"id": shown, "message": f"There is no {kind} {shown!r}, or it is not visible to you."})
        for name, (kind, _) in seen.items()
    }


def nested(levels: int) -> Json:
    value: Json = 1
    for _ in range(levels):
        value = [value]
    return value


DEEP: dict[str, Callable[[Json], dict[str, Json]]] = {
    "receiveCallback": lambda value: {"result": value},
    "failCallback": lambda value: {"code": "x", "message": "broke", "details": value},
    "reportCallbackProgress": lambda value: {"data": value},
}


@pytest.mark.parametrize(
    ("name", "levels"), [("receiveCallback", 64), ("failCallback", 63), ("reportCallbackProgress", 64)]
)
async def test_a_payload_may_be_as_deep_as_on_rest_and_no_deeper(tmp_path: Path, name: str, levels: int) -> None:
    """However few levels are around it in the request."""
    makes = ", ".join(f"{key}: ${key}" for key in DEEP[name](1))
    types = ", ".join(f"${key}: {'String!' if key in ('code', 'message') else 'JSON'}" for key in DEEP[name](1))
    document = f"""mutation ($token: String!, {types}) {{ {name}(input: {{token: $token, {makes}}}) {{
      __typename ... on UserError {{ code }} }} }}""".replace("$result: JSON)", "$result: JSON!)")

    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        answers = [
            (await story.site.ask(document, token=token, **DEEP[name](nested(deep))))[name]
            for deep in (levels + 1, levels + 2, levels)
        ]
        found = await story.site.ask(
            "query ($id: ID!) { process(id: $id) { callbacks { attempts { nodes { outcome isAdoptable } } } } }",
            id=str(process_id),
        )

    refused = {"__typename": "PayloadInvalidError", "code": "PAYLOAD_INVALID"}
    assert answers == [refused, refused, {"__typename": "ReceiveCallbackSuccess"}]
    outcomes = [attempt["outcome"] for attempt in found["process"]["callbacks"][0]["attempts"]["nodes"]]
    assert outcomes == ([] if name == "reportCallbackProgress" else ["MALFORMED", "MALFORMED", "ACCEPTED"])


@pytest.mark.parametrize("percent", [-1, -0.5, 0, 40.5, 100, 100.5, 1e300, None])
async def test_the_percent_of_a_report_is_kept_as_on_rest(tmp_path: Path, percent: float | None) -> None:
    async with telling(tmp_path) as story:
        _, token = await story.waits()
        await story.say("reportCallbackProgress", token=token, percent=percent)
        found = await story.site.ask("{ callbacks { nodes { progress { percent } } } }")

    assert found["callbacks"]["nodes"][0]["progress"] == {"percent": read_report({"percent": percent}).percent}


async def test_the_deepest_result_may_be_sent_back_in_a_read_only_field(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        _, request_id = await story.asks()
        submitted = await story.submit(inputRequestId=request_id, pages=[{"is_good": nested(64), "remark": "fine"}])

    assert submitted["__typename"] == "SubmitFormSuccess"


async def test_a_result_typed_in_may_be_as_deep_as_a_delivery_and_no_deeper(tmp_path: Path) -> None:
    document = """mutation ($id: ID!, $result: JSON!) { completeCallback(input: {callbackId: $id, result: $result,
      reason: "seen"}) { __typename ... on PayloadInvalidError { errors { pointer message } } } }"""
    async with telling(tmp_path) as story:
        await story.waits()
        (callback,) = (await story.site.ask("{ callbacks { nodes { id } } }"))["callbacks"]["nodes"]
        refused, taken = [
            (await story.site.ask(document, id=callback["id"], result=nested(levels)))["completeCallback"]
            for levels in (65, 64)
        ]

    assert refused["errors"] == [{"pointer": "/result", "message": "It is nested deeper than 64 levels."}]
    assert taken["__typename"] == "ProcessActionSuccess"


async def test_a_remote_service_is_answered_as_on_rest(tmp_path: Path) -> None:
    async with telling(tmp_path, max_callback_bytes=2048) as story:
        _, token = await story.waits()
        progress = await story.say("reportCallbackProgress", token=token, percent=40, message="writing")
        large = await story.site.answer(deliver("receiveCallback"), input={"token": token, "result": "x" * 3000})
        first = await story.say("receiveCallback", token=token, result={"rc": 0})
        again = await story.say("receiveCallback", token=token, result={"rc": 0.0})
        other = await story.say("receiveCallback", token=token, result={"rc": 1})
        failed = await story.say("failCallback", token=token, code="x", message="broke")
        unknown = await story.say("receiveCallback", token="nonsense", result=1)
        withdrawn_id, withdrawn_token = await story.waits()
        await story.act("abortProcess", withdrawn_id)
        withdrawn = await story.say("receiveCallback", token=withdrawn_token, result=1)

    assert (progress["duplicate"], first["duplicate"]) == (False, False)
    assert [error["extensions"]["code"] for error in large["errors"]] == ["PAYLOAD_TOO_LARGE"]
    assert again == first | {"duplicate": True}
    assert [other["code"], failed["code"]] == ["CALLBACK_ALREADY_RECEIVED"] * 2
    assert (unknown["__typename"], unknown["code"]) == ("CallbackUnknownError", "CALLBACK_UNKNOWN")
    assert (withdrawn["__typename"], withdrawn["code"]) == ("CallbackGoneError", "CALLBACK_WITHDRAWN")


async def test_a_failure_report_needs_a_message_here_too(tmp_path: Path) -> None:
    async with telling(tmp_path) as story:
        _, token = await story.waits()
        refused = await story.say("failCallback", token=token, code="x", message="")

    assert (refused["code"], refused["errors"]) == ("PAYLOAD_INVALID", [{"pointer": "/message"}])


@pytest.mark.parametrize("literal", ["1e999", '"\\u0000"', '"\\ud800"', '{a: "\\ud800"}', "1" * 50, "1" * 5000])
async def test_a_hostile_literal_in_a_document_harms_nothing(tmp_path: Path, literal: str) -> None:
    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        answers = []
        for document in (
            f'mutation {{ receiveCallback(input: {{token: "{token}", result: {literal}}}) {{ __typename }} }}',
            f'mutation {{ startWorkflow(input: {{workflowName: "ask", pages: [{literal}]}}) {{ __typename }} }}',
            f'{{ startForm(workflowName: "ask", pages: [{literal}]) {{ __typename }} }}',
        ):
            response = await story.site.http.post("/graphql", json={"query": document}, headers={"accept": GRAPHQL})
            answers.append(response.json())
        status = (await story.site.engine.callback(process_id)).status

    codes = [error["extensions"]["code"] for one in answers for error in one.get("errors", ())]
    assert "INTERNAL" not in codes, answers
    assert status == "PENDING"


async def test_a_variable_may_stand_inside_a_literal(tmp_path: Path) -> None:
    document = """mutation ($token: String!, $rc: JSON!) {
      receiveCallback(input: {token: $token, result: {rc: $rc, hosts: ["ams-1"]}}) { __typename } }"""

    async with telling(tmp_path) as story:
        process_id, token = await story.waits()
        await story.site.ask(document, token=token, rc=0)
        process = await story.site.engine.reaches(process_id, SUSPENDED)

    assert process.state["callback_result"] == {"rc": 0, "hosts": ["ams-1"]}
