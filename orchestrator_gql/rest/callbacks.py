"""The plain-REST shim for remote services: ``POST …/callback/{token}``, with ``/progress`` and ``/fail`` behind it."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import wraps
from typing import TypeAlias
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from orchestrator_gql.callbacks.external_ids import LONGEST
from orchestrator_gql.callbacks.progress import Report, read_report
from orchestrator_gql.callbacks.rules import Delivery, Receipt, without_token
from orchestrator_gql.callbacks.signature import Proof
from orchestrator_gql.commands.callback_deliveries import receive_delivery, receive_failure, receive_report
from orchestrator_gql.engine.callbacks.deliveries import DRY_RUN, Address, aside
from orchestrator_gql.engine.callbacks.service_auth import demand_service
from orchestrator_gql.reads.callbacks import is_address
from orchestrator_gql.rest.bodies import Body, is_json, is_plain, media_type, read_body
from orchestrator_gql.rest.guess_limiter import Misses, missed, peer_of
from orchestrator_gql.rest.problems import problem, problem_of
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.types import AttemptOutcome, Json
from orchestrator_gql.utils.errors import (
    CallbackUnknown,
    FieldError,
    Invalid,
    NotJson,
    OrchestratorError,
    PayloadInvalid,
    PayloadTooLarge,
    Unauthenticated,
    UnsupportedMediaType,
)
from orchestrator_gql.utils.json import read
from orchestrator_gql.utils.tokens import conceal

logger = logging.getLogger(__name__)

Answer: TypeAlias = Callable[[Request, Runtime, Address], Awaitable[Receipt]]
Find: TypeAlias = Callable[[Request, Runtime], Awaitable[Address]]
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

HEAD = 1024
"""Bytes that are kept of a body that cannot be a result."""


def callback_routes(runtime: Runtime) -> list[Route]:
    """The routes, each with and without a slash at its end: a redirect would turn a POST into a GET."""
    misses = Misses(runtime.settings.misses_per_minute)
    by_url, by_ref = "/api/processes/{process_id}/callback/{token}", "/api/callbacks/by-ref/{service}/{ref}"
    answers: tuple[tuple[str, Answer], ...] = (("", _result), ("/progress", _progress), ("/fail", _failure))
    doors: list[tuple[str, Find, Answer]] = [(by_url + end, _address, answer) for end, answer in answers]
    doors.append(("/api/processes/{process_id}/callback/{token:path}", _address, _nothing))
    doors += [(by_ref + end, _job, answer) for end, answer in answers]
    return [
        Route(path + slash, _answered(runtime, misses, find, answer), methods=["POST"])
        for path, find, answer in doors
        for slash in ("", "/")
    ]


def _answered(runtime: Runtime, misses: Misses, find: Find, answer: Answer) -> Endpoint:
    """An endpoint that answers with a receipt or a problem, and to a peer that guesses with nothing but 429."""

    @wraps(answer)
    async def endpoint(request: Request) -> Response:
        try:
            address = await find(request, runtime)
            receipt = await _concealing(answer(request, runtime, address), address.token)
        except (CallbackUnknown, Unauthenticated) as unknown:
            return missed(request, misses, unknown)
        except OrchestratorError as refused:
            logger.warning("a delivery was refused", extra={"code": refused.code})
            return _contract_problem(refused)
        told = _told(receipt, address, is_result=answer is not _progress)
        return JSONResponse(told, 202 if receipt.is_unclaimed else 200)

    return endpoint


async def _concealing(answer: Awaitable[Receipt], token: str) -> Receipt:
    """The receipt; a refusal names places by the sender's own names, and one of them may be its token."""
    try:
        return await answer
    except Invalid as refused:
        refused.message, refused.errors = conceal(refused.message, (token,)), without_token(refused.errors, token)
        raise


def _told(receipt: Receipt, address: Address, *, is_result: bool) -> dict[str, Json]:
    """What a sender is told; there is nothing to ask later about a report or a dry run, so they have no receipt."""
    told: dict[str, Json] = {"status": "unclaimed" if receipt.is_unclaimed else "accepted"}
    if is_result and receipt.receipt != DRY_RUN:
        told = {"receipt": receipt.receipt, **told}
    if receipt.is_duplicate:
        told["duplicate"] = True
    if address.is_dry_run:
        told["dryRun"] = True
    return told


async def _result(request: Request, runtime: Runtime, address: Address) -> Receipt:
    delivery, address = await _read_delivery(request, runtime, address)
    return await receive_delivery(runtime, address, delivery)


async def _failure(request: Request, runtime: Runtime, address: Address) -> Receipt:
    delivery, address = await _read_delivery(request, runtime, address)
    if delivery.refusal is not None:
        return await receive_delivery(runtime, address, delivery)
    return await receive_failure(runtime, address, delivery.payload, delivery.body, peer_of(request))


