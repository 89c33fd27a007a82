"""The built dashboard is found in the settings, in the package or in the checkout."""

from pathlib import Path

import pytest

from orchestrator_gql.config import dashboard
from orchestrator_gql.config.dashboard import dashboard_folder
from orchestrator_gql.testing.engine import own_settings


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "orchestrator_gql"
    package.mkdir()
    monkeypatch.setattr(dashboard, "_PACKAGE", package)
    return tmp_path


def build(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "index.html").touch()
    return folder


def test_a_checkout_serves_what_its_own_build_wrote(checkout: Path) -> None:
    built = build(checkout / "frontend-example" / "dist")

    assert dashboard_folder(own_settings()) == built


def test_an_installed_package_serves_the_files_it_carries(checkout: Path) -> None:
    build(checkout / "frontend-example" / "dist")
    carried = build(checkout / "orchestrator_gql" / "dashboard_files")

    assert dashboard_folder(own_settings()) == carried


def test_an_interrupted_build_counts_as_none(checkout: Path) -> None:
    (checkout / "frontend-example" / "dist" / "assets").mkdir(parents=True)

    assert dashboard_folder(own_settings()) is None


def test_the_folder_of_the_settings_goes_before_all_others(checkout: Path) -> None:
    build(checkout / "orchestrator_gql" / "dashboard_files")
    own = build(checkout / "own")

    assert dashboard_folder(own_settings(dashboard=own)) == own
