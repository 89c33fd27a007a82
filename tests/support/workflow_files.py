"""The modules of workflows that servers of tests offer."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
IMPORT = re.compile(r"^from support\.(\w+) import ", re.MULTILINE)


def copy_workflows(folder: Path, *names: str) -> Path:
    """Copy modules of the browser's tests, and what they import from ``support``, into the folder of a server."""
    for name in names:
        source = TESTS / "browser" / f"{name}.py"
        (folder / source.name).write_bytes(source.read_bytes())
        for imported in IMPORT.findall(source.read_text()):
            (folder / "support").mkdir(exist_ok=True)
            needed = TESTS / "support" / f"{imported}.py"
            (folder / "support" / needed.name).write_bytes(needed.read_bytes())
    return folder
