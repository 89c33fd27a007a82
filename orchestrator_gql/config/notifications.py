"""The settings of notifications: webhooks, and the mail server for mails to teams."""

import re
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, EmailStr, Field, SecretStr, field_validator

from orchestrator_gql.config.services import PREFIX, decoded_key
from orchestrator_gql.types import NotificationKind

_OURS = ("webhook-", "content-", "host", "connection", "transfer-encoding", "accept-encoding")
"""Headers that the sender sets itself; another value would break the signature or the request."""

SHORTEST_SECRET = 4
"""Characters of the shortest part of a secret that is masked: shorter parts occur in any text."""


class Webhook(BaseModel):
    """A receiver of notifications by HTTP."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: SecretStr = Field(description="The http(s) URL for POSTs. Many receivers use a secret URL, so it is masked.")
    signature_key: SecretStr = Field(description=f"The key of Standard Webhooks that signs them, `{PREFIX}…`.")
    kinds: frozenset[NotificationKind] | None = Field(None, description="The kinds that it receives. Default: all.")
    assignees: frozenset[str] | None = Field(
        None,
        description="The teams whose input requests and failed processes it receives. Default: all.",
    )
    headers: dict[str, SecretStr] = Field({}, description="More headers to send, such as a credential.")
    allow_private: bool = Field(
        False, description="Allow a private, loopback or link-local address, which is refused otherwise."
    )

    @field_validator("url")
    @classmethod
    def _reachable(cls, value: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(value.get_secret_value())
            is_valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_valid = False
        if not is_valid:
            raise ValueError("is not an http(s) URL; it looks like https://receiver.example/hook")
        if parts.username is not None or parts.password is not None:
            raise ValueError("holds a user or a password; give them as an Authorization header")
        return value

    @field_validator("signature_key")
    @classmethod
    def _key(cls, value: SecretStr) -> SecretStr:
        decoded_key(value)
        return value

    @field_validator("headers")
    @classmethod
    def _harmless(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, content in value.items():
            if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or name.lower().startswith(_OURS):
                raise ValueError(f"{name!r} cannot be set")
            if not re.fullmatch(r"[\x20-\x7e]*", content.get_secret_value()):
                raise ValueError(f"the value of {name!r} is not of printable ASCII")
        return value

    @property
    def key(self) -> bytes:
        """The bytes of the signature key."""
        return decoded_key(self.signature_key)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets that a receiver may repeat in its response, to mask there; also parts, such as the path alone."""
        values = [secret.get_secret_value() for secret in (self.url, self.signature_key, *self.headers.values())]
        url = urlsplit(values[0])
        places = [f"{url.path}?{url.query}", url.path, url.path.rstrip("/").rpartition("/")[2]]
        places += [value for _, value in parse_qsl(url.query)]
        words = [value.rpartition(" ")[2] for value in values[2:]]  # a credential without its scheme
        parts = [part for part in places + words if len(part) >= SHORTEST_SECRET]
        return tuple(dict.fromkeys(value for value in values + parts if value))


class Smtp(BaseModel):
    """The mail server (SMTP) that sends mails to teams."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field(description="The host of the mail server.", min_length=1)
    port: int = Field(587, description="The port of the mail server.", ge=1, le=65535)
    sender: EmailStr = Field(description="The address that mails come from.")
    user: str | None = Field(None, description="The user to sign in; without a user there is no sign-in.")
    password: SecretStr | None = Field(None, description="The password of the user.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection is encrypted. A server that cannot do it gets no mail."
    )
