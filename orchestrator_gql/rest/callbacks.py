"""The REST API for remote services: ``POST …/callback/{token}``, and ``/progress`` and ``/fail`` after it."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from orchestrator_gql.audit import origin
from orchestrator_gql.authentication.guess_limiter import GuessLimiter
from orchestrator_gql.callbacks.external_ids import LONGEST
from orchestrator_gql.callbacks.progress import Report, read_report
from orchestrator_gql.callbacks.rules import Delivery, Receipt, without_token
from orchestrator_gql.callbacks.signature import PROVING, Proof
from orchestrator_gql.commands.callback_deliveries import receive_delivery, receive_failure, receive_report
from orchestrator_gql.engine.callbacks.deliveries import (
    DRY_RUN,
    Address,
    copy_address,
    demand_known,
    in_thread_if_large,
)
from orchestrator_gql.engine.callbacks.service_auth import demand_service
from orchestrator_gql.rest.bodies import SOON, Body, FirstMessage, is_small, read_body
from orchestrator_gql.rest.client_address import peer_of
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
    StorageUnavailable,
    Unauthenticated,
)
from orchestrator_gql.utils.json import encode, read
from orchestrator_gql.utils.request_errors import UnsupportedMediaType
from orchestrator_gql.utils.tokens import conceal
from orchestrator_gql.utils.traces import read_traceparent

logger = logging.getLogger(__name__)

Handler: TypeAlias = Callable[[Request, Runtime, Address], Awaitable[Receipt]]
Find: TypeAlias = Callable[[Request, Runtime], Awaitable[Address]]
HEAD = 1024
"""The most bytes that are stored of a body that is not JSON."""


def callback_routes(runtime: Runtime, limiter: GuessLimiter) -> list[Route]:
    """The routes, each with and without a final slash: a redirect would turn a POST into a GET."""
    by_url, by_ref = "/api/processes/{process_id}/callback/{token}", "/api/callbacks/by-ref/{service}/{ref}"
    handlers: tuple[tuple[str, Handler], ...] = (("", _result), ("/progress", _progress), ("/fail", _failure))
    paths: list[tuple[str, Find, Handler]] = [(by_url + end, _address, handler) for end, handler in handlers]
    paths.append(("/api/processes/{process_id}/callback/{token:path}", _address, _unknown))
    paths += [(by_ref + end, _job, handler) for end, handler in handlers]
    return [
        Route(path + slash, _Endpoint(runtime, limiter, find, handler), methods=["POST"])
        for path, find, handler in paths
        for slash in ("", "/")
    ]


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """Responds with a receipt or a problem, and with 429 to a peer that guesses too often.

    It is an application, and not a function, around which Starlette would put functions of its own.
    """

    runtime: Runtime
    limiter: GuessLimiter
    find: Find
    handler: Handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to the request (ASGI 3)."""
        response = await self._response(Request(scope, receive))
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        runtime, limiter, find, handler = self.runtime, self.limiter, self.find, self.handler
        first = FirstMessage(request) if find is _address and _may_come_soon(request, runtime, limiter) else None
        try:
            if first is not None:
                await first.wait(SOON)
            if first is not None and first.whole_body is not None:
                address = _address_to_check(request)
            else:
                address = await find(request, runtime)
            if first is not None:
                request = Request(request.scope, first.receive)
            with origin.acting(address.peer, _method(runtime, address)):
                receipt = await _concealing(_known_first(handler(request, runtime, address), runtime, address), address)
        except (CallbackUnknown, Unauthenticated) as unknown:
            return problem_of(limiter.refusal(peer_of(request), unknown))
        except OrchestratorError as refused:
            facts = {"code": refused.code, "address": peer_of(request)}
            logger.warning("a delivery was refused", extra=facts | _target(request))
            return _contract_problem(refused)
        finally:
            if first is not None:
                first.forget()
        content = encode(_receipt_content(receipt, address, is_result=handler is not _progress))
        return Response(content, 202 if receipt.is_unclaimed else 200, media_type="application/json")


def _target(request: Request) -> dict[str, str]:
    """The process of a URL, or the service and the external id, for the log; never the token."""
    names = {"process_id": "process_id", "service": "service", "ref": "external_id"}
    return {names[name]: str(value) for name, value in request.path_params.items() if name in names}


