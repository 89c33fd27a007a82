"""Four products that use each other, as they are written for orchestrator-core."""

from pathlib import Path

OLD = Path(__file__).parents[1] / "cli" / "old_family"
"""The files; their names end with ``.old``, because no tool of ours can read what they import."""


def write_family(folder: Path) -> Path:
    """Write the files into the folder, and return it."""
    for source in OLD.rglob("*.old"):
        target = folder / source.relative_to(OLD).with_suffix("")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """The content of each file in the folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.py")}
