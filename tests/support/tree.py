"""The package as files."""

from pathlib import Path

import orchestrator_gql

PACKAGE = Path(orchestrator_gql.__file__).parent
ROOT = PACKAGE.parent


def modules() -> list[Path]:
    """Every Python file of the package, but for migrations: those are written once and never tended."""
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "versions" not in path.parts]


def dotted(path: Path) -> str:
    """A file's name as it is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
