"""A receipt shows a remote service the status of its delivery, and nothing else of the process."""

from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from waits import Wait, problem, waiting

from orchestrator_gql import step
from orchestrator_gql.commands.callback_operator_actions import (
    adopt_callback_attempt,
    complete_callback,
    reawait_callback,
)
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.types import Json, ProcessStatus
from orchestrator_gql.utils.errors import ProcessFailureError


@step("Judge the result")
def judge(callback_result: dict[str, int]) -> None:
    if callback_result["rc"] != 0:
        raise ProcessFailureError("The playbook failed.")


async def ask(wait: Wait, receipt: str) -> httpx.Response:
    return await wait.site.http.get(f"/api/receipts/{receipt}")


@pytest.mark.parametrize(
    ("result", "behind", "status", "word"),
    [
        (b'{"rc": 0}', "", ProcessStatus.COMPLETED, "validated"),
        (b'{"rc": 2}', "", ProcessStatus.FAILED, "rejected"),
        (b'{"message": "ams-1 is down"}', "/fail", ProcessStatus.FAILED, "accepted"),
    ],
)
async def test_a_receipt_shows_the_status_of_the_delivery(
    tmp_path: Path, result: bytes, behind: str, status: ProcessStatus, word: str
) -> None:
    async with waiting(tmp_path, validate_step=judge) as wait:
        receipt = (await wait.send(result, behind=behind)).json()["receipt"]
        await wait.reaches(status)
        response = await ask(wait, receipt)
        with_slash = await ask(wait, receipt + "/")

    assert (response.status_code, response.json()) == (200, {"receipt": receipt, "status": word})
    assert response.headers["cache-control"] == "no-store"
    assert with_slash.json() == response.json()


async def test_a_delivery_that_is_not_validated_yet_is_accepted(tmp_path: Path) -> None:
    async with waiting(tmp_path, validate_step=judge) as wait:
        await wait.site.ask("mutation { setEngineState(input: {paused: true}) { __typename } }")
        first = await wait.send(b'{"rc": 0}')
        again = await wait.send(b'{"rc": 0}')
        response = await ask(wait, first.json()["receipt"])

    assert first.json() == {"receipt": first.json()["receipt"], "status": "accepted"}
    assert again.json() == first.json() | {"duplicate": True}
    assert response.json() == first.json()


@pytest.mark.parametrize(("result", "behind"), [(b'{"rc": 2}', ""), (b'{"message": "ams-1 is down"}', "/fail")])
async def test_the_receipt_of_a_delivery_that_an_operator_replaced_says_so_and_when(
    storage: str, result: bytes, behind: str
) -> None:
    async with waiting(storage, validate_step=judge) as wait:
        runtime = wait.site.engine.runtime
        receipt = (await wait.send(result, behind=behind)).json()["receipt"]
        await wait.reaches(ProcessStatus.FAILED)
        before = await ask(wait, receipt)
        callback = await wait.site.engine.callback(wait.process_id)
        for typed in ({"rc": 1}, {"rc": 0}):
            wait.site.engine.turn(1)
            await complete_callback(runtime, LOCAL_OPERATOR, callback_id=callback.id, result=typed, reason="seen")
            await wait.reaches(ProcessStatus.FAILED if typed["rc"] else ProcessStatus.COMPLETED)
        response = await ask(wait, receipt)
        replaced = await wait.site.engine.callback(wait.process_id)

    assert before.json()["status"] == ("accepted" if behind else "rejected")
    assert replaced.received_at is not None
    assert response.json() == {
        "receipt": receipt,
        "status": "replaced",
        "replacedAt": replaced.received_at.isoformat(),
    }


async def test_a_delivery_that_is_adopted_again_after_it_was_replaced_is_the_result_again(storage: str) -> None:
    async with waiting(storage, validate_step=judge) as wait:
        runtime = wait.site.engine.runtime
        receipt = (await wait.send(b'{"rc": 2}')).json()["receipt"]
        await wait.reaches(ProcessStatus.FAILED)
        callback = await wait.site.engine.callback(wait.process_id)
        for rc in (3, 4):
            await complete_callback(runtime, LOCAL_OPERATOR, callback_id=callback.id, result={"rc": rc}, reason="seen")
            await wait.reaches(ProcessStatus.FAILED)
        (attempt,) = await wait.attempts()
        await adopt_callback_attempt(runtime, LOCAL_OPERATOR, attempt_id=attempt.id, reason="right after all")
        await wait.reaches(ProcessStatus.FAILED)
        response = await ask(wait, receipt)

    assert attempt.body == b'{"rc":2}'
    assert response.json() == {"receipt": receipt, "status": "rejected"}


