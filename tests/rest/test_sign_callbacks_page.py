"""The examples of the page on signatures make requests that the server accepts."""

import hashlib
import os
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.web import Site, site_of

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.callbacks.signature import Proof, signature_fault
from orchestrator_gql.cli.serving.loading import load_workflows
from orchestrator_gql.config.services import Service
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.errors import SettingsError
from orchestrator_gql.workflow import Workflow, workflow

PAGE = (Path(__file__).parents[2] / "docs/howto/sign-callbacks.md").read_text()
KEY = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = '{"return_code": 0}'
CREDENTIAL = "s3cret-of-the-proxy"
KNOWN = {"credential_sha256": hashlib.sha256(CREDENTIAL.encode()).hexdigest()}


def block(language: str, containing: str) -> str:
    """The example of the page that contains the text."""
    (example,) = [text for text in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if containing in text]
    return str(example)


def test_the_python_of_the_page_makes_a_signature_that_the_server_accepts() -> None:
    names: dict[str, Any] = {}
    exec(block("python", "hmac.new"), names)

    proof = Proof.of(names["headers"](KEY, "msg_1", BODY.encode()), BODY.encode())

    assert signature_fault(Service(signature_keys=(KEY,)).keys, proof, datetime.now(UTC)) is None
    assert signature_fault(Service(signature_keys=(KEY,)).keys, Proof.of({}, BODY.encode()), datetime.now(UTC))


def test_the_shell_of_the_page_makes_a_signature_that_the_server_accepts(tmp_path: Path) -> None:
    curl = tmp_path / "curl"
    curl.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    curl.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "WEBHOOK_KEY": KEY, "BODY": BODY}
    environment |= {"CALLBACK_URL": "http://127.0.0.1/callback"}

    sent = subprocess.run(
        ["sh", "-eu", "-c", block("sh", "openssl dgst")], env=environment, check=True, capture_output=True, text=True
    ).stdout
    headers = dict(re.findall(r"^(webhook-\w+): (.*)$", sent, re.MULTILINE))

    assert BODY in sent
    proof = Proof.of(headers, BODY.encode())
    assert signature_fault(Service(signature_keys=(KEY,)).keys, proof, datetime.now(UTC)) is None


async def answered(site: Site, path: str, body: str = BODY) -> httpx.Response:
    """The response to a delivery with the credential of the service."""
    headers = {"content-type": "application/json", "authorization": f"Bearer {CREDENTIAL}"}
    return await site.http.post(path, content=body, headers=headers)


@pytest.mark.one_dispatcher
async def test_the_workflow_of_the_page_is_answered_by_its_job_id(
    storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / f"{tmp_path.name}.py"
    module.write_text(block("python", "remote_ref"))
    (flow,) = load_workflows([str(module)])
    taken: list[Any] = []

    def take(url: str, *, json: Any) -> httpx.Response:
        taken.append((url, json))
        return httpx.Response(201, json={"id": "job-7"}, request=httpx.Request("POST", url))

    monkeypatch.setattr(httpx, "post", take)
    result, progress, _ = re.findall(r"^/api/callbacks/by-ref/\S+", PAGE, re.MULTILINE)
    async with site_of(storage, flow, services={"proxy": KNOWN}) as site:
        process_id = await site.engine.start(flow)
        await site.engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
        reported = await answered(site, progress, '"half way"')
        accepted = await answered(site, result)
        done = await site.engine.reaches(process_id, ProcessStatus.COMPLETED)

    assert taken == [("http://proxy.example.org/jobs", {"node": "ams-1"})]
    assert [response.status_code for response in (reported, accepted)] == [200, 200]
    assert done.state == {"node": "ams-1", "callback_result": {"return_code": 0}, "return_code": 0}


def by_job(function: Callable[..., Any], **options: Any) -> Workflow:
    """A workflow whose action hands out no URL."""

    @step("Judge")
    def judge(callback_result: Any) -> None: ...

    @workflow("Order by job")
    def ordered() -> Any:
        return begin >> callback_step("Job", step("Order")(function), judge, service="proxy", **options)

    return ordered


@pytest.mark.one_dispatcher
async def test_several_jobs_of_a_step_are_answered_by_their_ids(storage: str) -> None:
    flow = by_job(lambda: {"remote_ref": {"ams-1": "job-1", "rtm-1": "job-2"}}, expect=["ams-1", "rtm-1"])

    async with site_of(storage, flow, services={"proxy": KNOWN}) as site:
        process_id = await site.engine.start(flow)
        await site.engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
        for number in (2, 1):
            await answered(site, f"/api/callbacks/by-ref/proxy/job-{number}", str(number))
        done = await site.engine.reaches(process_id, ProcessStatus.COMPLETED)

    assert done.state["callback_result"] == {"ams-1": 1, "rtm-1": 2}


@pytest.mark.one_dispatcher
async def test_an_action_that_neither_hands_out_a_url_nor_names_its_job_fails(storage: str) -> None:
    flow = by_job(lambda: {"job_id": "job-7"})

    async with site_of(storage, flow, services={"proxy": KNOWN}) as site:
        failed = await site.engine.reaches(await site.engine.start(flow), ProcessStatus.FAILED)

    assert failed.failure is not None
    assert failed.failure.code == "bad-remote-ref"
    assert "hands out no URL and returned no remote_ref" in failed.failure.message


@pytest.mark.one_dispatcher
async def test_without_a_job_id_a_poll_may_still_get_the_result(storage: str) -> None:
    flow = by_job(lambda: {"job_id": "job-7"}, poll=lambda job_id: {"job": job_id}, timeout=60)

    async with site_of(storage, flow, services={"proxy": KNOWN}) as site:
        process_id = await site.engine.start(flow)
        await site.engine.reaches(process_id, ProcessStatus.AWAITING_CALLBACK)
        site.engine.turn(60)
        done = await site.engine.reaches(process_id, ProcessStatus.COMPLETED)

    assert done.state["callback_result"] == {"job": "job-7"}


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("service", [{}, {"addresses": ["192.0.2.0/24"]}])
async def test_a_service_that_cannot_prove_itself_is_refused_at_start_if_no_url_is_handed_out(
    storage: str, service: dict[str, Any]
) -> None:
    with pytest.raises(SettingsError, match="hands out no URL, so 'proxy' must answer by its own job id"):
        async with site_of(storage, by_job(lambda: {"remote_ref": "job-7"}), services={"proxy": service}):
            raise AssertionError("it started")
