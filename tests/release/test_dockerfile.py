"""The image is built from files that are there, runs as a user without rights, and knows whether it is healthy."""

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePath

import pytest
import yaml  # type: ignore[import-untyped]
from support.command_line import serving
from support.tree import ROOT

from orchestrator_gql.config.settings import Settings
from orchestrator_gql.config.sources import unknown_variables


@dataclass(slots=True)
class Stage:
    """What stands between two FROM lines: the image, the name, and each instruction with its text."""

    image: str
    name: str
    lines: list[tuple[str, str]] = field(default_factory=list)

    def texts(self, word: str) -> list[str]:
        """The texts behind an instruction."""
        return [text for instruction, text in self.lines if instruction == word]


def stages() -> list[Stage]:
    """The stages of the Dockerfile; the last is the image."""
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / "Dockerfile").read_text()).replace("\\\n", " ")
    found: list[Stage] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            image, _, name = rest.partition(" AS ")
            found.append(Stage(image, name))
        else:
            found[-1].lines.append((word, " ".join(rest.split())))
    return found


def copies() -> list[tuple[Stage, str, list[str]]]:
    """Each COPY: its stage, the stage that it copies from (empty: the checkout), and its sources."""
    found = []
    for stage in stages():
        for text in stage.texts("COPY"):
            origin = re.match(r"--from=(\S+) ", text)
            *sources, _ = text[origin.end() if origin else 0 :].split()
            found.append((stage, origin[1] if origin else "", sources))
    return found


def is_ignored(name: str) -> bool:
    """Whether .dockerignore keeps the file or folder out of the build: the last pattern that fits decides."""
    ignored, places = False, [name, *map(str, PurePath(name).parents)]
    for line in (ROOT / ".dockerignore").read_text().split():
        pattern = line.removeprefix("!")
        is_anywhere = pattern.startswith("**/") and pattern[3:] in PurePath(name).parts
        if is_anywhere or any(place != "." and fnmatch(place, pattern) for place in places):
            ignored = not line.startswith("!")
    return ignored


def variables() -> dict[str, str]:
    """The environment of the image."""
    return dict(item.split("=", 1) for text in stages()[-1].texts("ENV") for item in shlex.split(text))


def health_check() -> list[str]:
    """The command that says whether the container is healthy."""
    (text,) = stages()[-1].texts("HEALTHCHECK")
    command = json.loads(text.partition(" CMD ")[2])
    assert command[0] == "python"
    return [sys.executable, *command[1:]]


def test_every_image_has_a_version() -> None:
    images = [stage.image for stage in stages()]
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"].values()
    images += [service["image"] for service in services if not service["image"].startswith("${IMAGE")]

    assert [image for image in images if not re.fullmatch(r"[a-z]+:[0-9][\w.-]*", image)] == []


def test_the_image_runs_as_a_user_without_rights() -> None:
    users = stages()[-1].texts("USER")
    made = re.search(r"useradd --system --uid (\d+)", " ".join(stages()[-1].texts("RUN")))

    assert made and users == [made[1]]
    words = [word for word, _ in stages()[-1].lines]
    assert "RUN" not in words[words.index("USER") :]


def test_everything_that_is_copied_exists() -> None:
    names = [stage.name for stage in stages()]

    for stage, origin, sources in copies():
        if origin:
            assert origin in names[: stages().index(stage)]
        else:
            assert [source for source in sources if not (ROOT / source).exists() or is_ignored(source)] == []


def test_the_build_gets_all_files_of_the_package_and_no_others() -> None:
    git = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    sent = {name for name in git if not is_ignored(name)}

    needed = {name for name in git if name.startswith(("orchestrator_gql/", "frontend-example/"))}
    copied = {source for _, origin, sources in copies() if not origin for source in sources}
    assert needed <= sent
    assert {name for name in sent - needed if name not in copied} == set()
    assert is_ignored("frontend-example/node_modules/vite/index.js")
    assert is_ignored("frontend-example/dist/index.html")
    assert is_ignored("orchestrator_gql/engine/__pycache__/commit.pyc")
    assert is_ignored(".env") and is_ignored("orchestrator.toml")


def test_what_builds_the_wheel_is_copied_before_the_wheel_is_built() -> None:
    (builder,) = [stage for stage in stages() if stage.name == "wheel"]
    copied = " ".join(builder.texts("COPY")).split()

    assert {"pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "orchestrator_gql"} <= set(copied)
    assert "frontend-example/dist" in copied
    assert builder.lines[-1] == ("RUN", "python -m build --wheel --no-isolation --outdir /wheels")


def test_only_locked_packages_and_our_wheel_are_installed() -> None:
    installs = [text for stage in stages() for text in stage.texts("RUN") if "pip install" in text]

    assert installs
    assert [text for text in installs if "--require-hashes" not in text and "--no-deps /wheels/" not in text] == []
    final = " ".join(text for _, text in stages()[-1].lines)
    assert "pip install" not in final and "--from=installed /venv /venv" in final


def test_the_database_of_an_image_without_settings_is_in_its_volume() -> None:
    (volume,) = json.loads(stages()[-1].texts("VOLUME")[0])

    assert variables()["ORCHESTRATOR_DATABASE_URL"] == f"sqlite+aiosqlite:///{volume}/orchestrator.db"
    assert f"install --directory --owner={stages()[-1].texts('USER')[0]} {volume}" in stages()[-1].texts("RUN")[0]
    assert unknown_variables(variables(), Settings.model_fields) == []


def test_the_health_check_asks_the_server(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        port = server.address.rpartition(":")[2]
        healthy = subprocess.run(health_check(), env={**os.environ, "ORCHESTRATOR_PORT": port}, check=False)
        server.end()
        stopped = subprocess.run(
            health_check(), env={**os.environ, "ORCHESTRATOR_PORT": port}, check=False, capture_output=True
        )

    assert (healthy.returncode, stopped.returncode) == (0, 1)


@pytest.mark.parametrize("name", ["requirements-postgres.txt", "requirements-release.txt"])
def test_the_locked_packages_of_the_image_have_hashes(name: str) -> None:
    blocks = (ROOT / name).read_text().replace("\\\n", " ").splitlines()

    assert blocks and [block for block in blocks if not re.match(r"[\w.\-\[\],]+==\S+ +--hash=sha256:", block)] == []
