"""Refuses to build a package without the dashboard; an editable install goes on without it."""

import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = "frontend-example/dist"
HOW = "Run `make dashboard` (it needs Node 20), and build again."


class DashboardHook(BuildHookInterface[Any]):
    """What hatchling runs before it builds a source distribution or a wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """End the build with one sentence if a file of the dashboard is missing."""
        del build_data
        if version != "editable" and (missing := missing_file(Path(self.root) / BUILT)):
            self.app.abort(f"A package carries the dashboard, and {BUILT}/{missing} is missing. {HOW}")


def missing_file(built: Path) -> str | None:
    """The first file of the built dashboard that is not there: its document, or a file that the document names."""
    document = built / "index.html"
    page = document.read_text(encoding="utf-8") if document.is_file() else ""
    scripts = re.findall(r'(?:src|href)="(?:\./)?([^"/:][^":]*)"', page)
    if not scripts:  # an empty document, such as that of a build that was interrupted
        return document.name
    return next((name for name in [*scripts, "graphiql/graphiql.js"] if not (built / name).is_file()), None)
