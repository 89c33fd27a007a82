"""Install the wheel into a fresh environment and run a workflow there from its start to its end.

    python scripts/smoke_test.py dist/*.whl --python python3.13 --lowest

The last line says what has passed. It needs nothing but Python, so that it also runs where nothing else is installed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOWEST = ROOT / "requirements-lowest.txt"
JOURNEY = Path(__file__).resolve().parent / "smoke_journey.py"


def main() -> int:
    """Make the environment, install the wheel, run the journey; return the exit code."""
    options = _options()
    folder = options.environment or Path(tempfile.mkdtemp(prefix="smoke-"))
    python = folder / "bin" / "python"
    try:
        _run(options.python, "-m", "venv", "--clear", str(folder))
        _install(python, options.wheel.resolve(), options.extras, is_lowest=options.lowest, locked=options.locked)
        _run(str(python), "-m", "pip", "check")
        versions = "locked" if options.locked else "lowest" if options.lowest else "newest"
        return _journey(python, versions, options.database)
    except subprocess.CalledProcessError as failed:
        print(f"smoke test FAILED: {' '.join(map(str, failed.cmd))} exited with {failed.returncode}")
        return 1
    finally:
        if options.environment is None:
            shutil.rmtree(folder, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("wheel", type=Path, help="the wheel to install")
    parser.add_argument("--python", default=sys.executable, help="the Python that makes the environment (this one)")
    versions = parser.add_mutually_exclusive_group()
    versions.add_argument("--lowest", action="store_true", help="the lowest versions that pyproject.toml allows")
    versions.add_argument("--locked", type=Path, help="the versions of this file, such as requirements-postgres.txt")
    parser.add_argument("--extras", default="postgres", help="the extras to install, with commas between (postgres)")
    parser.add_argument("--database", help="a URL of a PostgreSQL database; a SQLite file if it is not given")
    parser.add_argument("--environment", type=Path, help="the folder of the environment; it is kept")
    return parser.parse_args()


def _install(python: Path, wheel: Path, extras: str, *, is_lowest: bool, locked: Path | None) -> None:
    pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    if versions := LOWEST if is_lowest else locked:
        # The list is complete, as `pip check` shows. Without --no-deps the pip of Python 3.11.7 and 3.12.1 looks for
        # the newest SQLAlchemy beside the listed sqlalchemy[asyncio], and refuses its hash.
        _run(*pip, "--only-binary", ":all:", "--require-hashes", "--no-deps", "-r", str(versions))
        _run(*pip, "--no-deps", str(wheel))
    else:
        _run(*pip, f"orchestrator-gql[{extras}] @ {wheel.as_uri()}" if extras else str(wheel))


def _journey(python: Path, versions: str, database: str | None) -> int:
    with tempfile.TemporaryDirectory(prefix="smoke-journey-") as folder:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("ORCHESTRATOR_", "PYTHON"))
        }
        if database:
            environment["ORCHESTRATOR_DATABASE_URL"] = database
        command = [str(python), "-W", "error::DeprecationWarning:orchestrator_gql", str(JOURNEY), versions]
        return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    sys.exit(main())
