"""The examples of the pages about the language are tests, and pass exactly as they are printed."""

import re
import subprocess
import sys
from pathlib import Path

import orchestrator_gql
from orchestrator_gql import workflow as language

ROOT = Path(orchestrator_gql.__file__).parent.parent
PAGES = sorted((ROOT / "docs/language").glob("*.md"))
INI = """\
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""
NOT_A_WORD = {"ActionStep", "AwaitStep", "InputStep", "Step", "StepList", "Workflow", "done", "init"}
"""Exported names that are types, or steps which the ready-made kinds of workflow add."""


def blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)


def test_the_examples_pass_as_they_are_printed(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text(INI)
    examples = {page.stem: "\n\n".join(blocks(page)) for page in PAGES}
    for name, text in examples.items():
        (tmp_path / f"test_{name}.py").write_text(text)
    written = sum(len(re.findall(r"^(?:async )?def test_", text, re.MULTILINE)) for text in examples.values())
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]

    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)

    assert written > 25
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{written} passed" in result.stdout


def test_every_word_of_the_language_has_an_example() -> None:
    examples = "\n".join(text for page in PAGES for text in blocks(page))

    assert [
        word for word in language.__all__ if word not in NOT_A_WORD and not re.search(rf"\b{word}\b", examples)
    ] == []
