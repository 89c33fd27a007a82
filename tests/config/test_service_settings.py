"""Remote services in the settings: a wrong value is named at start, and no secret is shown."""

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
    ("text", "message"),
    [
        ("{", "ORCHESTRATOR_SERVICES: must be JSON"),
        ('["proxy"]', "ORCHESTRATOR_SERVICES: Input should be a valid dictionary"),
        (
            '{"proxy": {"networks": []}}',
            "ORCHESTRATOR_SERVICES: proxy.networks: unknown key; the keys are",
        ),
        ('{"proxy": {"addresses": ["192.0.2.0/33"]}}', "proxy.addresses.0"),
        ('{"proxy": {"signature_keys": ["s3cret"]}}', "proxy.signature_keys: holds a key that is not base64"),
        ('{"proxy": {"signature_keys": ["whsec_czNjcmV0"]}}', "holds a key of 6 bytes; 24 are the least"),
        ('{"proxy": {"credential_sha256": "s3cret"}}', "proxy.credential_sha256: is not a SHA-256"),
    ],
)
def test_an_invalid_service_is_refused_with_its_place(monkeypatch: pytest.MonkeyPatch, text: str, message: str) -> None:
    monkeypatch.setenv("ORCHESTRATOR_SERVICES", text)

    with pytest.raises(SettingsError) as caught:
        read_settings()

    assert message in caught.value.message
    assert "s3cret" not in caught.value.message
    assert "czNjcmV0" not in caught.value.message


def test_the_repr_of_settings_does_not_show_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_SERVICES", json.dumps({"proxy": {"signature_keys": [KEY]}}))

    settings = read_settings()

    assert settings.services["proxy"].keys == [b"k" * 32]
    assert KEY not in repr(settings)


@pytest.mark.parametrize(
    ("peer", "is_allowed"),
    [("192.0.2.7", True), ("::ffff:192.0.2.7", True), ("192.0.3.7", False), ("2001:db8::1", False), ("", False)],
)
def test_a_peer_is_recognized_by_its_address_in_any_form_of_the_socket(peer: str, is_allowed: bool) -> None:
    service = Service(addresses=["192.0.2.0/24"])

    assert service.calls_from(peer) is is_allowed
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
