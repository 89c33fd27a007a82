"""Lets the pages of the allowed origins call the GraphQL endpoint over HTTP, by the CORS protocol of browsers."""

from collections.abc import Collection

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

SENT = ("Authorization", "Content-Type", "Last-Event-ID", "traceparent")
"""The headers that a client may send."""

SHOWN = ("Retry-After",)
"""The headers of a response that the page may read."""

SECONDS_OF_PERMISSION = 600
"""A browser asks again whether a page may send requests after this time."""


def with_cors(graphql: ASGIApp, origins: Collection[str]) -> ASGIApp:
    """The endpoint, or a refusal of it, for requests also from pages of these origins; without any it is unchanged.

    A page must send its token itself: the browser sends no cookies to another origin, because credentials are not
    allowed.
    """
    if not origins:
        return graphql
    return CORSMiddleware(
        graphql,
        allow_origins=tuple(origins),
        allow_methods=("GET", "POST"),
        allow_headers=SENT,
        expose_headers=SHOWN,
        max_age=SECONDS_OF_PERMISSION,
    )
