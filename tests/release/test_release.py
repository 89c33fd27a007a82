"""A release is tried only if its version, its changelog and its checkout agree."""

import pytest
from support.tree import ROOT

from scripts.release import prepared, problems

GOOD = (
    "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-11-30\n\n### Added\n\n- A thing.\n\n## [0.1.0] - 2026-01-02\n"
)


def test_a_good_checkout_has_no_problem() -> None:
    assert problems("0.2.0", GOOD, "", "v0.1.0\n") == []


@pytest.mark.parametrize(
    ("version", "changelog", "status", "tags", "problem"),
    [
        ("0.2.0", GOOD, " M README.md\n?? new.py\n", "", "These files are not committed: README.md, new.py."),
        ("0.3.0", GOOD, "", "", "The version is 0.3.0, and the newest in CHANGELOG.md is 0.2.0"),
        ("0.1.0", GOOD, "", "", "The version is 0.1.0, and the newest in CHANGELOG.md is 0.2.0"),
        ("0.2.0", "# Changelog\n\n## [Unreleased]\n", "", "", "the newest in CHANGELOG.md is none"),
        ("0.2.0", GOOD.replace(" - 2026-11-30", ""), "", "", "The heading of 0.2.0 in CHANGELOG.md has no date"),
        ("0.2.0", GOOD.replace("2026-11-30", "soon"), "", "", "The heading of 0.2.0 in CHANGELOG.md has no date"),
        ("0.2.0", GOOD.replace("d]\n", "d]\n\n- More.\n"), "", "", "CHANGELOG.md has unreleased changes"),
        ("0.2.0", GOOD, "", "v0.1.0\nv0.2.0\n", "The tag v0.2.0 exists already."),
    ],
)
def test_a_disagreement_is_named(version: str, changelog: str, status: str, tags: str, problem: str) -> None:
    (found,) = problems(version, changelog, status, tags)

    assert problem in found


def test_a_prepared_changelog_is_good_and_loses_no_line() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()

    after = prepared(changelog, "99.0.0", "2099-01-31")

    assert problems("99.0.0", after, "", "") == []
    assert [line for line in after.splitlines() if line and line != "## [99.0.0] - 2099-01-31"] == [
        line for line in changelog.splitlines() if line
    ]
