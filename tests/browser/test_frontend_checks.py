"""The dashboard's own checks: its types, its unit tests, and that its generated types fit the schema."""

import os
import shutil
import subprocess

import pytest
from support.command_line import SECONDS
from support.dashboard_page import FRONTEND

CHECKS = {
    "types": ("tsc", "--noEmit"),
    "unit tests": ("vitest", "run", "--reporter=dot"),
    "types generated from the schema": ("graphql-codegen", "--check"),
}


@pytest.mark.parametrize("name", CHECKS)
def test_the_dashboards_own_check_passes(name: str) -> None:
    program, *arguments = CHECKS[name]
    if shutil.which("npm") is None:
        pytest.fail("Node.js with npm is missing: the dashboard is checked with it. Install Node 20 or later.")
    environment = {**os.environ, "NO_COLOR": "1", "CI": "1"}
    command = [str(FRONTEND / "node_modules" / ".bin" / program), *arguments]
    checked = subprocess.run(
        command, cwd=FRONTEND, env=environment, capture_output=True, text=True, timeout=5 * SECONDS, check=False
    )

    assert checked.returncode == 0, f"{checked.stdout}\n{checked.stderr}"
