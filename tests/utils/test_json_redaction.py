"""Secrets in JSON and in texts are masked, and everything else stays unchanged."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr

from orchestrator_gql.types import Json
from orchestrator_gql.utils.json.redaction import MASK, Redactor, secret_names

CANARY = "hunter2-canary"
redact = Redactor(["*password*", "*secret*", "*_pass"], ["pin"])

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="abz :=\"'{},\\", max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet="abz", max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_a_value_without_secrets_is_returned_as_the_same_object(value: Json) -> None:
    assert redact(value) is value


@given(values, st.sampled_from(["password", "DB_Password", "client_secret", "ansible_ssh_pass", "PIN"]))
def test_the_value_of_a_secret_key_is_found_at_any_depth(around: Json, key: str) -> None:
    value = {"a": [around, {key: CANARY, "b": around}]}

    shown = redact(value)

    assert shown == {"a": [around, {key: MASK, "b": around}]}
    assert value["a"][1][key] == CANARY


@pytest.mark.parametrize(
    "text",
    [
        f'{{"password": "{CANARY}"}}',
        f'{{"password":"{CANARY} with \\" quotes"}}',
        f'{{"a": 1, "db_password" : "{CANARY}',
        f"login with password={CANARY} failed",
        f"ansible_ssh_pass: {CANARY}",
        f"password='{CANARY} and more'",
        json.dumps({"body": json.dumps({"password": CANARY})}),
        f'{{"secrets": {{"a": [1, "}}", {{"b": "{CANARY}"}}]}}, "c": 1}}',
        f'{{"secrets": {{"a": "{CANARY}',
        f"{'long' * 100_000} password={CANARY}",
        f"Traceback: ValueError: {{'password': '{CANARY}'}}",
    ],
)
def test_a_secret_in_a_text_is_found_in_any_notation(text: str) -> None:
    shown = redact(text)

    assert CANARY not in shown
    assert MASK in shown


def test_the_text_around_a_secret_stays() -> None:
    text = '{"a": 1, "secrets": {"b": [2, "}"]}, "password": "x", "c": "password=y, d=3"}'

    assert redact(text) == f'{{"a": 1, "secrets": {MASK}, "password": "{MASK}", "c": "password={MASK}, d=3"}}'


@pytest.mark.parametrize("value", [None, True, False, ""])
def test_an_empty_value_or_a_switch_is_not_masked(value: Json) -> None:
    assert redact({"has_password": value}) == {"has_password": value}


def test_whole_objects_and_lists_behind_a_secret_key_are_masked() -> None:
    assert redact({"secrets": {"a": CANARY}, "pin": [1, 2]}) == {"secrets": MASK, "pin": MASK}


def test_without_patterns_nothing_is_masked() -> None:
    value = {"password": CANARY}

    assert Redactor([])(value) is value


def test_a_contract_marks_its_secret_fields() -> None:
    class Login(BaseModel):
        user: str
        pin: SecretStr
        key: SecretStr | None = None

    class Answer(BaseModel):
        logins: list[Login]
        token: str = Field(json_schema_extra={"secret": True})

    assert secret_names(Answer.model_json_schema()) == {"pin", "key", "token"}


def test_a_private_key_in_a_list_of_lines_is_masked() -> None:
    lines = ["ok", "-----BEGIN RSA PRIVATE KEY-----", "MIIEpAIB", CANARY, "-----END RSA PRIVATE KEY-----", "MIIEpAIB"]

    shown = Redactor(["*private_key*"])(lines)

    assert shown == [*lines[:2], MASK, MASK, *lines[4:]]


def test_the_argument_of_an_option_is_masked_in_a_list_of_arguments() -> None:
    arguments = ["deploy", "--password", CANARY, "--verbose", "--no-password", "now", "--password", "--quiet"]

    assert redact(arguments) == ["deploy", "--password", MASK, *arguments[3:]]


def test_a_pair_of_name_and_value_is_masked_by_its_name() -> None:
    pairs = [
        {"name": "DB_PASSWORD", "value": CANARY},
        {"name": "DB_HOST", "value": "db"},
        {"name": "pin", "value": None},
    ]

    assert redact(pairs) == [{"name": "DB_PASSWORD", "value": MASK}, *pairs[1:]]


@pytest.mark.parametrize("key", ["accessToken", "access-token", "X-Access-Token", "ACCESS_TOKEN", "access_token"])
def test_a_key_is_recognized_in_any_spelling(key: str) -> None:
    assert Redactor(["*access_token"])({key: CANARY}) == {key: MASK}


def test_a_token_of_a_known_form_is_masked_each_time() -> None:
    redact = Redactor(["token"])

    assert [redact.text("AKIAIOSFODNN7EXAMPLE is AKIAIOSFODNN7EXAMPLE") for _ in range(2)] == [f"{MASK} is {MASK}"] * 2


def test_rules_for_lines_belong_to_the_configured_keys() -> None:
    line = "enable secret 0 cisco, snmp-server community s3cret RO, https://bob:hunter2@host/"

    assert Redactor(["*community*"]).text(line) == line.replace("s3cret", MASK)
