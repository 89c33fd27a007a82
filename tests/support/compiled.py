"""Lets SQLAlchemy compile a statement once for all engines of a test run: every test has a new engine."""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.util import LRUCache

STATEMENTS = 2_000
"""More than the product has, so that none is compiled twice."""


class _CompiledStatements(LRUCache[Any, Any]):
    """The cache of an engine, but the first part of its key is the kind of the dialect instead of the dialect.

    The dialects of a run differ in nothing that a statement depends on: they have the same driver and server.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        """The compiled statement."""
        return super().get(_common(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_common(key), value)


def _common(key: Any) -> Any:
    dialect, *rest = key
    return (dialect.name, dialect.driver, dialect.server_version_info, *rest)


def share_compiled_statements() -> None:
    """Give all engines of this process the same cache."""
    statements = _CompiledStatements(STATEMENTS)
    Engine._compiled_cache = property(lambda _: statements, lambda _, own: None)  # type: ignore[assignment]
