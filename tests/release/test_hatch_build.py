"""The packages that are built carry the dashboard, or nothing is built."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from support.tree import ROOT

from hatch_build import BUILT, missing_file

PARTS = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE")

INDEX = '<script type="module" crossorigin src="./assets/index-1.js"></script><link href="icon.svg" rel="icon">'
FILES = {"index.html": INDEX, "assets/index-1.js": "", "icon.svg": "", "graphiql/graphiql.js": ""}


def build(folder: Path, *options: str, out: Path) -> subprocess.CompletedProcess[str]:
    """Run `python -m build` on a folder."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), *options, str(folder)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "NO_COLOR": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def small_checkout(folder: Path, files: dict[str, str]) -> Path:
    """Make a folder with just enough of the project to build it, and with these files as its dashboard."""
    folder.mkdir()
    for name in PARTS:
        shutil.copy(ROOT / name, folder / name)
    (folder / "orchestrator_gql").mkdir()
    for name in ("__init__.py", "version.py"):
        shutil.copy(ROOT / "orchestrator_gql" / name, folder / "orchestrator_gql" / name)
    for name, text in files.items():
        path = folder / BUILT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a source distribution of this checkout and the wheel that was built from it."""
    if missing_file(ROOT / BUILT):
        pytest.skip("the dashboard is not built")
    out = tmp_path_factory.mktemp("packages")
    run = build(ROOT, out=out)
    assert run.returncode == 0, run.stdout + run.stderr
    return out


@pytest.fixture(scope="module")
def wheel(packages: Path) -> zipfile.ZipFile:
    """The wheel."""
    return zipfile.ZipFile(next(packages.glob("*.whl")))


@pytest.mark.parametrize(("package", "gone"), [*(("--wheel", name) for name in FILES), ("--sdist", "index.html")])
def test_a_package_without_a_file_of_the_dashboard_is_not_built(tmp_path: Path, package: str, gone: str) -> None:
    files = {name: text for name, text in FILES.items() if name != gone}

    run = build(small_checkout(tmp_path / "source", files), package, out=tmp_path)

    assert run.returncode != 0
    assert f"A package carries the dashboard, and frontend-example/dist/{gone} is missing. Run `make dashboard`" in (
        run.stdout + run.stderr
    )
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_package_with_an_empty_document_is_not_built(tmp_path: Path) -> None:
    run = build(small_checkout(tmp_path / "source", {**FILES, "index.html": ""}), "--wheel", out=tmp_path)

    assert run.returncode != 0
    assert "dist/index.html is missing" in run.stdout + run.stderr


def test_with_the_whole_dashboard_it_is_built(tmp_path: Path) -> None:
    run = build(small_checkout(tmp_path / "source", FILES), "--wheel", out=tmp_path)

    assert run.returncode == 0, run.stdout + run.stderr


def test_an_editable_install_goes_on_without_the_dashboard(tmp_path: Path) -> None:
    source = small_checkout(tmp_path / "source", {})
    code = "import sys; from hatchling.build import build_editable; print(build_editable(sys.argv[1]))"

    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=source, capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stderr
    assert (tmp_path / run.stdout.strip()).is_file()


def test_the_wheel_has_every_file_of_the_dashboard_and_of_the_package(wheel: zipfile.ZipFile) -> None:
    built = {
        f"orchestrator_gql/dashboard_files/{path.relative_to(ROOT / BUILT)}"
        for path in (ROOT / BUILT).rglob("*")
        if path.is_file()
    }
    package = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "orchestrator_gql").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert packed == built | package
    assert "orchestrator_gql/py.typed" in packed


def test_no_file_of_the_wheel_names_a_folder_of_this_machine(wheel: zipfile.ZipFile) -> None:
    folders = [str(folder).encode() for folder in (ROOT, Path.home(), Path(sys.prefix)) if len(folder.parts) > 2]

    named = [name for name in wheel.namelist() for folder in folders if folder in wheel.read(name)]

    assert named == []


def test_the_metadata_of_the_wheel(wheel: zipfile.ZipFile) -> None:
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(wheel.read(name).decode())

    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["License-File"] == "LICENSE"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert "# orchestrator-gql" in metadata.get_payload()
    assert not [line for line in metadata.get_all("Requires-Dist", []) if "@" in line]  # an address is not a version


def test_the_source_distribution_has_what_git_has_and_the_dashboard(packages: Path) -> None:
    with tarfile.open(next(packages.glob("*.tar.gz"))) as archive:
        packed = {name.split("/", 1)[1] for name in archive.getnames()} - {"PKG-INFO"}
    git = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    of_developers = re.compile(r"\.ci/|\.pre-commit-config\.yaml$")

    assert {
        f"{BUILT}/{path.relative_to(ROOT / BUILT)}" for path in (ROOT / BUILT).rglob("*") if path.is_file()
    } <= packed
    assert [name for name in git if name not in packed and not of_developers.match(name)] == []
    assert [name for name in packed if "node_modules" in name or "__pycache__" in name] == []


def test_the_wheel_is_the_same_from_the_checkout_and_from_the_source_distribution(
    packages: Path, tmp_path: Path
) -> None:
    run = build(ROOT, "--wheel", out=tmp_path)
    assert run.returncode == 0, run.stderr

    (again,) = tmp_path.glob("*.whl")  # `packages` has the wheel that was built from the source distribution

    assert again.read_bytes() == (packages / again.name).read_bytes()


def test_the_source_distribution_is_the_same_if_it_is_built_again(packages: Path, tmp_path: Path) -> None:
    run = build(ROOT, "--sdist", out=tmp_path)
    assert run.returncode == 0, run.stderr

    (again,) = tmp_path.glob("*.tar.gz")

    assert again.read_bytes() == (packages / again.name).read_bytes()
