"""`orchestrator-gql pause` and `resume`: stop or let the engine start steps."""

import json
import sys
from typing import Any

from orchestrator_gql.cli.catalog import PROGRAM
from orchestrator_gql.cli.client import OperationRefused
from orchestrator_gql.cli.operator.times import moment
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable

DESCRIBED = "state reason changedAt changedBy { name } runningSteps queuedProcesses"
"""The fields of the engine that `summary` describes."""

DOCUMENT = f"""\
mutation SetEngineState($input: SetEngineStateInput!) {{
  setEngineState(input: $input) {{
    __typename
    ... on SetEngineStateSuccess {{ engine {{ {DESCRIBED} }} }}
    ... on UserError {{ message }}
  }}
}}
"""


def set_engine(url: str, *, paused: bool, reason: str | None = None, is_json: bool = False) -> None:
    """Pause or resume the engine and print its new state; raises `OperationRefused` if the server refuses.

    If the engine was in this state already, a line on stderr says that the reason was not stored.
    """
    response = request(url, DOCUMENT, {"input": {"paused": paused, "reason": reason}})["setEngineState"]
    if response["__typename"] != "SetEngineStateSuccess":
        raise OperationRefused(printable(response["message"]))
    engine = response["engine"]
    print(json.dumps(engine) if is_json else printable(summary(engine)), flush=True)
    if reason is not None and (reason.replace("\x00", "\ufffd").strip() or None) != engine["reason"]:
        before = "was paused already: who, when and why stay as they are" if paused else "ran already"
        print(f"{PROGRAM}: The engine {before}. The new reason was not stored.", file=sys.stderr)


def summary(engine: dict[str, Any]) -> str:
    """The engine's state in one line: since when, by whom, why, and how many steps run and processes wait."""
    changed = ""
    if engine["changedAt"]:
        by = f" by {engine['changedBy']['name']}" if engine["changedBy"] else ""
        changed = f" since {moment(engine['changedAt'])}{by}"
    why = f": {engine['reason']}" if engine["reason"] else ""
    running, waiting = _count(engine["runningSteps"], "step"), _count(engine["queuedProcesses"], "process", "es")
    return f"The engine is {engine['state']}{changed}{why} ({running} running, {waiting} waiting)"


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number:,} {noun}{'' if number == 1 else plural}"
