"""The tests on the documentation page about decisions pass on the workflow of that page."""

import re
from pathlib import Path

from support.authors_pytest import run_pytest
from test_kit_page import INI, ROOT

WORKFLOW, TESTS = re.findall(r"```python\n(.*?)```", (ROOT / "docs/howto/approvals.md").read_text(), re.DOTALL)


def test_the_tests_of_the_page_pass_on_its_workflow(tmp_path: Path) -> None:
    (tmp_path / "change.py").write_text(WORKFLOW)
    (tmp_path / "test_change.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text(INI)

    result = run_pytest(tmp_path)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "3 passed" in result.stdout
