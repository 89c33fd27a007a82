"""``ORCHESTRATOR_RETENTION_DAYS``: what may go by it, and what is named if it is wrong."""

from pathlib import Path

import pytest

from orchestrator_gql.config.retention import KEYS
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.targets import Target
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.errors import SettingsError

VARIABLE = "ORCHESTRATOR_RETENTION_DAYS"
NOT_ENDED = set(ProcessStatus) - {ProcessStatus.COMPLETED, ProcessStatus.ABORTED, ProcessStatus.FAILED}


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("365", {"default": 365}),
        (" 7.5 ", {"default": 7.5}),
        ('{"VALIDATE": 7, "default": 365}', {"VALIDATE": 7, "default": 365}),
        ('{"FAILED": 730}', {"FAILED": 730}),
        *((f'{{"{key}": 1}}', {key: 1}) for key in KEYS),
    ],
)
def test_a_number_or_a_mapping_is_understood(
    monkeypatch: pytest.MonkeyPatch, text: str, days: dict[str, float]
) -> None:
    monkeypatch.setenv(VARIABLE, text)

    setting = read_settings().retention_days

    assert setting is not None and setting.days == days


def test_without_the_setting_nothing_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)

    assert read_settings().retention_days is None


def test_the_file_of_settings_has_a_number_or_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("[retention_days]\nVALIDATE = 7\ndefault = 365\n")
    monkeypatch.setenv("ORCHESTRATOR_SETTINGS_FILE", str(file))
    table = read_settings().retention_days
    file.write_text("retention_days = 30\n")
    number = read_settings().retention_days

    assert table is not None and table.days == {"VALIDATE": 7, "default": 365}
    assert number is not None and number.days == {"default": 30}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must be a number of days, such as 365, or JSON by target and status"),
        ("a year", "must be a number of days"),
        ("[7]", "must be a number of days"),
        ("true", "must be a number of days"),
        ('"7"', "must be a number of days"),
        ("{", "must be a number of days"),
        ("[" * 100_000, "must be a number of days"),
        ("{}", "names nothing: leave the variable out to keep everything"),
        ("0", "must be more than 0 and at most 36,500 days: leave it out to keep everything"),
        ("-1", "must be more than 0"),
        ("NaN", "must be more than 0"),
        ("Infinity", "must be more than 0"),
        ("1e9", "at most 36,500 days"),
        ('{"VALIDATE": "7"}', "VALIDATE: must be a number of days"),
        ('{"VALIDATE": null}', "VALIDATE: must be a number of days"),
        ('{"VALIDATE": 0}', "VALIDATE: must be more than 0"),
        ('{"validate": 7}', "unknown key 'validate'; the nearest is 'VALIDATE'"),
        ('{"DEFAULT": 7}', "unknown key 'DEFAULT'; the nearest is 'default'"),
        ('{"COMPLETE": 7}', "unknown key 'COMPLETE'; the nearest is 'COMPLETED'"),
        ('{"xyz": 7}', "unknown key 'xyz'; the keys are CREATE, MODIFY, TERMINATE, VALIDATE, RECONCILE, SYSTEM, "),
        ('{"default": 1, "default": 2}', "default is there twice"),
        *((f'{{"{status}": 7}}', f"{status}: such a process has not ended") for status in sorted(NOT_ENDED)),
    ],
)
def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, text: str, message: str) -> None:
    monkeypatch.setenv(VARIABLE, text)

    with pytest.raises(SettingsError) as refused:
        read_settings()

    assert f"{VARIABLE}: " in refused.value.message
    assert message in refused.value.message


@pytest.mark.parametrize("status", sorted(NOT_ENDED))
def test_a_process_that_has_not_ended_never_goes(monkeypatch: pytest.MonkeyPatch, status: ProcessStatus) -> None:
    monkeypatch.setenv(VARIABLE, '{"default": 1, "VALIDATE": 1, "FAILED": 1}')
    setting = read_settings().retention_days

    assert setting is not None
    assert {setting.of_process(target, status) for target in Target} == {None}
