"""Remote services that a deployment knows, and what each must show before its callbacks are taken."""

import base64
import binascii
import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

PREFIX = "whsec_"
"""What a key of Standard Webhooks begins with; the rest is base64."""

SHORTEST_KEY = 24
"""Bytes, as Standard Webhooks asks for; a shorter key can be guessed from one signature."""


class Service(BaseModel):
    """One remote service. Without any demand it is just a name, by which its jobs are told apart from another's."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    credential_sha256: str | None = Field(
        None,
        description="The SHA-256, in hex, of the credential that the service sends as a bearer token where it answers "
        "by its own job id.",
    )
    signature_keys: tuple[SecretStr, ...] = Field(
        (), description="Keys of Standard Webhooks, `whsec_…`; while two are active, either is right."
    )
    addresses: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="Networks that the service calls from, such as `192.0.2.0/24`."
    )

    @field_validator("credential_sha256")
    @classmethod
    def _digest(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch("[0-9a-fA-F]{64}", value):
            raise ValueError("is no SHA-256: give 64 hex digits, as `printf %s CREDENTIAL | sha256sum` prints them")
        return value.lower() if value else value

    @field_validator("signature_keys")
    @classmethod
    def _keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in value:
            decoded_key(key)
        return value

    @property
    def keys(self) -> Sequence[bytes]:
        """The active keys."""
        return [decoded_key(key) for key in self.signature_keys]

    @property
    def is_demanding(self) -> bool:
        """True where the service must show more than the token in its URL."""
        return bool(self.signature_keys or self.addresses or self.credential_sha256)

    def calls_from(self, peer: str | None) -> bool:
        """True where the peer's address is one of the service's, or any is."""
        if not self.addresses:
            return True
        try:
            address: Any = ip_address(peer or "")
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped  # how a socket of both families sees an IPv4 peer
        return any(address in network for network in self.addresses)


def decoded_key(key: SecretStr) -> bytes:
    """The bytes of a key of Standard Webhooks; `ValueError` where it is none, or too short."""
    try:
        decoded = base64.b64decode(key.get_secret_value().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"holds a key that is no base64: it looks like {PREFIX}…") from None
    if len(decoded) < SHORTEST_KEY:
        raise ValueError(f"holds a key of {len(decoded)} bytes; {SHORTEST_KEY} are the least that is safe")
    return decoded
