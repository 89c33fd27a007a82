"""A proxy that ends while a request waits for its job: the job is canceled, and nothing of it goes on."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
from support.command_line import SECONDS, until
from support.ports import free_port

from orchestrator_gql.demo.job_processes import _command_lines


def test_a_request_that_waits_for_its_job_does_not_keep_the_proxy_from_its_end(tmp_path: Path) -> None:
    program, began = tmp_path / "endless.sh", tmp_path / "began"
    program.write_text(f"#!/bin/sh\ntouch {began}\ntail -f {program}\n")
    program.chmod(0o755)
    port, env = free_port(), {"ANSIBLE_PROXY_EXECUTABLES": str(tmp_path), "ANSIBLE_PROXY_WORK_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "orchestrator_gql.demo.ansible_proxy", "--port", port, "--until-stdin-ends"]
    order = {"executable_name": program.name, "is_async": False}

    def ask() -> None:
        with suppress(httpx.HTTPError):  # the proxy ends before its response
            httpx.post(f"http://127.0.0.1:{port}/api/execute", json=order, trust_env=False, timeout=SECONDS)

    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as proxy,
        ThreadPoolExecutor(1) as pool,
    ):
        stderr = proxy.stderr
        assert stderr is not None
        until(lambda: True if b"Uvicorn running" in stderr.readline() else None)
        pool.submit(ask)
        until(lambda: began.exists() or None)
        proxy.terminate()
        proxy.communicate(timeout=SECONDS / 2)

    assert [line for _, line in _command_lines() if str(program) in line] == []
