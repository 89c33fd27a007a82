"""The demo's Ansible proxy with real playbooks, and real HTTP requests to its callers."""

import json
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn

from orchestrator_gql.demo import ansible_proxy, proxy_jobs
from orchestrator_gql.demo.ansible_proxy import create_proxy
from orchestrator_gql.demo.proxy_jobs import Jobs
from orchestrator_gql.demo.proxy_settings import ProxySettings
from orchestrator_gql.demo.reports import Reports

NOBODY = "http://127.0.0.1:9/"
SECONDS = 60.0
CIRCUIT = {"vlan": 100, "SiteA": "paris-1", "interfaceA": "ge-0/0/1", "SiteB": "lyon-1", "interfaceB": "ge-0/0/2"}


class Caller:
    """The caller of a job: a server that keeps every received body, and answers with the statuses in ``statuses``."""

    def __init__(self) -> None:
        self.results: Queue[dict[str, Any]] = Queue()
        self.progress: Queue[dict[str, Any]] = Queue()
        self.statuses: list[int] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._endpoint())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _endpoint(self) -> type[BaseHTTPRequestHandler]:
        caller = self

        class Endpoint(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                (caller.progress if self.path == "/progress" else caller.results).put(body)
                self.send_response(caller.statuses.pop(0) if caller.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        return Endpoint


@contextmanager
def serving(settings: ProxySettings) -> Iterator[httpx.Client]:
    """A proxy on a free port, and a client for it; the end of the block stops the proxy as SIGTERM would."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # from now on a first request waits for the server instead of failing
        server = uvicorn.Server(uvicorn.Config(create_proxy(settings), ws="none", log_config=None))
        thread = Thread(target=server.run, args=([listener],))
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with httpx.Client(base_url=address, trust_env=False, timeout=SECONDS) as client:
            yield client
        server.should_exit = True
        thread.join()


@pytest.fixture
def caller() -> Iterator[Caller]:
    caller = Caller()
    yield caller
    caller.close()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / "work"


@pytest.fixture
def proxy(work: Path) -> Iterator[httpx.Client]:
    with serving(ProxySettings(work=work)) as client:
        yield client


def order(caller: Caller, **extra_vars: object) -> dict[str, Any]:
    return {
        "playbook_name": "l2vpn.yml",
        "inventory": "paris-1\nlyon-1",
        "extra_vars": CIRCUIT | extra_vars,
        "callback": f"{caller.url}/callback",
        "progress": f"{caller.url}/progress",
    }


def lines_of(progress: "Queue[dict[str, Any]]") -> list[str]:
    return [line for body in progress.queue for line in body["progress"]]


def test_a_playbook_configures_each_device_and_its_caller_gets_the_result(
    proxy: httpx.Client, caller: Caller, work: Path
) -> None:
    response = proxy.post("/api/playbook/", json=order(caller, circuit="blue", speed=1000))
    result = caller.results.get(timeout=SECONDS)

    assert response.status_code == 201
    assert result.keys() == {"status", "job_id", "output", "return_code"}
    assert (result["status"], result["return_code"], result["job_id"]) == ("successful", 0, response.json()["job_id"])
    assert sorted(file.name for file in work.iterdir()) == ["lyon-1.cfg", "paris-1.cfg"]
    assert (work / "paris-1.cfg").read_text().splitlines() == [
        "! BEGIN l2vpn blue",
        "l2vpn blue",
        "  attachment ge-0/0/1",
        "    encapsulation vlan 100",
        "    policer 1000 mbit/s",
        "    peer lyon-1",
        "! END l2vpn blue",
    ]
    assert lines_of(caller.progress) == result["output"]
    assert proxy.get(f"/api/jobs/{result['job_id']}").json() == result


def test_playbooks_that_write_one_device_run_one_after_another(proxy: httpx.Client, caller: Caller, work: Path) -> None:
    for circuit in ("blue", "green"):
        proxy.post("/api/playbook/", json=order(caller, circuit=circuit, rest=1) | {"inventory": "paris-1"})
    results = [caller.results.get(timeout=SECONDS) for _ in range(2)]

    assert [result["return_code"] for result in results] == [0, 0]
    plays = [line.split()[1] for line in lines_of(caller.progress) if line.startswith("PLAY ")]
    assert plays[1::2] == ["RECAP", "RECAP"]


def test_a_second_circuit_joins_the_first_on_its_device(proxy: httpx.Client, caller: Caller, work: Path) -> None:
    first = {"inventory": "paris-1", "progress": None}

    for circuit in ("blue", "green"):
        proxy.post("/api/playbook/", json=order(caller, circuit=circuit) | first)
        assert caller.results.get(timeout=SECONDS)["return_code"] == 0

    headings = [line for line in (work / "paris-1.cfg").read_text().splitlines() if line.startswith("l2vpn")]
    assert headings == ["l2vpn blue", "l2vpn green"]


def test_a_dry_run_shows_the_changes_and_makes_none_even_if_nobody_accepts_its_progress(
    proxy: httpx.Client, caller: Caller, work: Path
) -> None:
    proxy.post("/api/playbook", json=order(caller, dry_run=True) | {"progress": NOBODY})
    result = caller.results.get(timeout=SECONDS)

    assert result["return_code"] == 0
    assert "+    encapsulation vlan 100" in result["output"]
    assert list(work.iterdir()) == []


def test_a_failing_playbook_reports_the_failure_with_all_its_lines_in_the_last_progress(
    proxy: httpx.Client, caller: Caller
) -> None:
    proxy.post("/api/playbook/", json=order(caller, fail=True) | {"progress_is_incremental": False})
    result = caller.results.get(timeout=SECONDS)

    assert (result["status"], result["return_code"]) == ("failed", 2)
    assert [line for line in result["output"] if "VLAN 100 stays down" in line]
    assert caller.progress.queue[-1]["progress"] == result["output"]


def test_an_inline_proxy_calls_back_before_it_answers_even_about_an_unreachable_device(
    caller: Caller, work: Path
) -> None:
    hosts = {"all": {"hosts": {"unreachable-1": {"ansible_connection": "ssh"}}}}

    with serving(ProxySettings(work=work, is_inline=True)) as proxy:
        response = proxy.post("/api/playbook/", json=order(caller) | {"inventory": hosts})
        result = caller.results.get_nowait()

    assert response.json() == {"job_id": result["job_id"]}
    assert (result["status"], result["return_code"]) == ("failed", 2)
    assert [line for line in result["output"] if "unreachable-1 does not answer" in line]
    assert list(work.iterdir()) == []


def test_a_proxy_that_ends_cancels_its_jobs_and_reports_that_to_the_caller(caller: Caller, work: Path) -> None:
    with serving(ProxySettings(work=work, rest=600)) as proxy:
        proxy.post("/api/playbook/", json=order(caller))
        caller.progress.get(timeout=SECONDS)
    result = caller.results.get_nowait()

    assert result["status"] == "canceled"
    assert result["return_code"] != 0


def test_a_run_that_cannot_start_is_reported_as_failed(
    caller: Caller, proxy: httpx.Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))

    proxy.post("/api/playbook/", json=order(caller))
    result = caller.results.get(timeout=SECONDS)

    assert (result["status"], result["return_code"]) == ("failed", -1)
    assert result["output"][0].startswith("Ansible playbook run failed: ")


def test_hosts_that_cannot_be_read_fail_the_run(proxy: httpx.Client, caller: Caller) -> None:
    proxy.post("/api/playbook/", json=order(caller) | {"inventory": "[unclosed"})
    result = caller.results.get(timeout=SECONDS)

    assert result["status"] == "failed"
    assert result["return_code"] != 0


@pytest.mark.parametrize("name", ["missing.yml", "../proxy_settings.py", "templates", "/etc/hostname"])
def test_only_playbooks_of_the_folder_are_run(proxy: httpx.Client, caller: Caller, name: str) -> None:
    response = proxy.post("/api/playbook/", json=order(caller) | {"playbook_name": name})

    assert response.status_code == 410
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"] == f"There is no playbook {name!r} here."


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("playbook_name", "a\0b"),
        ("playbook_name", "a" * 201),
        ("inventory", " \n"),
        ("inventory", {}),
        ("inventory", 3),
        ("extra_vars", []),
        ("callback", "/api/processes/1/callback/secret"),
        ("callback", "ftp://orchestrator/callback"),
        ("progress", "progress"),
    ],
)
def test_an_invalid_order_is_refused_with_the_field(
    proxy: httpx.Client, caller: Caller, field: str, value: object
) -> None:
    response = proxy.post("/api/playbook/", json=order(caller) | {field: value})

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"].startswith(field)


def test_a_body_over_the_limit_is_refused(proxy: httpx.Client) -> None:
    too_much = b" " * (ansible_proxy.MAX_BODY_BYTES + 1)

    assert proxy.post("/api/playbook/", content=too_much).status_code == 413
    assert proxy.post("/api/playbook/", content=too_much[:-1]).status_code == 422


@pytest.mark.parametrize("slash", ["", "/"])
def test_no_spelling_of_an_address_is_redirected(proxy: httpx.Client, slash: str) -> None:
    assert proxy.get("/api/version" + slash).status_code == 200
    assert proxy.post("/api/playbook" + slash, json={}).status_code == 422
    assert proxy.post("/api/execute" + slash, json={}).status_code == 422
    assert proxy.get(f"/api/jobs/{uuid4()}" + slash).status_code == 404


def test_the_result_of_an_executable_is_in_the_response_if_its_caller_waits(
    proxy: httpx.Client, caller: Caller
) -> None:
    body = {"executable_name": "ping_node.py", "is_async": False, "callback": caller.url}

    good = proxy.post("/api/execute/", json=body | {"args": ["paris-1"]}).json()
    bad = proxy.post("/api/execute/", json=body | {"args": ["unreachable-1"]}).json()

    assert good["result"] == {"output": "paris-1 answers in 3 ms\n", "return_code": 0, "status": "successful"}
    assert (bad["result"]["return_code"], bad["result"]["status"]) == (1, "failed")
    assert caller.results.empty()


def test_an_executable_calls_back_with_its_result_in_a_nested_object(proxy: httpx.Client, caller: Caller) -> None:
    order = {"executable_name": "ping_node.py", "args": ["paris-1"], "callback": caller.url}

    response = proxy.post("/api/execute/", json=order)
    body = caller.results.get(timeout=SECONDS)

    assert response.json() == {"job_id": body["job_id"], "result": None}
    assert body["result"]["return_code"] == 0


def test_only_executables_of_the_folder_are_run_and_a_program_that_cannot_start_has_failed(
    proxy: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "plain.txt").write_text("not a program")
    with serving(ProxySettings(work=tmp_path, executables=tmp_path)) as other:
        plain = other.post("/api/execute/", json={"executable_name": "plain.txt", "is_async": False}).json()

    assert proxy.post("/api/execute/", json={"executable_name": "../reports.py"}).status_code == 404
    assert (plain["result"]["return_code"], plain["result"]["status"]) == (-1, "failed")


def test_a_result_is_sent_again_while_the_receiver_is_away_or_busy(caller: Caller) -> None:
    caller.statuses = [503, 503]

    with Reports(retry_delays=(0.0, 0.0)) as reports:
        was_taken = reports.result(caller.url, {"n": 1})
        reached_nobody = reports.result(NOBODY, {"n": 2})

    assert was_taken
    assert not reached_nobody
    assert list(caller.results.queue) == [{"n": 1}] * 3


@pytest.mark.parametrize("status", [409, 410, 500])
def test_a_result_that_was_refused_is_not_sent_again(caller: Caller, status: int) -> None:
    caller.statuses = [status]

    with Reports(retry_delays=(0.0,)) as reports:
        was_taken = reports.result(caller.url, {})

    assert not was_taken
    assert caller.results.qsize() == 1


def test_closing_reports_do_not_wait_for_another_try(caller: Caller) -> None:
    caller.statuses = [503]

    with Reports(retry_delays=(SECONDS,)) as reports:
        reports.stop_retrying()
        reports.progress(f"{caller.url}/progress", ["a receiver that hangs would delay the end"])
        was_taken = reports.result(caller.url, {})

    assert not was_taken
    assert (caller.results.qsize(), caller.progress.qsize()) == (1, 0)


def test_only_the_newest_jobs_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy_jobs, "MAX_JOBS_REMEMBERED", 2)
    ids = [uuid4() for _ in range(3)]

    with Reports() as reports:
        jobs = Jobs(reports)
        for job_id in ids:
            jobs.start(job_id, lambda: {"status": "successful"}, None)()
        jobs.stop()

    assert [jobs.get(job_id) is None for job_id in ids] == [True, False, False]


def test_only_a_few_jobs_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy_jobs, "MAX_JOBS_AT_ONCE", 2)
    begun: Queue[None] = Queue()
    may_end = Event()

    def work() -> dict[str, Any]:
        begun.put(None)
        return {"was_released": may_end.wait(SECONDS)}

    with Reports() as reports:
        jobs = Jobs(reports)
        ends = [jobs.start(uuid4(), work, None) for _ in range(3)]
        for _ in range(2):
            begun.get(timeout=SECONDS)
        waits = begun.empty()
        may_end.set()
        bodies = [end() for end in ends]
        jobs.stop()

    assert waits
    assert bodies == [{"was_released": True}] * 3


def test_the_settings_of_the_proxy_come_from_the_environment(tmp_path: Path) -> None:
    variables = {"WORK_DIR": str(tmp_path), "PLAYBOOKS": "/p", "EXECUTABLES": "/e", "DELAY": "2", "INLINE": "1"}

    settings = ProxySettings.from_environment({f"ANSIBLE_PROXY_{name}": value for name, value in variables.items()})

    assert settings == ProxySettings(tmp_path, Path("/p"), Path("/e"), rest=2, is_inline=True)
    assert ProxySettings.from_environment({}) == ProxySettings()
