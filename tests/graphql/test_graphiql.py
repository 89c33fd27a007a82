"""GraphiQL loads its built files from the server, or says how to build them."""

import re
from pathlib import Path

from orchestrator_gql.graphql import graphiql


def build(folder: Path) -> Path:
    (folder / "graphiql").mkdir(parents=True)
    (folder / "index.html").touch()
    (folder / "graphiql" / "boot.js").touch()
    return folder


def test_a_page_that_was_never_built_says_how_to_build_it() -> None:
    page = graphiql.page(None)

    assert "npm run build" in page
    assert "<script" not in page


def test_a_dashboard_built_without_graphiql_says_how_to_build_it(tmp_path: Path) -> None:
    folder = build(tmp_path)
    (folder / "graphiql" / "boot.js").unlink()

    assert "npm run build" in graphiql.page(folder)


def test_the_page_loads_everything_from_its_own_origin_and_runs_nothing_inline(tmp_path: Path) -> None:
    page = graphiql.page(build(tmp_path))

    base, *places = re.findall(r'(?:src|href)="(.+?)"', page)
    assert base == "/"
    assert places
    assert all(re.match(r"[a-z]+[/.][a-z]", place) for place in places)
    assert re.findall(r"<script[^>]*>(.*?)</script>", page) == ["", "", "", ""]
    assert "style=" not in page


def test_below_a_path_the_page_loads_everything_from_there(tmp_path: Path) -> None:
    assert '<base href="/a&amp;b/">' in graphiql.page(build(tmp_path), "/a&b")


def test_the_policy_of_the_page_forbids_inline_scripts_and_other_origins() -> None:
    policy = graphiql.CONTENT_SECURITY_POLICY.split("; ")

    assert "default-src 'self'" in policy
    assert not [rule for rule in policy if rule.startswith("script-src")]
    assert "http" not in graphiql.CONTENT_SECURITY_POLICY
