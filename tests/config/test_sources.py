"""Settings come from the environment and a file; a misspelt name is refused with the nearest one."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from support.tree import ROOT

from orchestrator_gql.config.settings import Settings, read_settings
from orchestrator_gql.config.sources import OTHER_VARIABLES, PREFIX, TESTS, unknown_variables
from orchestrator_gql.testing.engine import own_settings
from orchestrator_gql.utils.errors import SettingsError

WORDS = re.compile(r"\bORCHESTRATOR_[A-Z_]*[A-Z]\b")
SECRET = "s3cret-of-nobody"


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(PREFIX) and not name.startswith(TESTS):
            monkeypatch.delenv(name)


def refusal(**given: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        read_settings(**given)
    assert SECRET not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("ORCHESTRATOR_DATABSE_URL", "ORCHESTRATOR_DATABASE_URL"),
        ("ORCHESTRATOR_DB_URL", "ORCHESTRATOR_DATABASE_URL"),
        ("ORCHESTRATOR_DATABASEURL", "ORCHESTRATOR_DATABASE_URL"),
        ("ORCHESTRATOR_API_TOKEN", "ORCHESTRATOR_API_TOKENS"),
        ("ORCHESTRATOR_TOKENS", "ORCHESTRATOR_API_TOKENS"),
        ("ORCHESTRATOR_URI", "ORCHESTRATOR_URL"),
        ("ORCHESTRATOR_TRUSTED_PROXY", "ORCHESTRATOR_TRUSTED_PROXIES"),
        ("ORCHESTRATOR_ADUIT_KEY", "ORCHESTRATOR_AUDIT_KEY"),
        ("ORCHESTRATOR_PUBLIC_URI", "ORCHESTRATOR_PUBLIC_URL"),
        ("ORCHESTRATOR_SERVICES__PROXY", "ORCHESTRATOR_SERVICES"),
        ("ORCHESTRATOR__PORT", "ORCHESTRATOR_PORT"),
        ("orchestrator_prot", "ORCHESTRATOR_PORT"),
        ("ORCHESTRATOR_ORCHESTRATOR_PORT", "ORCHESTRATOR_PORT"),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_nearest_name(
    monkeypatch: pytest.MonkeyPatch, misspelt: str, meant: str
) -> None:
    monkeypatch.setenv(misspelt, SECRET)

    assert f"{misspelt.upper()}: is not a setting; the nearest name is {meant}" in refusal().splitlines()[1].strip()


def test_a_variable_like_no_other_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_XYZZY", SECRET)

    assert "ORCHESTRATOR_XYZZY: is not a setting; see docs/reference/settings.md" in refusal()


@pytest.mark.parametrize("field", Settings.model_fields)
def test_a_name_without_one_of_its_characters_is_refused_with_the_setting(field: str) -> None:
    near = refusal(**{field[:-2] + field[-1]: SECRET})

    assert f"the nearest name is {PREFIX}{field.upper()}" in near


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("teams", [{"key": "NOC", "user": []}], "TEAMS: 0.user: unknown key; the nearest is 'users'"),
        (
            "teams",
            [{"key": "A"}, {"key": "B", "mail": ""}],
            "TEAMS: 1.mail: unknown key; the nearest is 'email'",
        ),
        (
            "api_tokens",
            [{"name": "a", "sha265": SECRET}],
            "API_TOKENS: 0.sha265: unknown key; the nearest is 'sha",
        ),
        (
            "services",
            {"lso": {"signature_key": [SECRET]}},
            "lso.signature_key: unknown key; the nearest is 'sig",
        ),
        (
            "webhooks",
            {"x": {"signatureKey": SECRET}},
            "x.signatureKey: unknown key; the nearest is 'signature_key'",
        ),
        (
            "smtp",
            {"host": "a", "sender": "a@b.example", "passwd": SECRET},
            "SMTP: passwd: unknown key; the nearest",
        ),
        ("services", {"lso": {"zzz": 1}}, "lso.zzz: unknown key; the keys are addresses, credential_sha256, sig"),
    ],
)
def test_a_misspelt_key_inside_a_setting_is_refused_with_the_nearest_key(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: Any, message: str
) -> None:
    of_an_argument = refusal(**{setting: value})
    monkeypatch.setenv(PREFIX + setting.upper(), json.dumps(value))

    assert message in of_an_argument
    assert message in refusal()


def test_the_kit_for_tests_names_the_nearest_setting_too() -> None:
    with pytest.raises(SettingsError, match="prot: is not a setting; the nearest name is ORCHESTRATOR_PORT"):
        own_settings(prot=1)


OF_KUBERNETES = {
    "ORCHESTRATOR_SERVICE_HOST": "10.0.0.7",
    "ORCHESTRATOR_SERVICE_PORT": "8000",
    "ORCHESTRATOR_PORT": "tcp://10.0.0.7:8000",
    "ORCHESTRATOR_SERVICE_PORT_HTTP": "8000",
    "ORCHESTRATOR_PORT_8000_TCP": "tcp://10.0.0.7:8000",
    "ORCHESTRATOR_PORT_8000_TCP_ADDR": "10.0.0.7",
    "ORCHESTRATOR_PORT_8000_TCP_PORT": "8000",
    "ORCHESTRATOR_PORT_8000_TCP_PROTO": "tcp",
    "ORCHESTRATOR_POSTGRES_PORT": "tcp://10.0.0.8:5432",
    "ORCHESTRATOR_POSTGRES_SERVICE_HOST": "10.0.0.8",
}


@pytest.mark.parametrize("name", [*OTHER_VARIABLES, *OF_KUBERNETES, "ORCHESTRATOR_TEST_DATABASE_URL"])
def test_a_variable_of_somebody_else_is_left_alone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, OF_KUBERNETES.get(name, "x"))

    assert read_settings() == Settings()


def test_every_variable_that_our_files_name_is_known() -> None:
    files = [
        path
        for folder in ("orchestrator_gql", "docs", "deploy", "frontend-example/src", "scripts", "benchmarks")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".md", ".ts", ".conf", ".toml", "")
        and path.is_file()
        and "decisions" not in path.parts
    ]
    files += [ROOT / name for name in ("README.md", "Makefile", "docker-compose.yml", "Caddyfile", "Dockerfile")]
    named = {word for path in files for word in WORDS.findall(path.read_text("utf-8", "ignore"))}

    assert unknown_variables(dict.fromkeys(named, ""), Settings.model_fields) == []


def test_a_file_holds_what_the_environment_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(
        """
        port = 8001
        log_level = "ERROR"
        trusted_proxies = ["10.0.0.1"]

        [[teams]]
        key = "NOC"
        users = ["ada"]

        [services.lso]
        addresses = ["192.0.2.0/24"]
        """
    )
    monkeypatch.setenv("ORCHESTRATOR_SETTINGS_FILE", str(file))
    monkeypatch.setenv("ORCHESTRATOR_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("ORCHESTRATOR_SERVICES", '{"other": {}}')

    settings = read_settings(port=8002)

    assert (settings.port, settings.log_level) == (8002, "DEBUG")
    assert [team.users for team in settings.teams] == [("ada",)]
    assert list(map(str, settings.trusted_proxies)) == ["10.0.0.1/32"]
    assert list(settings.services) == ["other"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"prot = 1", "ORCHESTRATOR_PROT: is not a setting; the nearest name is ORCHESTRATOR_PORT"),
        (b"Port = 1", "ORCHESTRATOR_PORT: in the file it is written in lower case: 'port' instead of 'Port'"),
        (b"settings_file = 'other.toml'", "cannot be used: it names another file in 'settings_file'"),
        (b"ORCHESTRATOR_PORT = 1", "the nearest name is ORCHESTRATOR_PORT"),
        (b"[[team]]\nkey = 'NOC'", "the nearest name is ORCHESTRATOR_TEAMS"),
        (b"[[teams]]\nkey = 'NOC'\nmembers = []", "ORCHESTRATOR_TEAMS: 0.members: unknown key; the keys are"),
        (b"audit_key = " + SECRET.encode(), "cannot be used: it is not TOML (at line 1, column"),
        (b"audit_key = '\xff'", "cannot be used: it is not UTF-8"),
        (None, "cannot be used: No such file"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place_and_quotes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, message: str
) -> None:
    file = tmp_path / "settings.toml"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("ORCHESTRATOR_SETTINGS_FILE", str(file))

    assert message in refusal()


@pytest.mark.parametrize("text", ["a.example,b.example", "a.example b.example", '["a.example", "b.example"]'])
def test_a_list_of_names_is_written_with_commas_or_as_json(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("ORCHESTRATOR_ALLOWED_HOSTS", text)

    assert read_settings().allowed_hosts == ("a.example", "b.example")


def test_a_list_that_is_almost_json_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_ALLOWED_HOSTS", '["a.example"')

    assert "ORCHESTRATOR_ALLOWED_HOSTS: must be a JSON list, or names separated by commas" in refusal()


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("", []),
        ("127.0.0.1", ["127.0.0.1/32"]),
        ("10.0.0.0/8, ::1", ["10.0.0.0/8", "::1/128"]),
        ('["10.0.0.0/8", "2001:db8::/32"]', ["10.0.0.0/8", "2001:db8::/32"]),
        ("[::1] unix", ["::1/128", "unix"]),
        ("::ffff:192.0.2.7", ["192.0.2.7/32"]),
        ("::ffff:10.0.0.0/104", ["10.0.0.0/8"]),
    ],
)
def test_trusted_proxies_are_addresses_and_networks(
    monkeypatch: pytest.MonkeyPatch, text: str, networks: list[str]
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_TRUSTED_PROXIES", text)

    assert list(map(str, read_settings().trusted_proxies)) == networks


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("caddy", "entry 1 is not an address or a network"),
        ("10.0.0.1, 10.0.0.2:80", "entry 2 is not an address or a network"),
        ("fe80::1%eth0", "entry 1 is not an address or a network"),
        ("10.0.0.0/33", "entry 1 is not an address or a network"),
        ("10.1.2.3/8", "entry 1 is not a network: write 10.0.0.0/8, or the address alone"),
        ("*", "entry 1 is not an address or a network"),
        ("0.0.0.0/0", "entry 1 contains all addresses, so every client could choose its own"),
        ("::/0", "entry 1 contains all addresses"),
        ("::ffff:0.0.0.0/96", "entry 1 contains all addresses"),
    ],
)
def test_a_wrong_trusted_proxy_is_refused_with_the_fix(
    monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_TRUSTED_PROXIES", text)

    assert f"ORCHESTRATOR_TRUSTED_PROXIES: {message}" in refusal()


@pytest.mark.parametrize(
    ("given", "is_offered"),
    [
        ({}, True),
        ({"api_tokens": [{"name": "ada", "sha256": "0" * 64}]}, False),
        ({"api_tokens": [{"name": "ada", "sha256": "0" * 64}], "is_development": True}, True),
        ({"host": "0.0.0.0"}, False),
        ({"is_development": False}, False),
    ],
)
def test_graphiql_and_introspection_are_off_if_people_sign_in(given: dict[str, Any], is_offered: bool) -> None:
    assert read_settings(**given).offers_development is is_offered