def _method(runtime: Runtime, address: Address) -> str:
    """The API and the kind of the credential that the address demands, for the audit log."""
    if address.ref is None:
        return "rest/callback-token"
    return runtime.settings.services[address.service or ""].method


def _may_come_soon(request: Request, runtime: Runtime, limiter: GuessLimiter) -> bool:
    """True if the address may be checked by the transaction of the delivery, when the whole body comes soon.

    That saves a round trip of PostgreSQL. On SQLite guesses would take turns of the only writer. A peer that guessed
    is checked first, so that its guesses are neither parsed nor cost a transaction.
    """
    is_remote = runtime.database.dialect == "postgresql"
    is_plain = is_remote and not request.scope.get("query_string")
    return is_plain and is_small(request) and not limiter.has_missed(peer_of(request))


async def _known_first(handled: Awaitable[Receipt], runtime: Runtime, address: Address) -> Receipt:
    """The receipt. A wrong token has one answer, whatever else is wrong with the request: so the token is checked
    before any other error, unless it was checked already."""
    try:
        return await handled
    except (CallbackUnknown, StorageUnavailable):
        raise
    except Exception:
        if address.callback_id is None and address.process_id is not None:
            await demand_known(runtime, address.process_id, address.token)
        raise


async def _concealing(handled: Awaitable[Receipt], address: Address) -> Receipt:
    """The receipt; the token is removed from errors, which quote keys of the body."""
    token = address.token
    try:
        return await handled
    except Invalid as refused:
        refused.message, refused.errors = conceal(refused.message, (token,)), without_token(refused.errors, token)
        raise


def _receipt_content(receipt: Receipt, address: Address, *, is_result: bool) -> dict[str, Json]:
    """The body of the response; progress reports and dry runs have no receipt, because their status never changes."""
    content: dict[str, Json] = {"status": "unclaimed" if receipt.is_unclaimed else "accepted"}
    if is_result and receipt.receipt != DRY_RUN:
        content = {"receipt": receipt.receipt, **content}
    if receipt.is_duplicate:
        content["duplicate"] = True
    if address.is_dry_run:
        content["dryRun"] = True
    return content


async def _result(request: Request, runtime: Runtime, address: Address) -> Receipt:
    if address.callback_id is None and address.ref is None:  # the transaction checks the token; the body is small
        body = await read_body(request, runtime.settings.max_callback_bytes)
        read = partial(_delivery, body, address.peer)
        return await receive_delivery(runtime, _proven(request, runtime, address, body), read)
    delivery, address = await _read_delivery(request, runtime, address)
    return await receive_delivery(runtime, address, delivery)


async def _failure(request: Request, runtime: Runtime, address: Address) -> Receipt:
    delivery, address = await _read_delivery(request, runtime, address)
    if delivery.refusal is not None:
        return await receive_delivery(runtime, address, delivery)
    return await receive_failure(runtime, address, delivery.payload, delivery.body, address.peer)


async def _progress(request: Request, runtime: Runtime, address: Address) -> Receipt:
    body = await read_body(request, runtime.settings.max_callback_bytes)
    address = _proven(request, runtime, address, body)
    is_text = body.is_plain and body.media_type == "text/plain"
    _demand_readable(body, runtime, is_right=is_text or body.is_json)
    report = await in_thread_if_large(
        body.size, lambda: _text(body.content) if is_text else read_report(read(body.content))
    )
    return await receive_report(runtime, address, report)


async def _unknown(_request: Request, _runtime: Runtime, _address: Address) -> Receipt:
    """A token never contains a slash, so such a path is unknown."""
    raise CallbackUnknown


def _delivery(body: Body, peer: str | None) -> Delivery:
    """The delivery of the body, or a delivery with the reason why the body cannot be read."""
    refusal, kept, errors = _unreadable(body), HEAD, tuple[FieldError, ...]()
    if refusal is None:
        try:
            return Delivery.of(read(body.content), body.content, peer=peer)
        except PayloadInvalid as error:
            refusal, errors = (AttemptOutcome.MALFORMED, error.message), error.errors
            kept = HEAD if isinstance(error, NotJson) else body.size  # an operator can still adopt a body that is JSON
    outcome, message = refusal
    return Delivery.unread(
        body.content,
        outcome,
        message,
        size=body.size,
        kept=kept,
        media_type=body.media_type,
        peer=peer,
        errors=errors,
    )


