"""Runs a real Caddy or nginx with the configuration that we ship, in front of API servers on this machine."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import httpx
import pytest
from support.command_line import SECONDS, until
from support.tree import ROOT

PLACES = ("api-1:8000", "api-2:8000")
PATH = "/automation"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running proxy: its own URL, and the files with all that it writes."""

    site: str
    logs: tuple[Path, ...]
    repeats_no_body: bool = False
    """Caddy before 2.11.2 answers 502 if the server that it chose refuses the connection of a POST."""

    def written(self) -> str:
        """Everything that the proxy has written."""
        return "".join(path.read_text(errors="replace") for path in self.logs if path.exists())


Start: TypeAlias = Callable[[Path, str, Sequence[str]], AbstractContextManager[Proxy]]
"""Starts a proxy in a folder, at a port of its own, in front of these ports."""


@contextmanager
def caddy(folder: Path, port: str, api: Sequence[str]) -> Iterator[Proxy]:
    """Caddy with our Caddyfile, which needs no change for a public URL with a path."""
    (folder / "Caddyfile").write_text(_with_ports((ROOT / "Caddyfile").read_text(), api))
    site = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "SITE": site, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    command = [_program("caddy"), "run", "--config", "Caddyfile", "--adapter", "caddyfile"]
    with _running(folder, command, environment, site):
        yield Proxy(site, (folder / "proxy.out",), repeats_no_body=_caddy_version() < (2, 11, 2))


def _caddy_version() -> tuple[int, ...]:
    version = subprocess.run([_program("caddy"), "version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.findall(r"[0-9]+", version)[:3]))


@contextmanager
def nginx(folder: Path, port: str, api: Sequence[str]) -> Iterator[Proxy]:
    """Nginx with our configuration, without TLS."""
    with _nginx(folder, port, api, "") as proxy:
        yield proxy


@contextmanager
def nginx_that_removes_the_path(folder: Path, port: str, api: Sequence[str]) -> Iterator[Proxy]:
    """The same with the line of the documentation that removes the path of the public URL."""
    page = (ROOT / "docs/howto/behind-a-proxy.md").read_text()
    (line,) = re.findall(rf"^rewrite \^{PATH}\S+ .*;$", page, re.MULTILINE)
    with _nginx(folder, port, api, line) as proxy:
        yield proxy


@contextmanager
def nginx_with(
    folder: Path, port: str, api: Sequence[str], in_server: str, in_http: str, certificate: Path
) -> Iterator[Proxy]:
    """Nginx with TLS, with ``in_server`` in place of its `location /`, and ``in_http`` before the server."""
    shipped = _with_ports((ROOT / "deploy" / "nginx.conf").read_text(), api)
    location = "    location / {\n        proxy_pass http://orchestrator;\n    }\n"
    assert location in shipped
    shipped = re.sub(r"/etc/nginx/orchestrator\.(crt|key)", str(certificate), shipped.replace(location, in_server))
    shipped = shipped.replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;")
    (folder / "orchestrator.conf").write_text(in_http + shipped.replace("orchestrator.example;", "localhost;"))
    with _started_nginx(folder, f"https://localhost:{port}"):
        yield Proxy(f"https://localhost:{port}", (folder / "access.log", folder / "error.log"))


@contextmanager
def _nginx(folder: Path, port: str, api: Sequence[str], line: str) -> Iterator[Proxy]:
    shipped = _with_ports((ROOT / "deploy" / "nginx.conf").read_text(), api)
    shipped = re.sub(r"(?m)^ *ssl_.*\n", "", shipped)
    shipped = shipped.replace("listen 443 ssl;", f"listen 127.0.0.1:{port}; {line}")
    (folder / "orchestrator.conf").write_text(shipped.replace("orchestrator.example;", "127.0.0.1;"))
    site = f"http://127.0.0.1:{port}"
    with _started_nginx(folder, site):
        yield Proxy(site, (folder / "access.log", folder / "error.log", folder / "proxy.out"))


@contextmanager
def _started_nginx(folder: Path, site: str) -> Iterator[None]:
    folders = [f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
    user = "user root;" if os.geteuid() == 0 else ""  # else its workers could not enter the folders of tests
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log info; events {{}}\n"
        f"http {{ access_log {folder}/access.log; {' '.join(folders)} include {folder}/orchestrator.conf; }}\n"
    )
    command = [_program("nginx"), "-p", str(folder), "-e", "error.log", "-c", "nginx.conf"]
    with _running(folder, command, os.environ, site):
        yield


def _with_ports(text: str, api: Sequence[str]) -> str:
    for place, port in zip(PLACES, api, strict=True):
        assert place in text
        text = text.replace(place, f"127.0.0.1:{port}")
    return text


def _program(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path is None:
        pytest.fail(f"There is no {name}: scripts/find_proxies says how to get it.")
    return path


@contextmanager
def _running(folder: Path, command: Sequence[str], environment: Mapping[str, str], site: str) -> Iterator[None]:
    with (folder / "proxy.out").open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out)
    try:
        until(lambda: _answers(site, process, folder))
        yield
    finally:
        process.terminate()
        process.wait(SECONDS)


def _answers(site: str, process: "subprocess.Popen[bytes]", folder: Path) -> bool | None:
    assert process.poll() is None, (folder / "proxy.out").read_text()
    try:
        found = httpx.get(
            f"{site}/health/ready", trust_env=False, timeout=SECONDS, verify=False
        )  # a test's certificate
        return found.status_code == 200 or None
    except httpx.HTTPError:
        return None
