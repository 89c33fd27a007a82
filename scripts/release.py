"""Check, build and try a release, and print what a person must do then; `make release` runs it.

python -m scripts.release prepare 0.3.0    # write the version, and move the unreleased changes below its heading
python -m scripts.release                  # in the environment of requirements-release.txt
"""

import argparse
import datetime
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSION = ROOT / "orchestrator_gql" / "version.py"
CHANGELOG = ROOT / "CHANGELOG.md"
DIST = ROOT / "dist"

UNRELEASED = "## [Unreleased]\n"
NUMBER = re.compile(r"\d+\.\d+\.\d+")


def main() -> int:
    """Prepare or try a release; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("prepare", nargs="*", metavar="prepare VERSION", help="write this version into the files")
    words = parser.parse_args().prepare
    if not words:
        return _release()
    if len(words) != 2 or words[0] != "prepare" or not NUMBER.fullmatch(words[1]):
        parser.error("say: prepare VERSION, such as prepare 0.3.0")
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    CHANGELOG.write_text(prepared(CHANGELOG.read_text(), words[1], today))
    VERSION.write_text(re.sub(r"(?m)^__version__ = .*$", f'__version__ = "{words[1]}"', VERSION.read_text()))
    print(f"Version {words[1]} is in {VERSION.name} and {CHANGELOG.name}: look at both, commit, and run make release.")
    return 0


def prepared(changelog: str, version: str, day: str) -> str:
    """The changelog with the unreleased changes below the heading of the version."""
    return changelog.replace(UNRELEASED, f"{UNRELEASED}\n## [{version}] - {day}\n", 1)


def problems(version: str, changelog: str, status: str, tags: str) -> list[str]:
    """What is wrong with the checkout, a sentence each; ``status`` and ``tags`` are the output of git."""
    found = []
    if status.strip():
        found.append(f"These files are not committed: {', '.join(line[3:] for line in status.splitlines())}.")
    headings = re.findall(r"^## \[(.+?)\](?: - (\S+))?$", changelog, re.MULTILINE)
    released = [heading for heading in headings if heading[0] != "Unreleased"]
    if not released or released[0][0] != version:
        newest = released[0][0] if released else "none"
        found.append(
            f"The version is {version}, and the newest in CHANGELOG.md is {newest}: "
            f"run `python -m scripts.release prepare {version}`."
        )
    elif not re.fullmatch(r"\d{4}-\d\d-\d\d", released[0][1]):
        found.append(f"The heading of {version} in CHANGELOG.md has no date, such as 2026-01-31.")
    if re.search(r"^- ", changelog.partition(UNRELEASED)[2].partition("\n## ")[0], re.MULTILINE):
        found.append("CHANGELOG.md has unreleased changes: prepare a new version, or move them.")
    if f"v{version}" in tags.split():
        found.append(f"The tag v{version} exists already.")
    return found


def _release() -> int:
    version = re.findall(r'^__version__ = "(.+)"', VERSION.read_text(), re.MULTILINE)[0]
    if found := problems(version, CHANGELOG.read_text(), _git("status", "--porcelain"), _git("tag", "--list")):
        print("\n".join(found), file=sys.stderr)
        return 1
    shutil.rmtree(DIST, ignore_errors=True)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": _git("log", "-1", "--format=%ct").strip()}
    try:
        _run("-m", "build", "--no-isolation", "--outdir", str(DIST), str(ROOT), environment=environment)
        packages = sorted(map(str, DIST.iterdir()))
        _run("-m", "twine", "check", "--strict", *packages)
        for versions in ([], ["--lowest"]):
            _run("scripts/smoke_test.py", next(name for name in packages if name.endswith(".whl")), *versions)
    except subprocess.CalledProcessError:
        print("The release is not good: see above.", file=sys.stderr)
        return 1
    print(
        "\n".join(
            [f"{', '.join(Path(name).name for name in packages)}: good. What a person must do now:", *_steps(version)]
        )
    )
    return 0


def _steps(version: str) -> list[str]:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"].get("urls")
    return [
        *(
            []
            if urls
            else ["- write the public address of the project under [project.urls] in pyproject.toml, and start again"]
        ),
        f"- tag the commit: git tag --annotate v{version} --message 'Version {version}' && git push --follow-tags",
        "- upload the files: python -m twine upload dist/*",
        f"- build and push the image: docker build --tag orchestrator-gql:{version} .",
        "- publish the section of CHANGELOG.md as the notes of the release",
    ]


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S607


def _run(*arguments: str, environment: dict[str, str] | None = None) -> None:
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True)


if __name__ == "__main__":
    sys.exit(main())
