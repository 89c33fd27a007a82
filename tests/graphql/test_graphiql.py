"""GraphiQL is served from the package itself, or says how to get it."""

import re
from pathlib import Path

import pytest

from orchestrator_gql.graphql import graphiql


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "orchestrator_gql"
    package.mkdir()
    monkeypatch.setattr(graphiql, "_PACKAGE", package)
    return tmp_path


def build(folder: Path) -> Path:
    (folder / "graphiql").mkdir(parents=True)
    (folder / "index.html").touch()
    (folder / "graphiql" / "boot.js").touch()
    return folder


def test_a_checkout_serves_what_its_own_build_wrote(checkout: Path) -> None:
    built = build(checkout / "frontend-example" / "dist")

    assert graphiql.assets_folder() == built


def test_an_installed_package_serves_the_files_it_carries(checkout: Path) -> None:
    build(checkout / "frontend-example" / "dist")
    carried = build(checkout / "orchestrator_gql" / "dashboard_files")

    assert graphiql.assets_folder() == carried


def test_an_interrupted_build_counts_as_none(checkout: Path) -> None:
    (checkout / "frontend-example" / "dist" / "assets").mkdir(parents=True)

    assert graphiql.assets_folder() is None


def test_a_page_that_was_never_built_says_how_to_build_it(checkout: Path) -> None:
    page = graphiql.page()

    assert "npm run build" in page
    assert "<script" not in page


def test_a_dashboard_built_without_graphiql_says_how_to_build_it(checkout: Path) -> None:
    build(checkout / "frontend-example" / "dist")
    (checkout / "frontend-example" / "dist" / "graphiql" / "boot.js").unlink()

    assert "npm run build" in graphiql.page()


def test_the_page_loads_everything_from_its_own_origin_and_runs_nothing_inline(checkout: Path) -> None:
    build(checkout / "frontend-example" / "dist")

    page = graphiql.page()

    base, *places = re.findall(r'(?:src|href)="(.+?)"', page)
    assert base == "/"
    assert places
    assert all(re.match(r"[a-z]+[/.][a-z]", place) for place in places)
    assert re.findall(r"<script[^>]*>(.*?)</script>", page) == ["", "", "", ""]
    assert "style=" not in page


def test_below_a_path_the_page_loads_everything_from_there(checkout: Path) -> None:
    build(checkout / "frontend-example" / "dist")

    assert '<base href="/a&amp;b/">' in graphiql.page("/a&b")


def test_the_policy_of_the_page_forbids_inline_scripts_and_other_origins() -> None:
    policy = graphiql.CONTENT_SECURITY_POLICY.split("; ")

    assert "default-src 'self'" in policy
    assert not [rule for rule in policy if rule.startswith("script-src")]
    assert "http" not in graphiql.CONTENT_SECURITY_POLICY
