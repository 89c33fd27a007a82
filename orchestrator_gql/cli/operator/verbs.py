"""The verbs that help a process on, each one mutation."""

import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from orchestrator_gql.cli.client import OperationRefused, VerbRefused
from orchestrator_gql.cli.operator.show import found
from orchestrator_gql.cli.operator.times import moment
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.errors import PayloadInvalid
from orchestrator_gql.utils.json import Json, read

NODE = """\
query Node($id: ID!) { node(id: $id) { __typename ... on Callback { process { id } } } }
"""
OPEN = ("PENDING", "EXPIRED", "HEARTBEAT_LOST", "FAILED_BY_REMOTE", "REJECTED")
"""A callback of which an operator may speak, in this order of likeliness."""


def retry(url: str, id: UUID) -> None:
    """Retry the process, and print where it stands."""
    _act(url, "retryProcess", processId=str(id))


def abort(url: str, id: UUID, reason: str | None) -> None:
    """Abort the process, and print where it stands."""
    _act(url, "abortProcess", processId=str(id), reason=reason)


def reissue(url: str, id: UUID, reason: str | None) -> None:
    """Issue the callback again."""
    _act(url, "reissueCallback", callbackId=_callback_of(url, id), reason=reason)


def reawait(url: str, id: UUID, seconds: float, reason: str | None) -> None:
    """Wait longer for the callback."""
    _act(url, "reawaitCallback", callbackId=_callback_of(url, id), timeoutSeconds=seconds, reason=reason)


def complete(url: str, id: UUID, result: Path, reason: str) -> None:
    """Type in the callback's result from the file, or from standard input."""
    _act(url, "completeCallback", callbackId=_callback_of(url, id), result=_read(result), reason=reason)


def adopt(url: str, id: UUID, reason: str) -> None:
    """Adopt the delivery, or the one of the process that can be adopted."""
    _act(url, "adoptCallbackAttempt", attemptId=_attempt_of(url, id), reason=reason)


def _act(url: str, name: str, **given: Json) -> None:
    document = f"""mutation Act($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ __typename
      ... on ProcessActionSuccess {{ process {{ id status }} }}
      ... on PayloadInvalidError {{ errors {{ pointer message }} }}
      ... on ConflictError {{ by {{ name }} at }}
      ... on UserError {{ message }} }} }}"""
    said = request(url, document, {"input": {key: value for key, value in given.items() if value is not None}})[name]
    if said["__typename"] != "ProcessActionSuccess":
        raise VerbRefused(printable(print_result(said)))
    print(printable(f"{said['process']['id']} is {said['process']['status']}"))


def print_result(said: dict[str, Any]) -> str:
    """A typed refusal as a sentence: what is wrong and where, or who was first and when."""
    places = "; ".join(f"{one['pointer']}: {one['message']}" for one in said.get("errors", ()))
    by = f"by {said['by']['name']}" if said.get("by") else ""
    at = f"at {moment(said['at'])}" if said.get("at") else ""
    first = f"({' '.join(filter(None, (by, at)))})" if by or at else ""
    return " ".join(filter(None, (said["message"], places, first)))


def _callback_of(url: str, id: UUID) -> str:
    """The callback that is meant: itself, or the one of the process that an operator may speak of."""
    node = request(url, NODE, {"id": str(id)})["node"]
    if node and node["__typename"] == "Callback":
        return str(id)
    callbacks = found(url, id)["callbacks"]
    latest = {callback["name"]: callback for callback in callbacks}
    for status in OPEN:
        meant = [callback for callback in latest.values() if callback["status"] == status]
        if len(meant) == 1:
            return str(meant[0]["id"])
        if meant:
            listed = ", ".join(f"{one['id']} ({one['name']})" for one in meant)
            raise OperationRefused(printable(f"It has several: name one of {listed}."))
    if callbacks:
        return str(callbacks[-1]["id"])
    raise VerbRefused(f"The process {id} has no callback.")


def _attempt_of(url: str, id: UUID) -> str:
    """The delivery that is meant: itself, or the only one of the process that can be adopted."""
    node = request(url, NODE, {"id": str(id)})["node"]
    if node and node["__typename"] == "CallbackAttempt":
        return str(id)
    attempts = [one for callback in found(url, id)["callbacks"] for one in callback["attempts"]["nodes"]]
    meant = [attempt for attempt in attempts if attempt["isAdoptable"]]
    if len(meant) == 1:
        return str(meant[0]["id"])
    if not meant:
        raise VerbRefused(f"The process {id} has no delivery that can be adopted.")
    listed = ", ".join(f"{one['id']} ({one['outcome']})" for one in meant)
    raise OperationRefused(printable(f"Several can be adopted: name one of {listed}."))


def _read(file: Path) -> Json:
    try:
        return read(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
    except OSError as wrong:
        raise OperationRefused(f"{file} cannot be read: {wrong.strerror}.") from None
    except PayloadInvalid as wrong:
        raise OperationRefused(f"{file}: {wrong.message}") from None
