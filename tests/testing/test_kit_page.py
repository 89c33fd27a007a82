"""The test module of the how-to about testing passes on the workflow of the README."""

import re
from pathlib import Path

from support.authors_pytest import run_pytest

import orchestrator_gql
from orchestrator_gql.testing import Kit, Run

ROOT = Path(orchestrator_gql.__file__).parent.parent
INI = """\
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""
HOWTO = (ROOT / "docs/howto/test-a-workflow.md").read_text()


def python_blocks(page: str) -> list[str]:
    """The Python blocks of a page."""
    return re.findall(r"```python\n(.*?)```", page, re.DOTALL)


def test_the_tests_of_the_page_pass_on_the_workflow_of_the_readme(tmp_path: Path) -> None:
    (tmp_path / "my_workflows.py").write_text(python_blocks((ROOT / "README.md").read_text())[0])
    for number, text in enumerate(python_blocks(HOWTO)):
        (tmp_path / f"test_{number}.py").write_text(text)
    (tmp_path / "pytest.ini").write_text(INI)

    result = run_pytest(tmp_path)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "4 passed" in result.stdout


def test_every_verb_that_the_page_names_is_there() -> None:
    names = set(re.findall(r"\b(kit|run)\.(\w+)", HOWTO))

    assert names
    offered = {"kit": dir(Kit), "run": dir(Run)}
    assert [f"{of}.{verb}" for of, verb in sorted(names) if verb not in offered[of]] == []


def test_every_file_that_the_page_links_to_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", HOWTO)

    assert links
    assert [link for link in links if not (ROOT / "docs/howto" / link).exists()] == []
