"""The tutorial can be followed to its end: its files, commands and requests work as they are printed."""

import re
import subprocess
import sys
from pathlib import Path

import httpx
from support.command_line import SECONDS
from support.page_reader import reading

import orchestrator_gql

ROOT = Path(orchestrator_gql.__file__).parent.parent
PAGE = (ROOT / "docs/tutorial/first-callback.md").read_text()
BLOCKS = re.findall(r"```(python|sh)\n(.*?)```", PAGE, re.DOTALL)
INI = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
PROCESSES = "{ processes(first: 10) { nodes { status subject } } }"


def test_a_reader_comes_to_the_end_of_the_tutorial(tmp_path: Path) -> None:
    outputs = []
    with reading(tmp_path, "upgrade.py") as reader:
        for language, text in BLOCKS:
            if language == "sh" and not text.startswith("orchestrator-gql serve"):
                outputs.append(reader.enter(text))
            elif language == "python" and "Kit" not in text:
                reader.save(text)
        processes = httpx.post(f"{reader.address}/graphql", json={"query": PROCESSES}, trust_env=False).json()
    nodes = processes["data"]["processes"]["nodes"]

    assert "callback" in outputs[0]
    assert "accepted" in outputs[2]
    assert "callback-already-received" in outputs[3]
    assert "The flash is full" in outputs[5]
    assert "wait" in outputs[7].lower()
    assert sorted((node["subject"], node["status"]) for node in nodes) == [
        ("Upgrade ams-1", "COMPLETED"),
        ("Upgrade ams-2", "COMPLETED"),
        ("Upgrade ams-3", "COMPLETED"),
        ("Upgrade ams-4", "ABORTED"),
    ]


def test_the_tests_of_the_tutorial_pass(tmp_path: Path) -> None:
    texts = [text for language, text in BLOCKS if language == "python"]
    (tmp_path / "upgrade.py").write_text("\n\n".join(text for text in texts if "Kit" not in text))
    (tmp_path / "test_upgrade.py").write_text(texts[-1])
    (tmp_path / "pytest.ini").write_text(INI)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]

    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=SECONDS)

    assert "2 passed" in result.stdout, result.stdout + result.stderr
