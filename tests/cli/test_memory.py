"""The memory that unknown clients cost a server, as the kernel counts it."""

import hashlib
import json
import re
from pathlib import Path

import httpx
import pytest
from support.command_line import Running, serving

DOCUMENTS = 300
TOKENS = json.dumps([{"name": "ada", "sha256": hashlib.sha256(b"secret").hexdigest(), "roles": ["operator"]}])


def document(number: int) -> str:
    """One of many different documents of 15 KB: a server that kept 300 of them took 240 MB."""
    return "{ " + " ".join(f"field{number}_{field}" for field in range(1_000)) + " }"


def resident(server: Running) -> int:
    """Megabytes of the server's process."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    match = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert match is not None
    return int(match[1]) // 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux has /proc")
@pytest.mark.parametrize("tokens", [TOKENS, "[]"], ids=["sign-in", "no sign-in"])
def test_many_different_documents_without_a_token_do_not_fill_the_memory(tmp_path: Path, tokens: str) -> None:
    with serving(tmp_path, ORCHESTRATOR_API_TOKENS=tokens) as server, httpx.Client(trust_env=False) as http:
        before = resident(server)
        for number in range(DOCUMENTS):
            response = http.post(server.address + "/graphql", json={"query": document(number)})
            assert "errors" in response.json()

        assert resident(server) - before < 80


def faults(server: Running) -> int:
    """The pages that the kernel gave the server's process until now."""
    return int(Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()[7])


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux has /proc")
def test_no_request_has_a_memory_mapping_of_its_own(tmp_path: Path) -> None:
    """The buffer of 256 KiB into which asyncio reads comes from memory that the process has."""
    with serving(tmp_path) as server, httpx.Client(trust_env=False) as http:
        for _ in range(300):  # caches fill, and pages that a fork shares are copied
            http.get(server.address + "/health/live")
        before = faults(server)
        for _ in range(300):
            http.get(server.address + "/health/live")

        assert faults(server) - before < 150