async def _progress(request: Request, runtime: Runtime, address: Address) -> Receipt:
    body = await read_body(request, runtime.settings.max_callback_bytes)
    address = _proven(request, runtime, address, body)
    is_text = is_plain(request) and media_type(request) == "text/plain"
    _demand_readable(body, runtime, is_right=is_text or is_json(request))
    report = await aside(body.size, lambda: _text(body.content) if is_text else read_report(read(body.content)))
    return await receive_report(runtime, address, report)


async def _nothing(_request: Request, _runtime: Runtime, _address: Address) -> Receipt:
    """What stands behind no token: a text with a slash in it is none."""
    raise CallbackUnknown


def _delivery(request: Request, body: Body) -> Delivery:
    """The letter in the body, or why there is none in it; the mailbox judges either."""
    refusal, kept, errors = _unreadable(request, body), HEAD, tuple[FieldError, ...]()
    if refusal is None:
        try:
            return Delivery.of(read(body.content), body.content, peer=peer_of(request))
        except PayloadInvalid as wrong:
            refusal, errors = (AttemptOutcome.MALFORMED, wrong.message), wrong.errors
            kept = HEAD if isinstance(wrong, NotJson) else body.size  # what is JSON can still be adopted
    outcome, error = refusal
    return Delivery.unread(
        body.content,
        outcome,
        error,
        size=body.size,
        kept=kept,
        media_type=media_type(request),
        peer=peer_of(request),
        errors=errors,
    )


async def _read_delivery(request: Request, runtime: Runtime, address: Address) -> tuple[Delivery, Address]:
    """The delivery of a request, and the address with the proof that came with it."""
    body = await read_body(request, runtime.settings.max_callback_bytes)
    return await aside(body.size, lambda: (_delivery(request, body), _proven(request, runtime, address, body)))


def _proven(request: Request, runtime: Runtime, address: Address, body: Body) -> Address:
    """The address with what the sender showed; `Unauthenticated` where a job's name is all that it has."""
    proof = Proof.of(request.headers, body.content)
    if address.ref is not None:
        demand_service(runtime, address.service, proof, address.peer)
    return replace(address, proof=proof)


def _unreadable(request: Request, body: Body) -> tuple[AttemptOutcome, str] | None:
    if body.is_cut:
        return AttemptOutcome.TOO_LARGE, "The body is larger than the limit."
    if not is_json(request):
        return AttemptOutcome.UNSUPPORTED_TYPE, _WRONG_TYPE
    return None


_WRONG_TYPE = "Send the result as application/json, uncompressed."


def _demand_readable(body: Body, runtime: Runtime, *, is_right: bool) -> None:
    if body.is_cut:
        raise PayloadTooLarge(runtime.settings.max_callback_bytes)
    if not is_right:
        raise UnsupportedMediaType(_WRONG_TYPE)


def _text(content: bytes) -> Report:
    return read_report(content.decode("utf-8", "replace").replace("\x00", "\ufffd"))


def _contract_problem(error: OrchestratorError) -> Response:
    """A body that breaks the contract is 422: it was read, and found to be something else than what is expected."""
    if isinstance(error, PayloadInvalid) and error.is_contract:
        places = [{"pointer": e.pointer, "detail": e.message, "type": e.type} for e in error.errors]
        return problem(422, "Contract broken", error.code, error.message, errors=places)
    return problem_of(error)


async def _address(request: Request, runtime: Runtime) -> Address:
    """The address in the path, before a byte of the body is read; a process id that is none is as unknown as any."""
    token = request.path_params["token"]
    try:
        process_id = UUID(request.path_params["process_id"])
    except ValueError:
        raise CallbackUnknown from None
    if not await is_address(runtime, process_id, token):
        raise CallbackUnknown
    return Address(token, process_id, is_dry_run=_is_dry_run(request), peer=peer_of(request))


async def _job(request: Request, runtime: Runtime) -> Address:
    """The service and its name for the job; a wrong credential is refused before a byte of the body is read."""
    named, ref = request.path_params["service"], request.path_params["ref"]
    service, peer = runtime.settings.services.get(named), peer_of(request)
    if service is None or not service.signature_keys:
        demand_service(runtime, named, Proof.of(request.headers, b""), peer)
    if len(ref) > LONGEST or "\0" in ref:
        raise CallbackUnknown
    return Address(is_dry_run=_is_dry_run(request), service=named, ref=ref, peer=peer)


_WISHES = {"true": True, "1": True, "false": False, "0": False}


def _is_dry_run(request: Request) -> bool:
    """What the query says, however it spells it: a wish to change nothing that is misread would use up the URL."""
    query = request.query_params.multi_items()
    wishes = {_WISHES.get(wish) for name, wish in query if name.replace("_", "").replace("-", "").lower() == "dryrun"}
    if len(wishes) > 1 or None in wishes:
        raise Invalid("Say dryRun=true, or leave it out.")
    return True in wishes
