"""A run keeps its temporary files in memory only where there is space and programs can be executed."""

import os
import tempfile
from pathlib import Path

import pytest
from support.temporary_files import ENOUGH, MEMORY, keep_in_memory


@pytest.fixture
def no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """No TMPDIR of a developer, and none of this run; what was there comes back."""
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())
    monkeypatch.setenv("TMPDIR", "is removed, and is restored at the end")
    monkeypatch.delenv("TMPDIR")


@pytest.mark.usefixtures("no_folder")
def test_temporary_files_are_made_in_a_folder_with_enough_space(tmp_path: Path) -> None:
    system = os.statvfs(tmp_path)
    if system.f_bavail * system.f_frsize < ENOUGH or not hasattr(os, "ST_NOEXEC"):
        assert not keep_in_memory(tmp_path)
        return

    assert keep_in_memory(tmp_path)

    assert os.environ["TMPDIR"] == tempfile.gettempdir() == str(tmp_path)


@pytest.mark.usefixtures("no_folder")
@pytest.mark.parametrize("folder", ["missing", "/proc"])
def test_a_folder_that_cannot_hold_them_is_not_used(tmp_path: Path, folder: str) -> None:
    before = tempfile.gettempdir()

    assert not keep_in_memory(tmp_path / folder)

    assert "TMPDIR" not in os.environ and tempfile.gettempdir() == before


def test_a_folder_of_the_developer_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    assert not keep_in_memory(MEMORY)

    assert os.environ["TMPDIR"] == str(tmp_path)
