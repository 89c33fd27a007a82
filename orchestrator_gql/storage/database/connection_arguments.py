"""The arguments with which every connection to PostgreSQL is opened, in a pool or outside."""

from typing import Any

from sqlalchemy import make_url

CONNECTION = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""In seconds, the last value in milliseconds: a machine that vanished silently is noticed within half a minute. Without
these settings the kernel would wait for hours."""

NAME = "orchestrator-gql"
"""The first word of the name by which PostgreSQL shows our connections."""


def connection_arguments(url: str, name: str = NAME) -> dict[str, Any]:
    """The keyword arguments of psycopg's `connect` for the URL; what the URL says replaces our own.

    ``name`` is a fallback: an `application_name` in the URL, also in its `options`, and PGAPPNAME replace it."""
    parsed = make_url(url)
    _, arguments = parsed.get_dialect()().create_connect_args(parsed)
    has_name = "application_name" in str(arguments.get("options", ""))  # PostgreSQL would prefer our name to it
    return {**CONNECTION, **({} if has_name else {"fallback_application_name": name}), **arguments}
