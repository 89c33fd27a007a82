"""The Python files of the package, for tests of the architecture."""

from pathlib import Path

import orchestrator_gql

PACKAGE = Path(orchestrator_gql.__file__).parent
ROOT = PACKAGE.parent


def modules() -> list[Path]:
    """Every Python file of the package except migrations, which never change once written."""
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "versions" not in path.parts]


def dotted(path: Path) -> str:
    """The dotted name by which a file is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
