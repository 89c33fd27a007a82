"""The lowest versions of pyproject.toml are those that the smoke test installs, and every import is declared."""

import ast
import re
import sys
import tomllib
from collections import defaultdict
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from support.tree import PACKAGE, ROOT

from scripts.lowest_versions import pins, requirements

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

DEMANDED = {"strawberry-graphql": "0.327.2", "graphql-core": "3.3.2", "starlette": "1.3.1", "websockets": "10"}
"""The lowest releases without a known weakness that concerns us."""

NOT_IMPORTED = {
    "ansible-core": "the demo runs its command ansible-playbook",
}

OF_THE_SITE = {"opentelemetry": {"engine/spans.py"}}
"""What a file imports only if the site has loaded it already; see record 87."""

HOME = {"postgres": ("storage", "events", "engine"), "demo": ("demo",), "port": ("cli",)}
"""The packages of ours in which an extra may be imported."""


def locked(name: str) -> dict[str, Version]:
    """The versions of a file with locked requirements, by name."""
    lines = re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==([^ ]+) \\$", (ROOT / name).read_text(), re.MULTILINE)
    return {str(canonicalize_name(package)): Version(version) for package, version in lines}


def lowest() -> dict[str, Version]:
    """The lowest versions of pyproject.toml, by name."""
    floors = {}
    for line in requirements():
        requirement = Requirement(line)
        (floor,) = [each.version for each in requirement.specifier if each.operator == ">="]
        floors[str(canonicalize_name(requirement.name))] = Version(floor)
    return floors


@cache
def imported() -> dict[str, set[str]]:
    """The modules of others that the package imports, each with the files that do."""
    found = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                found[name.partition(".")[0]].add(str(path.relative_to(PACKAGE)))
    return {name: paths for name, paths in found.items() if name not in {*sys.stdlib_module_names, PACKAGE.name}}


def distributions(lines: list[str]) -> set[str]:
    """The names of distributions that the requirements bring, with their extras that are packages of their own."""
    found = set()
    for requirement in map(Requirement, lines):
        found.add(str(canonicalize_name(requirement.name)))
        if requirement.name == "psycopg" and "pool" in requirement.extras:
            found.add("psycopg-pool")
    return found


DISTRIBUTIONS = cache(packages_distributions)
"""The distributions of each module. To find them reads the files of all installed packages."""


def providers(module: str) -> set[str]:
    """The distributions that have a module."""
    return {str(canonicalize_name(name)) for name in DISTRIBUTIONS().get(module, [])}


def test_the_lowest_versions_are_those_of_the_smoke_test() -> None:
    installed = locked("requirements-lowest.txt")

    assert {name: installed.get(name) for name in lowest()} == lowest()


def test_every_requirement_has_a_lowest_version() -> None:
    assert len(list(pins(requirements()))) == len(requirements())
    with pytest.raises(ValueError, match="'httpx' has no lowest version: write NAME>=VERSION"):
        list(pins(["httpx"]))


@pytest.mark.parametrize(("name", "version"), DEMANDED.items())
def test_no_release_with_a_known_weakness_is_allowed(name: str, version: str) -> None:
    assert lowest()[name] >= Version(version)


@pytest.mark.parametrize("file", ["requirements-demo.txt", "requirements-postgres.txt", "requirements-dev.txt"])
def test_the_locked_versions_are_allowed(file: str) -> None:
    versions = locked(file)

    assert {name for name, floor in lowest().items() if name in versions and versions[name] < floor} == set()


def is_declared(module: str) -> bool:
    """True if a dependency of the package, or of the extras in whose packages it is imported, has the module."""
    declared = distributions(PROJECT["dependencies"])
    if not providers(module) & declared:
        places = {Path(path).parts[0] for path in imported()[module]}
        extras = {extra for extra, homes in HOME.items() if places <= set(homes)}
        declared = {name for extra in extras for name in distributions(PROJECT["optional-dependencies"][extra])}
    return bool(providers(module) & declared)


def test_what_is_imported_is_declared() -> None:
    undeclared = {module: paths for module, paths in imported().items() if not is_declared(module)}
    missing = {module: sorted(paths) for module, paths in undeclared.items() if OF_THE_SITE.get(module) != paths}

    assert imported()
    assert missing == {}, "declare these modules, which the files import, in pyproject.toml"


def test_what_is_declared_is_imported() -> None:
    used = {name for module in imported() for name in providers(module)}

    assert {str(canonicalize_name(Requirement(line).name)) for line in requirements()} - used - set(
        NOT_IMPORTED
    ) == set()


def test_an_extra_of_users_has_an_import_or_a_command() -> None:
    assert set(PROJECT["optional-dependencies"]) == {"postgres", "demo", "port", "build", "dev"}


@pytest.mark.parametrize("file", ["Makefile", "Dockerfile", "docs/howto/install.md"])
def test_a_locked_list_is_installed_without_resolving(file: str) -> None:
    """pip 23.2 refuses a list of older versions if it resolves extras, such as that of sqlalchemy[asyncio]."""
    lines = [line for line in (ROOT / file).read_text().splitlines() if "--require-hashes" in line]

    assert lines
    assert all("--no-deps -r" in line for line in lines), lines
