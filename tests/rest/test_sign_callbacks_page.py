"""The examples of the page on signatures make requests that the server accepts."""

import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestrator_gql.callbacks.signature import Proof, signature_fault
from orchestrator_gql.config.services import Service

PAGE = (Path(__file__).parents[2] / "docs/howto/sign-callbacks.md").read_text()
KEY = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = '{"return_code": 0}'


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
