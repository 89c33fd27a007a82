"""Keeps the rows of a run in a file of JSON, with the machine and the versions, for the pages of the docs."""

import json
import os
import platform
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.table import Line

PACKAGES = ("strawberry-graphql", "graphql-core", "starlette", "uvicorn", "websockets", "sqlalchemy", "psycopg")


def machine() -> dict[str, str]:
    """What the figures depend on."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: found for name in PACKAGES if (found := _version(name))},
    }


def store(file: Path, rows: Mapping[str, Sequence[Line]]) -> None:
    """Write the rows; those of benchmarks that did not run now are kept from the file as it was."""
    kept = read(file) if file.exists() else {"benchmarks": {}}
    measured = f"{datetime.now(UTC):%Y-%m-%d}"
    new = {name: {"measured": measured, "rows": [asdict(line) for line in lines]} for name, lines in rows.items()}
    content = {"machine": machine(), "benchmarks": {**kept["benchmarks"], **new}}
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def read(file: Path) -> dict[str, Any]:
    """The content of such a file."""
    content: dict[str, Any] = json.loads(file.read_text())
    return content


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
