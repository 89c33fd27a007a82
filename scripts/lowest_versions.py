"""Print the lowest versions that pyproject.toml allows, one a line, for `requirements-lowest.txt`."""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

PROJECT = Path(__file__).parent.parent / "pyproject.toml"
EXTRAS = ("postgres", "demo", "port")
"""The extras that users install; the others are for developers, who have locked versions."""

LOWEST = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?P<extras>\[[^\]]*\])?>=(?P<version>[0-9.]+)(?:,<[0-9.]+)?")


def requirements() -> list[str]:
    """What the package and its extras need, as pyproject.toml says it."""
    project = tomllib.loads(PROJECT.read_text())["project"]
    return [*project["dependencies"], *(line for extra in EXTRAS for line in project["optional-dependencies"][extra])]


def pins(lines: Iterable[str]) -> Iterator[str]:
    """Each requirement with its lowest version alone; `ValueError` for a requirement without one.

    >>> list(pins(["psycopg[binary,pool]>=3.2,<4"]))
    ['psycopg[binary,pool]==3.2']
    """
    for line in lines:
        if not (found := LOWEST.fullmatch(line)):
            raise ValueError(f"{line!r} has no lowest version: write NAME>=VERSION.")
        yield f"{found['name']}{found['extras'] or ''}=={found['version']}"


if __name__ == "__main__":
    sys.stdout.write("\n".join(pins(requirements())) + "\n")
