"""Lets a test run share what every server and client would make again: statements, schemas and certificates."""

import functools
from typing import Any

import strawberry
from httpx._transports import default as httpx_transports
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache

from orchestrator_gql.graphql import app
from orchestrator_gql.graphql.schema import NOTHING, build_schema
from orchestrator_gql.utils.json.redaction import Redactor

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
    """Give all database engines of this process the same cache: SQLAlchemy's own belongs to one engine."""
    statements = _CompiledStatements(STATEMENTS)
    Engine._compiled_cache = property(lambda _: statements, lambda _, own: None)  # type: ignore[assignment]


def share_schemas() -> None:
    """Give all servers of this process with the same settings the same GraphQL schema: it keeps nothing of a server."""
    schemas = dict[Any, strawberry.Schema]()

    def build_once(*, is_development: bool = True, redact: Redactor = NOTHING) -> strawberry.Schema:
        words = redact._words
        pattern = words._pattern.pattern if words._pattern else None
        key = (is_development, words._names, words._exact, pattern, redact._stretch)
        if key not in schemas:
            schemas[key] = build_schema(is_development=is_development, redact=redact)
        return schemas[key]

    app.build_schema = build_once  # type: ignore[attr-defined,assignment]


def share_certificates() -> None:
    """Give all clients of this process with the same options the same TLS context.

    `httpx.get` makes a client for each request, and each client reads all certificates, which takes 20 ms.
    """
    make = httpx_transports.create_ssl_context  # type: ignore[attr-defined]
    httpx_transports.create_ssl_context = functools.cache(make)  # type: ignore[attr-defined]
