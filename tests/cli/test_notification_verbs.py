"""The commands that list notifications and send them again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
from support.command_line import orchestrator, serving, until

FLOWS = """
from orchestrator_gql import begin, step
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import workflow


@step("Break")
def break_down():
    raise ProcessFailureError("It is broken.")


@workflow("Fail")
def failing():
    return begin >> break_down
"""
START = 'mutation { startWorkflow(input: {workflowName: "failing"}) { __typename } }'


@contextmanager
def receiving(*statuses: int) -> Iterator[str]:
    """The URL of a receiver that answers with these statuses, then with 200."""
    remaining = list(statuses)

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(remaining.pop(0) if remaining else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook"
        finally:
            server.shutdown()
            thread.join()


def test_a_dead_notification_is_found_and_sent_again(tmp_path: Path) -> None:
    (tmp_path / "trouble.py").write_text(FLOWS)
    with receiving(410) as url:
        key = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
        hooks = json.dumps({"ops": {"url": url, "signature_key": key, "allow_private": True}})
        with serving(tmp_path, "--workflows", "trouble.py", ORCHESTRATOR_WEBHOOKS=hooks) as server:

            def output(*words: str, code: int = 0) -> str:
                result = orchestrator(tmp_path, *words, "--url", server.address)
                assert result.returncode == code, result.stderr
                return result.stdout or result.stderr

            nothing, nothing_dead = output("notifications"), output("notifications", "--dead")
            httpx.post(f"{server.address}/graphql", json={"query": START}, trust_env=False).raise_for_status()
            dead = until(lambda: output("notifications", "--dead", "--json") or None)
            listed = output("notifications", "--dead")
            notification = json.loads(dead)
            again = output("resend", notification["id"])
            sent = until(lambda: line if "sent" in (line := output("notifications")) else None)
            none_dead = output("notifications", "--dead")
            unknown = output("resend", notification["process"]["id"], code=1)

    assert (nothing, nothing_dead) == ("There is no notification.\n", "No notification was given up.\n")
    assert (notification["status"], notification["tries"], notification["target"]) == ("DEAD", 1, "webhook:ops")
    assert listed.startswith(
        f"{notification['id']}  webhook:ops  process failed, failing {notification['process']['id']}, "
    )
    assert listed.endswith("given up after 1 try: It answered 410.\n")
    assert again == f"{notification['id']} is sent to webhook:ops again\n"
    assert sent.endswith(" s ago\n")
    assert none_dead == "No notification was given up.\n"
    assert "notification" in unknown
