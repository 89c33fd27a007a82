"""`orchestrator-gql audit export`: the whole audit log as lines of JSON, to a file or to whatever reads on."""

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

import httpx

from orchestrator_gql.cli.client import ConnectionFailed, OperationRefused, authorization, base_of, not_signed_in
from orchestrator_gql.cli.terminal import printable

SECONDS = 60.0
"""Patience for the next line, not for the whole."""

END = b'{"kind":"end",'


def export(url: str, *, output: Path | None = None, after: str | None = None) -> None:
    """Write the log behind the cursor, or all of it.

    Raises `ConnectionFailed` where the connection cannot be made or breaks, and `OperationRefused` where the server
    says no, or the file is there already. A file that could not be written to its end is removed.
    """
    address = f"{base_of(url)}/api/audit/export"
    try:
        with (
            httpx.Client(trust_env=False, timeout=SECONDS) as http,
            http.stream("GET", address, params={"after": after} if after else None, headers=authorization()) as said,
        ):
            if said.status_code != httpx.codes.OK:
                said.read()
                raise _refusal(said)
            with _opened(output) if output else nullcontext(sys.stdout.buffer) as file:
                _write(said, file, output)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ConnectionFailed(f"The server cannot be reached: {error or type(error).__name__}.") from error


def _opened(output: Path) -> BinaryIO:
    try:
        return os.fdopen(os.open(output, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
    except FileExistsError:
        raise OperationRefused(f"{str(output)!r} exists already: an export overwrites nothing.") from None
    except OSError as wrong:
        raise OperationRefused(f"{str(output)!r} cannot be written: {wrong.strerror}.") from None


def _write(said: httpx.Response, file: BinaryIO, output: Path | None) -> None:
    tail = b""
    try:
        for chunk in said.iter_bytes():
            file.write(chunk)
            tail = (tail + chunk)[-1000:]
        file.flush()
        if END not in tail:
            raise ConnectionFailed("The server broke off: the export is not whole.")
    except BaseException:
        if output is not None:
            output.unlink(missing_ok=True)
        raise


def _refusal(said: httpx.Response) -> OperationRefused | ConnectionFailed:
    if said.status_code == httpx.codes.UNAUTHORIZED:
        return not_signed_in()
    try:
        detail = str(said.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"it answered {said.status_code}"
    kind = ConnectionFailed if said.status_code >= httpx.codes.INTERNAL_SERVER_ERROR else OperationRefused
    return kind(printable(f"The server refused: {detail}"))
