"""The check of the built documentation site finds what is wrong, and nothing else."""

from pathlib import Path

import pytest

from scripts.check_site import problems

FILES = {
    "index.html": '<h1 id="start">Start</h1><link rel="stylesheet" href="site.css"><script src="/js/page.js"></script>',
    "howto/retention.html": '<h2 id="by-hand">By hand</h2>',
    "site.css": "",
    "js/page.js": "",
}


def site(folder: Path, added: str) -> Path:
    """A small site below this folder, whose page howto/page.html holds the added text."""
    root = folder / "site"
    for name, text in {**FILES, "howto/page.html": added}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (folder / "outside.py").touch()
    return root


@pytest.mark.parametrize(
    "good",
    [
        '<a href="retention.html#by-hand">',
        '<a href="../index.html">',
        '<a href="..">',
        '<a href="/#start">',
        '<a id="here" href="#here">',
        '<a href="https://example.org/elsewhere#x">',
        '<a href="mailto:ada@example.org">',
        '<link rel="canonical" href="https://example.org/page">',
        '<img src="data:image/png;base64,AAAA">',
    ],
)
def test_a_good_site_has_no_problem(tmp_path: Path, good: str) -> None:
    assert problems(site(tmp_path, good)) == []


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('<a href="gone.html">', "leads to gone.html: the site has no such file"),
        ('<a href="/gone/">', "leads to /gone/: the site has no such file"),
        ('<a href="../../outside.py">', "leads to ../../outside.py: the site has no such file"),
        ('<a href="retention.html#by-night">', "leads to retention.html#by-night: the page has no such anchor"),
        ('<a href="#gone">', "leads to #gone: the page has no such anchor"),
        ('<img src="gone.png">', "leads to gone.png: the site has no such file"),
        ('<script src="https://cdn.example.org/x.js">', "loads https://cdn.example.org/x.js from another server"),
        ('<link rel="stylesheet" href="//fonts.example.org/f">', "loads //fonts.example.org/f from another server"),
    ],
)
def test_what_is_wrong_with_a_site_is_found(tmp_path: Path, bad: str, reason: str) -> None:
    assert problems(site(tmp_path, bad)) == [f"howto/page.html {reason}"]


def test_a_site_without_a_page_was_not_built(tmp_path: Path) -> None:
    assert problems(tmp_path) == [f"{tmp_path} has no page"]
