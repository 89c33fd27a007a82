"""Who a deployment knows: teams that answer forms, roles and what they allow, and tokens by which machines sign in."""

import re
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, EmailStr, Field, field_validator

from orchestrator_gql.types import Permission

ROLES: Mapping[str, frozenset[Permission]] = {
    "viewer": frozenset({Permission.READ}),
    "operator": frozenset(
        {
            Permission.READ,
            Permission.START_WORKFLOW,
            Permission.SUBMIT_FORM,
            Permission.RETRY,
            Permission.ABORT,
            Permission.RECOVER_CALLBACK,
        }
    ),
    "auditor": frozenset({Permission.READ, Permission.READ_AUDIT}),
    "admin": frozenset(Permission),
}
"""The roles that there are without any configuration."""


class Team(BaseModel):
    """A team that answers forms. Without users, groups and tokens it is open to everybody who may submit forms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(description="What workflows call it: `Assignee(KEY)`.", min_length=1, max_length=100)
    name: str | None = Field(None, description="What people call it. Default: the key.")
    users: tuple[str, ...] = Field((), description="The ids of its members.")
    groups: tuple[str, ...] = Field((), description="Groups of the sign-in whose members are its members.")
    email: EmailStr | None = Field(None, description="Where it is told of what waits for it.")

    @property
    def called(self) -> str:
        """What people call it."""
        return self.name or self.key


class ApiToken(BaseModel):
    """A token by which a machine, or a person at a terminal, signs in: `Authorization: Bearer TOKEN`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(description="Who it is: the id in decisions and in the audit log.", min_length=1, max_length=200)
    sha256: str = Field(description="The SHA-256 of the token, in hex: `printf %s TOKEN | sha256sum`.")
    roles: tuple[str, ...] = Field((), description="What it may do: names of roles.")
    teams: tuple[str, ...] = Field((), description="The keys of the teams that it belongs to.")
    email: EmailStr | None = Field(None, description="Where it is reached.")

    @field_validator("sha256")
    @classmethod
    def _digest(cls, value: str) -> str:
        if not re.fullmatch("[0-9a-fA-F]{64}", value):
            raise ValueError("is no SHA-256: give 64 hex digits, as `printf %s TOKEN | sha256sum` prints them")
        return value.lower()
