"""Bodies that are hostile or badly serialized are refused with the place, and the URL stays valid."""

import json
from pathlib import Path

import pytest
from waits import problem, waiting

from orchestrator_gql.types import AttemptOutcome, CallbackStatus

FORBIDDEN = {
    "NUL": b'{"out": "a\\u0000b"}',
    "NUL in a name": b'{"a\\u0000": 1}',
    "half a surrogate pair": b'{"out": "\\ud800"}',
    "the other half": b'{"out": "x\\udc00"}',
    "a name twice": b'{"rc": 0, "rc": 1}',
    "a name twice, deep": b'[{"a": {"b": 1, "b": 1}}]',
    "NaN": b'{"load": NaN}',
    "Infinity": b"[Infinity]",
    "-Infinity": b"-Infinity",
    "1e999": b'{"load": 1e999}',
    "an integer of 41 digits": b"1" * 41,
    "an integer of 6,000 digits": b'{"n": ' + b"9" * 6000 + b"}",
    "65 levels": b"[" * 65 + b"]" * 65,
    "200,000 levels": b"[" * 200_000 + b"]" * 200_000,
    "200,000 objects in each other": b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
    "a byte order mark": b'\xef\xbb\xbf{"rc": 0}',
    "NUL, NaN and a name twice": b'{"a\\u0000": NaN, "b": [{"c": 1, "c": Infinity}]}',
    "10,001 names": json.dumps({f"k{n}": n for n in range(10_001)}).encode(),
}
NO_JSON = {
    "nothing": b"",
    "white space": b" \n\t",
    "text": b"hello",
    "a form": b"rc=0&out=ok",
    "XML": b"<rc>0</rc>",
    "single quotes": b"{'rc': 0}",
    "a comma too many": b'{"rc": 0,}',
    "two values": b'{"rc": 0}{"rc": 0}',
    "half of it": b'{"rc": [0, 1',
    "UTF-16": '{"rc": 0}'.encode("utf-16"),
    "Latin-1": '{"out": "caf\xe9"}'.encode("latin-1"),
    "an overlong slash": b'"\xc0\xaf"',
    "half a surrogate pair in UTF-8": b'"\xed\xa0\x80"',
    "a raw NUL": b'{"rc": 0}\x00',
    "a raw NUL in a text": b'{"out": "a\x00b"}',
    "raw colours of a terminal": b'{"out": "\x1b[0;32mok\x1b[0m"}',
    "a line break in a text": b'{"out": "ok\nchanged"}',
    "a comment": b'{"rc": 0} // fine',
    "no quotes": b"{rc: 0}",
    "a hexadecimal number": b'{"rc": 0x0}',
    "brackets that cross": b'{"hosts": [1, 2}]',
    "an escape cut off": b'{"out": "\\u00"}',
}


@pytest.mark.parametrize("behind", ["", "/fail"])
async def test_json_with_forbidden_content_is_refused_and_stored_whole(tmp_path: Path, behind: str) -> None:
    async with waiting(tmp_path) as wait:
        for name, body in FORBIDDEN.items():
            refused = await wait.send(body, behind=behind)
            stored = (await wait.attempts())[-1]
            assert problem(refused) == (400, "payload-invalid"), name
            assert (stored.outcome, stored.body, stored.size) == (AttemptOutcome.MALFORMED, body, len(body)), name
        accepted = await wait.send(b'{"rc": 0}')

    assert accepted.status_code == 200


@pytest.mark.parametrize("behind", ["", "/fail"])
async def test_a_body_that_is_no_json_is_refused_and_its_beginning_stored(tmp_path: Path, behind: str) -> None:
    async with waiting(tmp_path) as wait:
        for name, body in NO_JSON.items():
            refused = await wait.send(body, behind=behind)
            stored = (await wait.attempts())[-1]
            assert problem(refused)[0] == 400, name
            assert (stored.outcome, stored.body, stored.size) == (AttemptOutcome.MALFORMED, body, len(body)), name
        accepted = await wait.send(b'{"rc": 0}')

    assert accepted.status_code == 200


async def test_of_a_long_text_that_is_no_json_1_kib_is_stored(tmp_path: Path) -> None:
    async with waiting(tmp_path) as wait:
        await wait.send(b"x" * 5000)
        stored = (await wait.attempts())[-1]

    assert (stored.size, stored.body) == (5000, b"x" * 1024)


async def test_a_url_stays_valid_after_every_hostile_body(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with waiting(tmp_path) as wait:
        for body in (*FORBIDDEN.values(), *NO_JSON.values()):
            for behind in ("", "/progress", "/fail"):
                refused = await wait.send(body, behind=behind)
                assert refused.status_code == 400, (body[:50], behind)
        status = await wait.status()
        stored = await wait.attempts()
        accepted = await wait.send(b'{"rc": 0}')

    assert len(FORBIDDEN) + len(NO_JSON) >= 27
    assert status is CallbackStatus.PENDING
    assert len(stored) == 20
    assert [record for record in caplog.records if record.exc_info or record.levelname == "ERROR"] == []
    assert accepted.status_code == 200
