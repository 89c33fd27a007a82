"""The examples of the pages about the language are tests, and pass exactly as they are printed."""

import inspect
import re
from pathlib import Path

import pytest
from support.authors_pytest import run_pytest

import orchestrator_gql
from orchestrator_gql import workflow as language
from orchestrator_gql.workflows import steps, utils

ROOT = Path(orchestrator_gql.__file__).parent.parent
PAGES = sorted((ROOT / "docs/language").glob("*.md"))
INI = """\
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""
NOT_A_WORD = {"ActionStep", "AwaitStep", "InputStep", "Step", "StepList", "Workflow"}
"""Exported names that are types."""

KINDS = ("create_workflow", "modify_workflow", "terminate_workflow", "validate_workflow", "reconcile_workflow", "task")
STEPS = ("store_process_subscription", "set_status", "unsync", "resync")
WORDS = {
    **{name: getattr(language, name) for name in language.__all__ if name not in NOT_A_WORD},
    **{name: getattr(utils, name) for name in (*KINDS, "ensure_provisioning_status")},
    **{name: getattr(steps, name) for name in STEPS},
}
"""Each word of the language: its name, and the function or the step."""

WITHOUT_EFFECT = {"workflow_target"}


def blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)


def test_the_examples_pass_as_they_are_printed(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text(INI)
    examples = {page.stem: "\n\n".join(blocks(page)) for page in PAGES}
    for name, text in examples.items():
        (tmp_path / f"test_{name}.py").write_text(text)
    written = sum(len(re.findall(r"^(?:async )?def test_", text, re.MULTILINE)) for text in examples.values())

    result = run_pytest(tmp_path)

    assert written > 25
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{written} passed" in result.stdout


EXAMPLES = "\n".join(text for page in PAGES for text in blocks(page))


@pytest.mark.parametrize("word", WORDS)
def test_every_word_of_the_language_has_an_example(word: str) -> None:
    assert re.search(rf"\b{word}\b", re.sub(r"^(?:from|import) .*$", "", EXAMPLES, flags=re.MULTILINE))


@pytest.mark.parametrize("word", [word for word, value in WORDS.items() if inspect.isfunction(value)])
def test_every_optional_argument_of_a_word_has_an_example(word: str) -> None:
    optional = {
        name for name, each in inspect.signature(WORDS[word]).parameters.items() if each.default is not each.empty
    }
    positional = {"confirm_step", "description", "expect"}  # an example gives them without their names

    assert {name for name in optional - positional - WITHOUT_EFFECT if not re.search(rf"\b{name}=", EXAMPLES)} == set()


@pytest.mark.parametrize(
    "name",
    [
        "process_id",
        "workflow_name",
        "workflow_target",
        "reporter",
        "idempotency_key",
        "traceparent",
        "decisions",
        "state",
    ],
)
def test_every_argument_that_the_engine_fills_in_has_an_example(name: str) -> None:
    assert re.search(rf"def \w+\([^)]*\b{name}: ", EXAMPLES)
