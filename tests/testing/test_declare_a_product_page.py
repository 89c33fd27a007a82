"""The test on the documentation page about declaring products passes on the module of that page."""

import re
from pathlib import Path

from support.authors_pytest import run_pytest
from test_kit_page import INI, ROOT

MODULE, TESTS = re.findall(r"```python\n(.*?)```", (ROOT / "docs/howto/declare-a-product.md").read_text(), re.DOTALL)


def test_the_test_of_the_page_passes_on_its_module(tmp_path: Path) -> None:
    (tmp_path / "tunnels.py").write_text(MODULE)
    (tmp_path / "test_tunnels.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text(INI)

    result = run_pytest(tmp_path)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "1 passed" in result.stdout
