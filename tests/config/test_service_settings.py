"""Remote services in the configuration: what is wrong is named at start, and no secret with it."""

import json
from typing import Any

import pytest

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.app import create_app
from orchestrator_gql.config.services import Service
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.utils.errors import SettingsError
from orchestrator_gql.workflow import StepList, workflow

KEY = "whsec_a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("{", "ORCHESTRATOR_SERVICES: must be JSON"),
        ('["proxy"]', "ORCHESTRATOR_SERVICES: Input should be a valid dictionary"),
        ('{"proxy": {"networks": []}}', "ORCHESTRATOR_SERVICES: proxy.networks: Extra inputs are not permitted"),
        ('{"proxy": {"addresses": ["192.0.2.0/33"]}}', "proxy.addresses.0"),
        ('{"proxy": {"signature_keys": ["s3cret"]}}', "proxy.signature_keys: holds a key that is no base64"),
        ('{"proxy": {"signature_keys": ["whsec_czNjcmV0"]}}', "holds a key of 6 bytes; 24 are the least"),
        ('{"proxy": {"credential_sha256": "s3cret"}}', "proxy.credential_sha256: is no SHA-256"),
    ],
)
def test_a_service_that_cannot_work_is_named_with_its_place(
    monkeypatch: pytest.MonkeyPatch, said: str, told: str
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_SERVICES", said)

    with pytest.raises(SettingsError) as wrong:
        read_settings()

    assert told in wrong.value.message
    assert "s3cret" not in wrong.value.message
    assert "czNjcmV0" not in wrong.value.message


def test_keys_are_in_no_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_SERVICES", json.dumps({"proxy": {"signature_keys": [KEY]}}))

    settings = read_settings()

    assert settings.services["proxy"].keys == [b"k" * 32]
    assert KEY not in repr(settings)


@pytest.mark.parametrize(
    ("peer", "is_let_in"),
    [("192.0.2.7", True), ("::ffff:192.0.2.7", True), ("192.0.3.7", False), ("2001:db8::1", False), ("", False)],
)
def test_a_peer_is_known_by_its_address_however_the_socket_tells_it(peer: str, is_let_in: bool) -> None:
    service = Service(addresses=["192.0.2.0/24"])

    assert service.calls_from(peer) is is_let_in
    assert Service().calls_from(peer)


def test_a_workflow_that_waits_for_an_unknown_service_is_refused_at_start() -> None:
    @step("Order")
    def order(callback_url: str) -> None: ...

    @step("Judge")
    def judge(callback_result: Any) -> None: ...

    @workflow("Order")
    def orders() -> StepList:
        return begin >> callback_step("Job", order, judge, service="prxy")

    with pytest.raises(
        SettingsError, match=r"'orders' waits in 'Job - Await callback' .* 'prxy', .*; it names 'proxy'"
    ):
        create_app(read_settings(services={"proxy": {}}), [orders])
