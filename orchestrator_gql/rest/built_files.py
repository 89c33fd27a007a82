"""Serves files that a build wrote, with the compressed copies that the build put beside them."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ENDINGS = {"br": ".br", "gzip": ".gz"}
"""The ending of the compressed copy of a file, by encoding; the smallest copy comes first."""


class BuiltFiles(StaticFiles):
    """The files of a folder; all responses have the same additional headers."""

    def __init__(self, *, directory: str, headers: dict[str, str]) -> None:
        super().__init__(directory=directory)
        self._headers = headers

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The smallest copy that the client accepts; raises `HTTPException` for an unknown file."""
        accepted = accepted_encodings(Headers(scope=scope).get("accept-encoding", ""))
        for encoding, ending in ENDINGS.items():
            if encoding not in accepted:
                continue
            try:
                response = await super().get_response(path + ending, scope)
            except HTTPException:
                continue  # a small file has no compressed copy
            if response.status_code != 304:
                response.headers["Content-Encoding"] = encoding
            return self._completed(response)
        return self._completed(await super().get_response(path, scope))

    def _completed(self, response: Response) -> Response:
        response.headers.update(self._headers)
        # Also without a compressed copy: a cache in between must not hand a copy to a client that cannot read it.
        response.headers.add_vary_header("Accept-Encoding")
        return response


def accepted_encodings(header: str) -> frozenset[str]:
    """The content encodings that a client accepts (RFC 9110, section 12.5.3).

    >>> sorted(accepted_encodings("gzip;q=0.5, BR , deflate;q=0"))
    ['br', 'gzip']
    """
    accepted = set[str]()
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((value.strip() for key, _, value in (p.partition("=") for p in parameters) if key == "q"), "1")
        if name and weight.strip("0."):  # "0", "0.0" and "0.000" mean: not acceptable
            accepted.add(name)
    return frozenset(accepted)
