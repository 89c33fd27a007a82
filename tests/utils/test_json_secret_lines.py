"""Secrets in lines of Ansible, devices, HTTP clients and shells are masked, and nothing else changes."""

import re
from pathlib import Path

from orchestrator_gql.config.settings import SECRETS
from orchestrator_gql.utils.json.redaction import MASK, Redactor

LINES = [
    line.replace("␤", "\n")
    for line in (Path(__file__).parent / "data" / "lines_with_secrets.txt").read_text().splitlines()
    if line and not line.startswith("# ")
]
redact = Redactor(SECRETS)


def written(line: str) -> str:
    return re.sub("[⟦⟧]", "", line)


def expected(line: str) -> str:
    return re.sub("⟦.*?⟧", lambda _: MASK, line, flags=re.DOTALL)


def test_there_are_enough_lines_of_both_kinds() -> None:
    assert sum("⟦" in line for line in LINES) >= 150
    assert sum("⟦" not in line for line in LINES) >= 100


def test_the_secrets_of_each_line_are_masked_and_the_rest_stays() -> None:
    redacted = {line: redact.text(written(line)) for line in LINES}

    assert {line: text for line, text in redacted.items() if text != expected(line)} == {}
