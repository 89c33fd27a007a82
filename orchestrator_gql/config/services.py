"""The settings of remote services, and how each must authenticate its callbacks."""

import base64
import binascii
import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from orchestrator_gql.config.addresses import plain_address

PREFIX = "whsec_"
"""The prefix of a Standard Webhooks key; the rest is base64."""

SHORTEST_KEY = 24
"""Bytes of the shortest key that Standard Webhooks allows; a shorter key can be guessed from one signature."""


class Service(BaseModel):
    """A remote service. Without any credential it is only a name, which separates its jobs from those of others."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    credential_sha256: str | None = Field(
        None,
        description="The SHA-256, in hex, of the bearer token that the service sends when it delivers by its own "
        "job id.",
    )
    signature_keys: tuple[SecretStr, ...] = Field(
        (), description="Keys of Standard Webhooks, `whsec_…`; a signature by any of them is valid."
    )
    addresses: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="Networks that the service calls from, such as `192.0.2.0/24`."
    )

    @field_validator("credential_sha256")
    @classmethod
    def _digest(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch("[0-9a-fA-F]{64}", value):
            raise ValueError("is not a SHA-256: give 64 hex digits, as `printf %s CREDENTIAL | sha256sum` prints them")
        return value.lower() if value else value

    @field_validator("signature_keys")
    @classmethod
    def _keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in value:
            decoded_key(key)
        return value

    @property
    def keys(self) -> Sequence[bytes]:
        """The bytes of the active keys."""
        return [decoded_key(key) for key in self.signature_keys]

    @property
    def is_demanding(self) -> bool:
        """True if the service must show more than the token in its URL."""
        return bool(self.signature_keys or self.addresses or self.credential_sha256)

    @property
    def method(self) -> str:
        """The method in the audit log of a delivery by job id."""
        return "rest/signature" if self.signature_keys else "rest/credential"

    def calls_from(self, peer: str | None) -> bool:
        """Return whether the peer's address is allowed: in the service's networks, or any if it has none."""
        if not self.addresses:
            return True
        try:
            address = plain_address(peer or "")  # a socket for IPv4 and IPv6 shows an IPv4 peer as mapped
        except ValueError:
            return False
        return any(address in network for network in self.addresses)


def decoded_key(key: SecretStr) -> bytes:
    """Return the bytes of a Standard Webhooks key; raises `ValueError` if it is invalid or too short."""
    try:
        decoded = base64.b64decode(key.get_secret_value().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"holds a key that is not base64: a key looks like {PREFIX}…") from None
    if len(decoded) < SHORTEST_KEY:
        raise ValueError(f"holds a key of {len(decoded)} bytes; {SHORTEST_KEY} are the least that is safe")
    return decoded
