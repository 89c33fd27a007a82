"""A value that is missing or empty is never printed as JSON or Python print it, by no command and in no place."""

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLUnionType,
    build_schema,
    execute_sync,
    parse,
)
from support.tree import ROOT

from orchestrator_gql.cli import event_lines
from orchestrator_gql.cli.failure import DONE
from orchestrator_gql.cli.main import main

SCHEMA = build_schema((ROOT / "schema.graphql").read_text())
ID = "019306a1-7d1e-7c3a-9c8e-2f0a1b2c3d4e"
UGLY = re.compile(r"\bNone\b|\bnull\b|\(\)|\[\]|\{\}|''|\"\"|\( |,\s*,|: *,|\bTrue\b|\bFalse\b|undefined")
FORM = {
    "type": "object",
    "properties": {
        name: {"title": name.capitalize(), "anyOf": [{"type": kind}, {"type": "null"}], "default": None}
        for name, kind in (("remark", "string"), ("ports", "array"), ("tags", "object"), ("number", "integer"))
    },
}
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("processes",),
    ("processes", "--color", "always"),
    ("workflows",),
    ("workflows", "--color", "always"),
    ("workflows", "greeting"),
    ("products",),
    ("products", "text"),
    ("waits",),
    ("waits", "--color", "always"),
    ("show", ID),
    ("notifications",),
    ("notifications", "--color", "always"),
    ("audit", "list"),
    ("audit", "list", "--color", "always"),
    ("audit", "verify"),
    ("start", "greeting", "--yes"),
    ("confirm", ID, "--yes"),
    ("confirm", ID, "--reject", "--comment", "No.", "--yes"),
    ("claim", ID),
    ("release", ID),
    ("assign", ID, "NOC"),
    ("retry", ID),
    ("abort", "--status", "FAILED", "--yes"),
    ("reissue", ID),
    ("resend", ID),
    ("pause",),
    ("resume",),
    ("prune", "--older-than", "1", "--yes"),
)
BLANK = (
    *("subject", "message", "note", "description", "comment", "reason", "bodyPreview", "error", "lastError", "policy"),
    *("resultPreview", "peer", "blockedReason", "traceback", "customerDescription", "sendBackTo"),
)
"""Texts that may be empty; a name, a title and a code are not."""
PREFERRED = ("FormPage", "Callback", "ProcessCreatedEvent")
ALWAYS = ("nodes", "pageInfo", "form", "process", "openInputRequest", "inputRequest", "step")
"""Fields that are there: without them there is nothing to print."""


class Answers:
    """Answers each operation of the schema; what may be missing is missing, or everything is empty."""

    def __init__(self, *, is_empty: bool) -> None:
        self.is_empty = is_empty

    def of(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        found = execute_sync(
            SCHEMA,
            parse(query),
            variable_values=variables,
            field_resolver=self.resolve,
            type_resolver=self.type_of,
        )
        assert not found.errors, found.errors
        return {"data": found.data}

    def resolve(self, source: Any, info: "GraphQLResolveInfo[Any]", **_: Any) -> Any:
        is_root = info.parent_type.name in ("Query", "Mutation")
        is_there = is_root or self.is_empty or info.field_name in ALWAYS
        return self.value(info.return_type, info.field_name, is_there=is_there)

    def value(self, kind: Any, name: str, *, is_there: bool) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self.value(kind.of_type, name, is_there=True)
        if not is_there:
            return None
        if isinstance(kind, GraphQLList):
            inner = self.value(kind.of_type, name, is_there=True)
            return [] if self.is_empty and name != "nodes" and inner != {} else [inner]
        if isinstance(kind, GraphQLEnumType):
            return self._enum(kind, name)
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
            return {}
        return self._scalar(kind.name, name)

    def _enum(self, kind: GraphQLEnumType, name: str) -> Any:
        return kind.values["ABORT" if "ABORT" in kind.values else next(iter(kind.values))].value

    def _scalar(self, kind: str, name: str) -> Any:
        known: dict[str, Any] = {
            "schema": FORM,
            "initialData": {each: [] if self.is_empty else None for each in FORM["properties"]},
            "canSubmit": True,
            "canReject": True,
            "isStartable": True,
            "valid": True,
        }
        if name in known:
            return known[name]
        empty = {"ID": str(uuid.UUID(ID)), "DateTime": "2031-04-05T06:07:08+00:00", "Int": 0, "Float": 0.0}
        return {**empty, "Boolean": False, "JSON": {}, "String": "" if self.is_empty and name in BLANK else "text"}.get(
            kind, "text"
        )

    def type_of(self, value: Any, info: "GraphQLResolveInfo[Any]", kind: Any) -> str:
        names = [each.name for each in SCHEMA.get_possible_types(kind)]
        if isinstance(value, dict) and value.get("type") in names:
            return str(value["type"])
        return next((name for name in names if name in PREFERRED or name.endswith("Success")), names[0])


@contextmanager
def answering(answers: Answers) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            body = json.dumps(answers.of(asked["query"], asked["variables"])).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module", params=[False, True], ids=["missing", "empty"])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    with answering(Answers(is_empty=request.param)) as url:
        yield url


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_prints_what_is_missing(
    words: tuple[str, ...],
    server: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORCHESTRATOR_URL", server)
    monkeypatch.setenv("COLUMNS", "200")

    code = main(words)

    out, err = capsys.readouterr()
    assert code == DONE, err
    assert out and not UGLY.search(out + err), out + err


@pytest.mark.parametrize("is_empty", [False, True], ids=["missing", "empty"])
def test_no_line_of_an_event_prints_what_is_missing(is_empty: bool) -> None:
    class OfEvents(Answers):
        def resolve(self, source: Any, info: "GraphQLResolveInfo[Any]", **_: Any) -> Any:
            if info.field_name == "nodes":
                kind = SCHEMA.type_map["Event"]
                return [{"type": each.name} for each in SCHEMA.get_possible_types(kind)]  # type: ignore[arg-type]
            return super().resolve(source, info)

    start = event_lines.QUERY.index("events {") + len("events {")
    selections = event_lines.QUERY[start : event_lines.QUERY.rindex("}", 0, event_lines.QUERY.rindex("}", 0, -2))]
    query = f"{{ events {{ nodes {{ {selections} }} }}"
    query += "}" * (query.count("{") - query.count("}"))
    events = OfEvents(is_empty=is_empty).of(query, {})["data"]["events"]["nodes"]

    lines = [event_lines.line(event) for event in events]

    assert len(lines) > 8
    assert not [line for line in lines if UGLY.search(line)]
