"""Runs pytest as an author of workflows has it: with pytest-asyncio, without the other plugins of our development.

Those take two seconds of CPU to import.
"""

import os
import subprocess
import sys
from pathlib import Path

COMMAND = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin")
ONLY_NAMED = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""The variable by which pytest loads only plugins that its command names."""


def run_pytest(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the tests of the folder to their end; its output is text."""
    environment = os.environ | ONLY_NAMED
    return subprocess.run(
        COMMAND, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
