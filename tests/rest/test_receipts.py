"""What a remote service may learn by its receipt: what became of its letter, and nothing of the process."""

from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from waits import Wait, problem, waiting

from orchestrator_gql import step
from orchestrator_gql.types import Json, ProcessStatus
from orchestrator_gql.utils.errors import ProcessFailureError


@step("Judge the result")
def judge(callback_result: dict[str, int]) -> None:
    if callback_result["rc"] != 0:
        raise ProcessFailureError("The playbook failed.")


async def asked(wait: Wait, receipt: str) -> httpx.Response:
    return await wait.site.http.get(f"/api/receipts/{receipt}")


@pytest.mark.parametrize(
    ("result", "behind", "status", "fate"),
    [
        (b'{"rc": 0}', "", ProcessStatus.COMPLETED, "validated"),
        (b'{"rc": 2}', "", ProcessStatus.FAILED, "rejected"),
        (b'{"message": "ams-1 is down"}', "/fail", ProcessStatus.FAILED, "accepted"),
    ],
)
async def test_a_receipt_tells_what_became_of_the_letter(
    tmp_path: Path, result: bytes, behind: str, status: ProcessStatus, fate: str
) -> None:
    async with waiting(tmp_path, validate_step=judge) as wait:
        receipt = (await wait.send(result, behind=behind)).json()["receipt"]
        await wait.reaches(status)
        told = await asked(wait, receipt)
        with_slash = await asked(wait, receipt + "/")

    assert (told.status_code, told.json()) == (200, {"receipt": receipt, "status": fate})
    assert told.headers["cache-control"] == "no-store"
    assert with_slash.json() == told.json()


async def test_a_letter_that_is_not_judged_yet_is_accepted(tmp_path: Path) -> None:
    async with waiting(tmp_path, validate_step=judge) as wait:
        await wait.site.ask("mutation { setEngineState(input: {paused: true}) { __typename } }")
        first = await wait.send(b'{"rc": 0}')
        again = await wait.send(b'{"rc": 0}')
        told = await asked(wait, first.json()["receipt"])

    assert first.json() == {"receipt": first.json()["receipt"], "status": "accepted"}
    assert again.json() == first.json() | {"duplicate": True}
    assert told.json() == first.json()


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
async def test_whatever_is_no_receipt_is_answered_alike(tmp_path: Path, receipt: str) -> None:
    async with waiting(tmp_path) as wait:
        given = (await wait.send(b'{"rc": 0}')).json()["receipt"]
        words = {"process": wait.process_id, "token": wait.token, "other": uuid4(), "receipt": given}
        unknown = await asked(wait, receipt.format(**words, upper=given.upper()))
        reference = await asked(wait, "none")

    assert problem(unknown) == (404, "receipt-unknown")
    assert (unknown.content, unknown.headers) == (reference.content, reference.headers)


async def test_who_guesses_receipts_is_told_so_and_a_right_one_is_served(tmp_path: Path) -> None:
    async with waiting(tmp_path, settings={"misses_per_minute": 2}) as wait:
        receipt = (await wait.send(b'{"rc": 0}')).json()["receipt"]
        guesses = [await asked(wait, str(uuid4())) for _ in range(3)]
        right = await asked(wait, receipt)

    assert [one.status_code for one in guesses] == [404, 404, 429]
    assert guesses[-1].headers["retry-after"] == "60"
    assert right.status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_a_receipt_is_only_read(tmp_path: Path, method: str) -> None:
    async with waiting(tmp_path) as wait:
        refused = await wait.site.http.request(method, f"/api/receipts/{uuid4()}")

    assert problem(refused) == (405, "method-not-allowed")
    assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD"}


async def test_two_receipts_share_nothing_that_helps_to_guess(tmp_path: Path) -> None:
    receipts: list[Json] = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with waiting(folder) as wait:
            receipts.append((await wait.send(b'{"rc": 0}')).json()["receipt"])

    one, other = (receipt.replace("-", "") for receipt in receipts)
    assert sum(a != b for a, b in zip(one[17:], other[17:], strict=True)) >= 5
