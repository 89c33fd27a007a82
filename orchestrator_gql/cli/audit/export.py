"""`orchestrator-gql audit export`: write the audit log as lines of JSON to a file or to standard output."""

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

import httpx

from orchestrator_gql.cli.certificates import trusted
from orchestrator_gql.cli.client import (
    ConnectionFailed,
    OperationRefused,
    authorization,
    not_opened,
    not_signed_in,
    unreachable,
)
from orchestrator_gql.cli.credentials import base_of
from orchestrator_gql.cli.signals import handling, leave_block
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.errors import OrchestratorError

SECONDS = 60.0
"""Timeout for the next line, not for the whole export."""

END = b'{"kind":"end",'


def export(url: str, *, output: Path | None = None, after: str | None = None) -> None:
    """Write the whole log, or the part after the cursor.

    Raises `ConnectionFailed` if the connection cannot be made or breaks, and `OperationRefused` if the server refuses
    or the file exists already. An incomplete file is removed.
    """
    base = base_of(url)
    address = f"{base}/api/audit/export"
    try:
        with (
            handling(leave_block),
            httpx.Client(trust_env=False, verify=trusted(base), timeout=SECONDS) as http,
            http.stream(
                "GET", address, params={"after": after} if after else None, headers=authorization()
            ) as response,
        ):
            if response.status_code != httpx.codes.OK:
                response.read()
                raise _refusal(url, response)
            if "json" not in response.headers.get("content-type", ""):
                raise not_opened(url, response.status_code, response.headers.get("location"))
            with _opened(output) if output else nullcontext(sys.stdout.buffer) as file:
                _write(response, file, output)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise unreachable(url, error) from error


def _opened(output: Path) -> BinaryIO:
    try:
        return os.fdopen(os.open(output, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
    except FileExistsError:
        raise OperationRefused(f"{str(output)!r} exists already: an export overwrites nothing.") from None
    except OSError as error:
        raise OperationRefused(f"{str(output)!r} cannot be written: {error.strerror}.") from None


def _write(response: httpx.Response, file: BinaryIO, output: Path | None) -> None:
    tail = b""
    try:
        for chunk in response.iter_bytes():
            file.write(chunk)
            tail = (tail + chunk)[-1000:]
        file.flush()
        if END not in tail:
            raise ConnectionFailed("The server broke off: the export is incomplete.")
    except BaseException:
        if output is not None:
            output.unlink(missing_ok=True)
        raise


def _refusal(url: str, response: httpx.Response) -> OrchestratorError:
    if response.status_code == httpx.codes.UNAUTHORIZED:
        return not_signed_in()
    try:
        detail = str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return not_opened(url, response.status_code, response.headers.get("location"))
    kind = ConnectionFailed if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR else OperationRefused
    return kind(printable(f"The server refused: {detail}"))
