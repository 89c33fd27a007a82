"""Check the built documentation site: no dead link, no dead anchor, and nothing that is loaded from another server."""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

SITE = Path(__file__).parent.parent / "site"
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
"""The attribute by which a tag loads something."""


class _Page(HTMLParser):
    """The anchors and links of one page, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value is not None}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag in LOADED and values.get("rel") not in ("canonical", "next", "prev") and LOADED[tag] in values:
            self.loads.append(values[LOADED[tag]])
        elif tag == "a" and "href" in values:
            self.links.append(values["href"])


def problems(site: Path) -> list[str]:
    """One line for each thing that is wrong with the site."""
    site = site.resolve()
    pages = {path: _Page(path.read_text()) for path in sorted(site.rglob("*.html"))}
    found = [] if pages else [f"{site} has no page"]
    for path, page in pages.items():
        name = path.relative_to(site)
        found += [f"{name} loads {address} from another server" for address in page.loads if _is_foreign(address)]
        for address in [*page.links, *page.loads]:
            reason = None if urlsplit(address).scheme or _is_foreign(address) else _dead(site, path, address, pages)
            found += [f"{name} leads to {address}: {reason}"] if reason else []
    return found


def _is_foreign(address: str) -> bool:
    return bool(urlsplit(address).netloc)


def _dead(site: Path, page: Path, address: str, pages: dict[Path, _Page]) -> str | None:
    """The reason why an address of this site leads nowhere."""
    parts = urlsplit(address)
    path = unquote(parts.path)
    start = site if path.startswith("/") else page.parent
    target = (start / path.lstrip("/")).resolve() if path else page
    target = target / "index.html" if target.is_dir() else target
    if not target.is_relative_to(site) or not target.exists():
        return "the site has no such file"
    if parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
        return "the page has no such anchor"
    return None


if __name__ == "__main__":
    lines = problems(SITE)
    sys.stderr.writelines(f"{line}\n" for line in lines)
    sys.exit(1 if lines else 0)
