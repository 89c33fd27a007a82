"""Serves files that a build wrote, with the compressed copies that the build put beside them."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from orchestrator_gql.utils.quality_values import quality_values

ENDINGS = {"br": ".br", "gzip": ".gz"}
"""The ending of the compressed copy of a file, by encoding; the smallest copy comes first."""


class BuiltFiles(StaticFiles):
    """The files of a folder; all responses have the same additional headers."""

    def __init__(self, *, directory: str, headers: dict[str, str]) -> None:
        super().__init__(directory=directory)
        self._headers = headers

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The smallest copy that the client accepts; raises `HTTPException` for an unknown file."""
        accepted = dict(quality_values(Headers(scope=scope).get("accept-encoding", "")))
        for encoding, ending in ENDINGS.items():
            if not accepted.get(encoding):
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
