"""The real browser of tests: its path and its switches."""

import os
import shutil

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """The path of the browser."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.fail("There is no Chromium: install one, or name its path in CHROMIUM.")
    return path
