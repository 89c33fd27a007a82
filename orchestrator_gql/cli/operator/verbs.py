"""The verbs that repair a process; each verb is one mutation."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from orchestrator_gql.cli.client import OperationRefused, VerbRefused
from orchestrator_gql.cli.operator.mutations import mutate, mutate_async
from orchestrator_gql.cli.operator.show import load_process
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.errors import PayloadInvalid
from orchestrator_gql.utils.json import Json, read

NODE = """\
query Node($id: ID!) { node(id: $id) { __typename ... on Callback { process { id } } } }
"""
ACTED = "ProcessActionSuccess { process { id status } }"
REPAIRABLE = ("PENDING", "EXPIRED", "HEARTBEAT_LOST", "FAILED_BY_REMOTE", "REJECTED")
"""The statuses of a callback that an operator may mean."""


def retry(url: str, id: UUID, *, is_json: bool = False) -> None:
    """Retry the process, and print its status."""
    _act(url, "retryProcess", is_json, processId=str(id))


def continue_now(url: str, id: UUID, reason: str, *, is_json: bool = False) -> None:
    """Let the process go on before its time, and print its status."""
    _act(url, "continueProcess", is_json, processId=str(id), reason=reason)


def abort(url: str, id: UUID, reason: str | None, *, is_json: bool = False) -> None:
    """Abort the process, and print its status."""
    _act(url, "abortProcess", is_json, processId=str(id), reason=reason)


def reissue(url: str, id: UUID, name: str | None, reason: str | None, *, is_json: bool = False) -> None:
    """Issue the callback again, with a fresh URL."""
    _act(url, "reissueCallback", is_json, callbackId=_callback_of(url, id, name), reason=reason)


def reawait(url: str, id: UUID, name: str | None, seconds: float, reason: str | None, *, is_json: bool = False) -> None:
    """Wait ``seconds`` longer for the callback."""
    _act(url, "reawaitCallback", is_json, callbackId=_callback_of(url, id, name), timeoutSeconds=seconds, reason=reason)


def complete(url: str, id: UUID, name: str | None, result: Path, reason: str, *, is_json: bool = False) -> None:
    """Complete the callback with the JSON of the file, or of standard input if ``result`` is ``-``."""
    _act(url, "completeCallback", is_json, callbackId=_callback_of(url, id, name), result=_read(result), reason=reason)


def adopt(url: str, id: UUID, reason: str, *, is_json: bool = False) -> None:
    """Adopt the delivery with this id, or the only adoptable delivery of the process with this id."""
    _act(url, "adoptCallbackAttempt", is_json, attemptId=_attempt_of(url, id), reason=reason)


def _act(url: str, name: str, is_json: bool, **variables: Json) -> None:
    process = mutate(url, name, ACTED, variables)["process"]
    print(json.dumps(process) if is_json else printable(f"{process['id']} is {process['status']}"))


async def act_async(http: httpx.AsyncClient, url: str, name: str, **variables: Json) -> dict[str, Any]:
    """The id and the status of the process after the mutation, on an event loop; raises `VerbRefused` if refused."""
    process: dict[str, Any] = (await mutate_async(http, url, name, ACTED, variables))["process"]
    return process


def _callback_of(url: str, id: UUID, name: str | None) -> str:
    """The id of the callback: ``id`` itself, or the callback of the process that has this name, or the only one that
    may be meant. Among several callbacks of a step nothing is guessed: a result must not go to another router."""
    node = request(url, NODE, {"id": str(id)})["node"]
    if node and node["__typename"] == "Callback":
        return str(id)
    callbacks = load_process(url, id)["callbacks"]
    if not callbacks:
        raise VerbRefused(f"The process {id} has no callback.")
    last_step = callbacks[-1]["step"]["index"]
    latest = {callback["name"]: callback for callback in callbacks if callback["step"]["index"] == last_step}
    if name is not None:
        if name not in latest:
            raise OperationRefused(printable(f"No callback has the name {name!r}: {_names(latest)}."))
        return str(latest[name]["id"])
    matches = [callback for callback in latest.values() if callback["status"] in REPAIRABLE]
    if len(matches) > 1:
        listed = ", ".join(f"{callback['name']} ({callback['status']})" for callback in matches)
        raise OperationRefused(printable(f"The step has several callbacks: give --name with one of {listed}."))
    return str((matches or callbacks)[-1]["id"])


def _names(latest: Mapping[str | None, Any]) -> str:
    names = [name for name in latest if name is not None]
    return f"they are {', '.join(names)}" if names else "the step has one callback, and it has no name"


def _attempt_of(url: str, id: UUID) -> str:
    """The id of the delivery: ``id`` itself, or the only adoptable delivery of the process."""
    node = request(url, NODE, {"id": str(id)})["node"]
    if node and node["__typename"] == "CallbackAttempt":
        return str(id)
    attempts = [attempt for callback in load_process(url, id)["callbacks"] for attempt in callback["attempts"]["nodes"]]
    matches = [attempt for attempt in attempts if attempt["isAdoptable"]]
    if len(matches) == 1:
        return str(matches[0]["id"])
    if not matches:
        raise VerbRefused(f"The process {id} has no delivery that can be adopted.")
    listed = ", ".join(f"{attempt['id']} ({attempt['outcome']})" for attempt in matches)
    raise OperationRefused(printable(f"Several deliveries can be adopted: give one of {listed}."))


def _read(file: Path) -> Json:
    try:
        text = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return read(text, name="The text")
    except OSError as error:
        raise OperationRefused(
            f"{printable(str(file))} cannot be read: {error.strerror}. --result names a file with the JSON, "
            "or is - for standard input."
        ) from None
    except PayloadInvalid as error:
        raise OperationRefused(printable(f"{file}: {error.message}")) from None
