"""The nginx of the page on single sign-on, with TLS: people by their cookie, remote services without one."""

import hashlib
import json
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from proxies import nginx_with
from support.certificates import write_certificate
from support.command_line import SECONDS, serving
from support.ports import free_port
from support.tree import ROOT

pytestmark = pytest.mark.deploy

IN_SERVER, IN_HTTP, OPEN = re.findall(
    r"```nginx\n(.*?)```", (ROOT / "docs/howto/single-sign-on.md").read_text(), re.DOTALL
)
LONG = f"{'a' * 60}@corp.example"
VIEWER = {"query": "{ viewer { user { name } } }"}


class SignIn(BaseHTTPRequestHandler):
    """Answers as oauth2-proxy does, for a person whose cookie is the mail address."""

    def do_GET(self) -> None:
        """The person of the cookie, or the page on which people sign in."""
        cookie = self.headers.get("Cookie", "")
        if self.path != "/oauth2/auth":
            self.send_response(403)
        elif cookie:
            self.send_response(202)
            self.send_header("X-Auth-Request-Email", cookie.removeprefix("s="))
        else:
            self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        """Write nothing."""


@contextmanager
def _sign_in() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), SignIn) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("sign-on")
    certificate = write_certificate(folder, "localhost")
    tokens = {"ada": "TOKEN-OF-ADA", LONG: "TOKEN-OF-LONG"}
    configured = [
        {"name": name, "sha256": hashlib.sha256(token.encode()).hexdigest(), "roles": ["operator"]}
        for name, token in tokens.items()
    ]
    port = str(free_port())
    site = f"https://localhost:{port}"
    settings = {
        "ORCHESTRATOR_API_TOKENS": json.dumps(configured),
        "ORCHESTRATOR_PUBLIC_URL": site,
        "ORCHESTRATOR_TRUSTED_PROXIES": "127.0.0.1",
    }
    with serving(folder, **settings) as server, _sign_in() as place:
        api = server.address.rpartition(":")[2]
        in_server = IN_SERVER.replace("127.0.0.1:4180", place) + OPEN
        in_http = IN_HTTP.replace("}", f'{LONG} "Bearer TOKEN-OF-LONG";\n}}')
        trusted = ssl.create_default_context(cafile=str(certificate))
        with (
            nginx_with(folder, port, (api, api), in_server, in_http, certificate),
            httpx.Client(base_url=site, verify=trusted, trust_env=False, timeout=SECONDS) as client,
        ):
            yield client


@pytest.mark.parametrize(("mail", "name"), [("ada@corp.example", "ada"), (LONG, LONG)])
def test_a_person_with_a_cookie_is_the_owner_of_the_token(people: httpx.Client, mail: str, name: str) -> None:
    answer = people.post("/graphql", json=VIEWER, headers={"cookie": f"s={mail}"}).json()

    assert answer["data"]["viewer"]["user"]["name"] == name


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer TOKEN-OF-ADA"}], ids=["alone", "with a stolen token"]
)
def test_a_person_without_a_token_is_nobody(people: httpx.Client, headers: dict[str, str]) -> None:
    answer = people.post("/graphql", json=VIEWER, headers={"cookie": "s=zoe@corp.example", **headers})

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_without_a_cookie_the_page_for_signing_in_comes(people: httpx.Client) -> None:
    assert people.post("/graphql", json=VIEWER).status_code == 403
    assert people.get("/").status_code == 403


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/openapi.json"])
def test_what_must_stay_open_is_open(people: httpx.Client, path: str) -> None:
    assert people.get(path).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/processes/0192b0d5-0000-7000-8000-000000000000/callback/unknown"),
        ("GET", "/api/receipts/0192b0d5-0000-7000-8000-000000000000"),
    ],
)
def test_a_remote_service_reaches_the_server_without_a_cookie(people: httpx.Client, method: str, path: str) -> None:
    answer = people.request(method, path, json={})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_metrics_stay_hidden(people: httpx.Client) -> None:
    assert people.get("/metrics", headers={"cookie": "s=ada@corp.example"}).status_code == 404
