"""Secrets of every kind, their spellings, and all texts that a database stores."""

import base64
import json
from typing import Any
from urllib.parse import quote, quote_plus

from sqlalchemy import Connection, select

from orchestrator_gql.storage.tables import metadata

SECRETS = {
    "plain": "s3cr3t-Pass",
    "quoted": "quo\"te\\back'tick",
    "accents": "pä55wörd-ünï",
    "many lines": "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nxyzzy0123456789abcdef\n-----END KEY-----",
    "url": "a b&c=d/e%f+g",
    "long": "".join(f"{n:04d}Zq" for n in range(60)),
}

CLEAR = {
    "processes": {"state", "secrets"},
    "payloads": {"text"},
    "decisions": {"pages", "secrets"},
    "callback_attempts": {"body"},
}
"""Columns that hold secrets in clear text: steps work with them, or people approve or adopt them."""


def spellings(secret: str) -> set[str]:
    """Return the spellings of the secret."""
    lines = [line for line in secret.splitlines() if len(line) >= 20]
    raw = secret.encode()
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    return {secret, *lines, quote(raw), quote_plus(raw), base64.b64encode(raw).decode(), *escaped}


def spellings_in(text: str, secret: str) -> list[str]:
    """Return the spellings of the secret that a text contains."""
    return sorted(spelling for spelling in spellings(secret) if spelling in text or json.dumps(spelling)[1:-1] in text)


def stored_texts(conn: Connection) -> dict[str, str]:
    """Return all texts in the database, by table and column, without the columns that are clear on purpose."""
    texts: dict[str, str] = {}
    for table in metadata.sorted_tables:
        for column in table.c:
            if column.name in CLEAR.get(table.name, ()):
                continue
            values = conn.execute(select(column)).scalars().all()
            texts[f"{table.name}.{column.name}"] = "\n".join(map(_text, values))
    assert any(texts.values()), "the database is empty"
    return texts


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
