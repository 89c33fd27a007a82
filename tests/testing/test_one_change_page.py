"""The examples of the documentation page about locks are tests, and pass exactly as they are printed."""

import re
import subprocess
import sys
from pathlib import Path

from test_kit_page import INI, ROOT

BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "docs/howto/one-change-per-device.md").read_text(), re.DOTALL)


def test_the_tests_of_the_page_pass_on_its_workflows(tmp_path: Path) -> None:
    (tmp_path / "test_page.py").write_text("\n\n".join(BLOCKS))
    (tmp_path / "pytest.ini").write_text(INI)
    command = [sys.executable, "-m", "pytest", "-q"]

    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "2 passed" in result.stdout
