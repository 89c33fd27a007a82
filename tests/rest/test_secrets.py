"""The token of a callback is in the URL of the action, and in nothing that is stored, shown or logged."""

import base64
import json
import logging
from pathlib import Path

import pytest
from pydantic import BaseModel
from sqlalchemy import select
from waits import waiting

from orchestrator_gql.cli.serving.log_lines import LineFormatter
from orchestrator_gql.storage.tables import metadata
from orchestrator_gql.types import ProcessStatus


class Report(BaseModel):
    """A contract whose errors quote keys that the sender chose."""

    hosts: dict[str, str]


EVERYTHING = """{
  processes { nodes { id state note failure { code message details traceback } steps { name stateDelta }
    callbacks { id tokenHint resultText { text } progress { message data } progressLog { nodes { message data } }
      attempts { nodes { bodyPreview error } } } } }
  events { nodes { __typename ... on StepChangedEvent { stateDelta } ... on CallbackProgressedEvent
    { progress { message data } } } }
}"""


def spellings(token: str) -> list[str]:
    """The token as it is, JSON-escaped, %-encoded, and within base64 at each of the three places in a group."""
    escaped = "".join(f"\\u{ord(payload):04x}" for payload in token)
    encoded = "".join(f"%{ord(payload):02X}" for payload in token)
    return [token, escaped, encoded, *(base64.b64encode(b" " * n + token.encode() + b" ").decode() for n in range(3))]


def traces(token: str) -> list[str]:
    """Texts that must appear nowhere; of base64, only the characters that depend on the token alone."""
    plain, escaped, encoded, *base64s = spellings(token)
    return [plain, escaped, encoded, *(text[8:-8] for text in base64s)]


async def test_a_token_is_in_no_table_no_response_and_no_log_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    responses: list[str] = []

    async with waiting(tmp_path, contract=Report) as wait:
        written = spellings(wait.token)
        for behind, body in (
            ("/progress", json.dumps({"message": f"see {wait.url}", "url": written}).encode()),
            ("/progress", b'{"message": "' + written[1].encode() + b'"}'),
            ("", b'{"url": "' + wait.token.encode() + b'", "load": NaN}'),
            ("", b'{"' + wait.token.encode() + b'": NaN}'),
            ("/progress", b'{"' + wait.token.encode() + b'": NaN}'),
            ("", b'{"' + written[1].encode() + b'": {"x": 1, "x": 2}}'),
            ("", json.dumps({"hosts": {wait.token: 1, wait.url: 2}}).encode()),
            ("?dryRun=true", json.dumps({"hosts": {wait.token: 1, wait.url: 2}}).encode()),
            ("", b"see " + wait.url.encode()),
            ("x", b"{}"),
            ("/fail", json.dumps({"message": wait.url, "details": {wait.token: written}}).encode()),
        ):
            response = await wait.send(body, behind=behind)
            responses += [response.text, str(response.headers)]
        responses.append((await wait.site.http.get(wait.url)).text)
        await wait.reaches(ProcessStatus.FAILED)
        responses.append(json.dumps(await wait.site.ask(EVERYTHING)))
        rows = await wait.site.engine.read(
            lambda conn: {table.name: repr(conn.execute(select(table)).all()) for table in metadata.sorted_tables}
        )

    logged = "\n".join(LineFormatter().format(record) for record in caplog.records)
    assert logged
    assert responses
    assert rows
    for spelling in traces(wait.token):
        assert spelling not in logged
        assert not [response for response in responses if spelling in response]
        assert not [name for name, row_texts in rows.items() if spelling in row_texts]
