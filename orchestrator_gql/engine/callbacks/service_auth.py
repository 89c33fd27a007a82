"""Authenticates remote services: checks the credential, the signature and the network address of a delivery."""

from datetime import datetime

from orchestrator_gql.callbacks.rules import Callback, Rejected
from orchestrator_gql.callbacks.signature import Proof, is_credential, signature_fault
from orchestrator_gql.config.services import Service
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.types import AttemptOutcome
from orchestrator_gql.utils.errors import Unauthenticated
from orchestrator_gql.utils.request_errors import AddressForbidden


def denied(
    runtime: Runtime, callback: Callback, proof: Proof | None, peer: str | None, now: datetime
) -> Rejected | None:
    """The rejection of a delivery that is not authentic; None if the delivery may be judged.

    ``proof`` is None if the delivery came over GraphQL, which carries no proof. A service that is no longer configured
    is rejected: its old proof cannot be checked any more.
    """
    if callback.service is None:
        return None
    service = runtime.settings.services.get(callback.service)
    if service is None:
        return _unproven("Its remote service is not configured any more.")
    if proof is None:
        message = "Its remote service must prove itself: deliver it by REST."
        return _unproven(message) if service.is_demanding else None
    if not service.calls_from(peer):
        return Rejected(AttemptOutcome.FORBIDDEN_ADDRESS, "It came from an address that is none of the service's.")
    fault = signature_fault(service.keys, proof, now) if service.signature_keys else None
    return _unproven(fault) if fault else None


def demand_service(runtime: Runtime, name: str, proof: Proof, peer: str | None) -> None:
    """Raise `Unauthenticated` if the proof is wrong, and `AddressForbidden` if the peer address is not the service's.

    If the service has signature keys, the signature counts, else the credential. An unknown service raises the same
    error as a wrong credential, so that nobody can find out which services exist.
    """
    service = runtime.settings.services.get(name, Service())
    if service.signature_keys:
        is_known = signature_fault(service.keys, proof, runtime.clock.now()) is None
    else:
        is_known = is_credential(proof, service.credential_sha256)
    if not is_known:
        raise Unauthenticated("The credential or signature of the service is missing or wrong.")
    if not service.calls_from(peer):
        raise AddressForbidden


def _unproven(message: str) -> Rejected:
    return Rejected(AttemptOutcome.UNAUTHENTICATED, message)
