"""The page on installing names the files of this version, and the units that there are."""

import re

import pytest
from support.tree import ROOT

from orchestrator_gql.version import __version__

PAGE = ROOT / "docs" / "howto" / "install.md"


@pytest.mark.parametrize("page", ["docs/howto/install.md", "docs/howto/deploy-on-postgresql.md"])
def test_the_wheel_on_the_page_has_this_version(page: str) -> None:
    versions = set(re.findall(r"orchestrator_gql-([0-9.]+)-py3", (ROOT / page).read_text()))

    assert versions == {__version__}


def test_the_page_names_each_unit_and_each_unit_is_there() -> None:
    units = {path.name for path in (ROOT / "deploy" / "systemd").iterdir()}

    assert set(re.findall(r"`(orchestrator[\w@-]*\.service)`", PAGE.read_text())) == units


def test_the_extras_of_the_page_are_those_of_users() -> None:
    assert set(re.findall(r"\.whl\[(\w+)\]", PAGE.read_text())) == {"postgres", "demo", "port"}