async def _read_delivery(request: Request, runtime: Runtime, address: Address) -> tuple[Delivery, Address]:
    """The delivery of a request, and its address with the proof from the headers."""
    body = await read_body(request, runtime.settings.max_callback_bytes)
    return await in_thread_if_large(
        body.size, lambda: (_delivery(body, address.peer), _proven(request, runtime, address, body))
    )


def _proven(request: Request, runtime: Runtime, address: Address, body: Body) -> Address:
    """The address with the proof of the sender. Raises `Unauthenticated` for a job name without a valid proof."""
    proof = Proof.of(request.headers, body.content) if PROVING & set(request.headers) else Proof(body.content)
    if address.ref is not None:
        demand_service(runtime, address.service, proof, address.peer)
    return copy_address(address, proof=proof)


def _unreadable(body: Body) -> tuple[AttemptOutcome, str] | None:
    if body.is_cut:
        return AttemptOutcome.TOO_LARGE, "The body is larger than the limit."
    if not body.is_json:
        return AttemptOutcome.UNSUPPORTED_TYPE, _WRONG_TYPE
    return None


_WRONG_TYPE = "Send the body as application/json, uncompressed."


def _demand_readable(body: Body, runtime: Runtime, *, is_right: bool) -> None:
    if body.is_cut:
        raise PayloadTooLarge(runtime.settings.max_callback_bytes)
    if not is_right:
        raise UnsupportedMediaType("Send the report as application/json or text/plain, uncompressed.")


def _text(content: bytes) -> Report:
    return read_report(content.decode("utf-8", "replace").replace("\x00", "\ufffd"))


def _contract_problem(error: OrchestratorError) -> Response:
    """The response for an error; a body that breaks the contract is 422, because it could be read."""
    if isinstance(error, PayloadInvalid) and error.is_contract:
        places = [{"pointer": field.pointer, "detail": field.message, "type": field.type} for field in error.errors]
        return problem(422, "Contract broken", error.code, error.message, errors=places)
    return problem_of(error)


async def _address(request: Request, runtime: Runtime) -> Address:
    """The address in the path, checked before the body is read; an invalid process id is unknown like any other."""
    address = _address_to_check(request)
    assert address.process_id is not None
    # first: a wrong token has one answer, and counts, whatever else is wrong
    callback_id = await demand_known(runtime, address.process_id, address.token)
    return copy_address(address, callback_id=callback_id, is_dry_run=_is_dry_run(request))


def _address_to_check(request: Request) -> Address:
    """The address in the path, whose token the transaction checks."""
    try:
        process_id = UUID(request.path_params["process_id"])
    except ValueError:
        raise CallbackUnknown from None
    return Address(request.path_params["token"], process_id, traceparent=_traceparent(request), peer=peer_of(request))


async def _job(request: Request, runtime: Runtime) -> Address:
    """The service and its name for the job; a wrong credential is refused before the body is read."""
    service_name, ref = request.path_params["service"], request.path_params["ref"]
    service, peer = runtime.settings.services.get(service_name), peer_of(request)
    if service is None or not service.signature_keys:
        demand_service(runtime, service_name, Proof.of(request.headers, b""), peer)
    if len(ref) > LONGEST or "\0" in ref:
        raise CallbackUnknown
    return Address(
        is_dry_run=_is_dry_run(request), service=service_name, ref=ref, peer=peer, traceparent=_traceparent(request)
    )


def _traceparent(request: Request) -> str | None:
    given = request.headers.getlist("traceparent")
    return read_traceparent(given) if given else None


_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def _is_dry_run(request: Request) -> bool:
    """The ``dryRun`` of the query, in any spelling: a dry run that is not recognized would use up the URL."""
    if not request.scope.get("query_string"):
        return False
    query = request.query_params.multi_items()
    values = {
        _BOOLEANS.get(value) for name, value in query if name.replace("_", "").replace("-", "").lower() == "dryrun"
    }
    if len(values) > 1 or None in values:
        raise Invalid("Say dryRun=true, or leave it out.")
    return True in values