@pytest.mark.one_dispatcher
async def test_the_receipt_of_a_failure_report_stays_known_after_an_operator_waits_again(storage: str) -> None:
    report = b'{"message": "ams-1 is down"}'
    async with waiting(storage, validate_step=judge) as wait:
        runtime = wait.site.engine.runtime
        callback = await wait.site.engine.callback(wait.process_id)
        receipts = []
        for content in (report, b'{"message": "ams-2 is down"}'):
            receipts.append((await wait.send(content, behind="/fail")).json()["receipt"])
            await wait.reaches(ProcessStatus.FAILED)
            await reawait_callback(runtime, LOCAL_OPERATOR, callback_id=callback.id, timeout=60)
        open_again = [(await ask(wait, receipt)).json() for receipt in receipts]
        repeated = (await wait.send(report, behind="/fail")).json()
        result = (await wait.send(b'{"rc": 0}')).json()["receipt"]
        await wait.reaches(ProcessStatus.COMPLETED)
        ended = [(await ask(wait, receipt)).json() for receipt in [*receipts, result]]
        now = await wait.site.engine.callback(wait.process_id)

    assert open_again == [{"receipt": receipt, "status": "replaced"} for receipt in receipts]
    assert (repeated["receipt"], repeated["duplicate"]) == (receipts[0], True)
    assert now.received_at is not None
    at = now.received_at.isoformat()
    assert ended == [
        *({"receipt": receipt, "status": "replaced", "replacedAt": at} for receipt in receipts),
        {"receipt": result, "status": "validated"},
    ]


@pytest.mark.parametrize(
    "receipt",
    [
        "{process}",
        "{token}",
        "{other}",
        "dry-run",
        "x",
        "%00",
        "%ff",
        "%ed%a0%80",
        "{upper}",
        "a" * 5000,
        "{{{receipt}}}",
    ],
)
async def test_every_unknown_receipt_gets_the_same_response(tmp_path: Path, receipt: str) -> None:
    async with waiting(tmp_path) as wait:
        known = (await wait.send(b'{"rc": 0}')).json()["receipt"]
        words = {"process": wait.process_id, "token": wait.token, "other": uuid4(), "receipt": known}
        unknown = await ask(wait, receipt.format(**words, upper=known.upper()))
        reference = await ask(wait, "none")

    assert problem(unknown) == (404, "receipt-unknown")
    assert (unknown.content, unknown.headers) == (reference.content, reference.headers)


async def test_a_peer_that_guesses_receipts_gets_429_and_a_right_receipt_is_served(tmp_path: Path) -> None:
    async with waiting(tmp_path, settings={"misses_per_minute": 2}) as wait:
        receipt = (await wait.send(b'{"rc": 0}')).json()["receipt"]
        guesses = [await ask(wait, str(uuid4())) for _ in range(3)]
        right = await ask(wait, receipt)

    assert [guess.status_code for guess in guesses] == [404, 404, 429]
    assert guesses[-1].headers["retry-after"] == "60"
    assert right.status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_a_receipt_is_only_read(tmp_path: Path, method: str) -> None:
    async with waiting(tmp_path) as wait:
        refused = await wait.site.http.request(method, f"/api/receipts/{uuid4()}")

    assert problem(refused) == (405, "method-not-allowed")
    assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD"}


async def test_two_receipts_differ_in_their_random_digits(tmp_path: Path) -> None:
    receipts: list[Json] = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with waiting(folder) as wait:
            receipts.append((await wait.send(b'{"rc": 0}')).json()["receipt"])

    first, second = (receipt.replace("-", "") for receipt in receipts)
    assert sum(a != b for a, b in zip(first[17:], second[17:], strict=True)) >= 5
