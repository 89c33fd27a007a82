"""The mutations of the operator's verbs, and the sentences about their refusals."""

from collections.abc import Mapping
from typing import Any

import httpx

from orchestrator_gql.cli.client import VerbRefused
from orchestrator_gql.cli.operator.requests import claimed
from orchestrator_gql.cli.operator.times import moment
from orchestrator_gql.cli.places import input_error
from orchestrator_gql.cli.request import request, request_async
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.json import Json


def mutate(url: str, name: str, success: str, given: Mapping[str, Json]) -> dict[str, Any]:
    """The fields of ``success``, a type with its fields, after the mutation; raises `VerbRefused` if it is refused.

    ``given`` is the input of the mutation; None is sent as null, which is a result like others.
    """
    return succeeded(request(url, *_operation(name, success, given))[name])


async def mutate_async(
    http: httpx.AsyncClient, url: str, name: str, success: str, given: Mapping[str, Json]
) -> dict[str, Any]:
    """As `mutate`, on an event loop, over a connection that stays open."""
    return succeeded((await request_async(url, *_operation(name, success, given), http=http))[name])


def _operation(name: str, success: str, given: Mapping[str, Json]) -> tuple[str, dict[str, Json]]:
    """The document of the mutation, and its variables."""
    document = f"""mutation Act($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ __typename
      ... on {success}
      ... on PayloadInvalidError {{ errors {{ pointer message }} }}
      ... on ConflictError {{ by {{ name }} at }}
      ... on UserError {{ code message }} }} }}"""
    return document, {"input": {**given}}


def succeeded(response: dict[str, Any]) -> dict[str, Any]:
    """The response of a mutation; raises `VerbRefused` if it is a refusal."""
    if not response["__typename"].endswith("Success"):
        raise verb_refusal(response)
    return response


def verb_refusal(response: dict[str, Any]) -> VerbRefused:
    """The error for a typed refusal: which fields are wrong, who was first and when, which process is in the way."""
    words = [response["message"], "; ".join(map(input_error, response.get("errors") or ()))]
    if response.get("code") == "CLAIMED_BY_OTHER":
        words.append(claimed({"claimedBy": response.get("by"), "claimedAt": response.get("at")}, "({})"))
    elif response.get("by") or response.get("at"):
        words.append(_who_and_when(response))
    elif response.get("code") == "STALE_VERSION":
        words.append("Nothing was decided: look at the form again, then decide.")
    words.append(_in_the_way(response))
    return VerbRefused(printable(" ".join(filter(None, words))))


def _who_and_when(response: dict[str, Any]) -> str:
    """`(by Ada at …)` of a refusal: the person who was first and the time; without what its message already says."""
    message, by, at = response["message"], response.get("by"), response.get("at")
    who = f"by {by['name']}" if by and by["name"] not in message else ""
    when = f"at {moment(at)}" if at and moment(at) not in message else ""
    return f"({' '.join(filter(None, (who, when)))})" if who or when else ""


def _in_the_way(response: dict[str, Any]) -> str:
    """`(process …)` of a refusal: the process that is in the way; empty if its message already names the process."""
    process = response.get("conflictingProcess")
    return f"(process {process['id']})" if process and process["id"] not in response["message"] else ""
