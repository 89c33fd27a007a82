"""The settings of a deployment, read once from the environment."""

import re
from collections.abc import Callable
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as NotReadable

from orchestrator_gql.config import addresses, retention
from orchestrator_gql.config import database_url as database_urls
from orchestrator_gql.config.assignee import SYSTEM
from orchestrator_gql.config.notifications import Smtp, Webhook
from orchestrator_gql.config.principals import ROLES, ApiToken, Team, check_principals
from orchestrator_gql.config.retention import Retention
from orchestrator_gql.config.services import Service
from orchestrator_gql.config.sources import PREFIX, EnvironmentAndFile, misspelt
from orchestrator_gql.types import Permission
from orchestrator_gql.utils.errors import SettingsError

T = TypeVar("T")
Megabytes = 1024 * 1024
ANYBODY = "any operator"
"""The assignee `SYSTEM` for people: it needs no team, and whoever may submit forms may answer."""

SECRETS = (
    "*password*", "*passwd*", "*passphrase*", "*passcode*", "pass", "*_pass", "sshpass", "dbpass", "pwd", "*_pwd",
    "*secret*", "*private_key*", "*privatekey*", "*api_key*", "*apikey*", "*access_key*", "*accesskey*",
    "*account_key*", "*encryption_key*", "*signing_key*", "*auth_key*", "*authkey*", "*authentication_key*",
    "*shared_key*", "*sharedkey*", "*presharedkey*", "key_string", "psk", "*_psk", "*snmp*community*",
    "*community_string*", "ro_community", "rw_community", "token", "*_token", "*authtoken*", "*accesstoken*", "jwt",
    "*_jwt", "authorization", "authorization_header", "community_r?", "sessionid", "jsessionid", "phpsessid",
    "*amz_signature", "*_authorization", "cookie", "set_cookie", "*_cookie", "*credential*password*", "phash",
)  # fmt: skip


def _networks(value: object) -> object:
    entries = addresses.listed(value)
    return _each(addresses.proxy, tuple(map(str, entries))) if isinstance(entries, list | tuple) else entries


Texts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(addresses.listed)]
Networks = Annotated[tuple[addresses.Proxy, ...], NoDecode, BeforeValidator(_networks)]


class Settings(BaseSettings):
    """All settings, with defaults and meanings. The environment variables are named ``ORCHESTRATOR_…``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    settings_file: Path | None = Field(
        None,
        description="A TOML file with more settings, such as `port = 8000` or `[[teams]]`, named as here without the "
        "prefix and in lower case. A variable of the environment replaces the value of the file.",
    )

    database_url: str = Field(
        "sqlite+aiosqlite:///orchestrator.db",
        description="The database: `sqlite+aiosqlite:///FILE` or `postgresql+psycopg://…`. Everything after the third "
        "slash is the name of the SQLite file, also `#`, `?` and `%`: the URL of a file has no options.",
    )
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8000, description="The port to listen on; 0 takes a free one.")
    public_url: str | None = Field(
        None,
        description="The base of callback URLs and of all links, as remote services and people reach this server: "
        "scheme, host and, if it lies below one, a path. A proxy may remove the path or pass it on. Default: host and "
        "port.",
    )
    trusted_proxies: Networks = Field(
        (),
        description="Proxies in front of this server: addresses, networks such as `10.0.0.0/8`, or `unix` for a unix "
        "socket. If a request comes from one of them, its `X-Forwarded-For` names the client; see "
        "[behind a proxy](../howto/behind-a-proxy.md).",
    )
    callback_timeout: Annotated[float, Field(gt=0, le=3_153_600_000)] = Field(
        86400.0, description="Seconds to wait for a callback if its step sets no timeout."
    )
    max_callback_bytes: Annotated[int, Field(ge=1024)] = Field(
        10 * Megabytes, description="The largest body of a callback, in bytes."
    )
    max_answer_bytes: Annotated[int, Field(ge=64 * 1024)] = Field(
        16 * Megabytes,
        description="The largest GraphQL answer, or batch of a subscription, in bytes; see [limits](limits.md).",
    )
    max_step_bytes: Annotated[int, Field(ge=1024)] = Field(
        Megabytes, description="The largest change of the state by one step, in bytes of JSON."
    )
    step_threads: Annotated[int, Field(ge=1, le=512)] = Field(
        32,
        description="Threads that run sync steps; async steps need no thread. A thread whose step timed out and still "
        "runs is replaced, up to four times this number.",
    )
    form_timeout: Annotated[float, Field(gt=0, le=25)] = Field(
        10.0,
        description="Seconds that a form, or another function of an author that a request calls, may take; then the "
        "request gets the error `form-timeout`. See [what may block](../howto/write-steps-that-block.md).",
    )
    authors_loop: Literal["own", "server"] = Field(
        "own",
        description="Where async functions of authors run: on event loops of their own (`own`), or on the event loop "
        "of the server (`server`), where a function that blocks stops the server.",
    )
    concurrency: Annotated[int, Field(ge=1, le=10_000)] = Field(
        200, description="Processes that one worker advances at the same time."
    )
    role: Literal["all", "api", "worker"] = Field(
        "all", description="What this server does: answer requests (`api`), run steps (`worker`), or both (`all`)."
    )
    dispatcher: Literal["embedded", "distributed"] | None = Field(
        None,
        description="How workers learn that a process can continue: within this server (`embedded`), or by a queue in "
        "PostgreSQL that all servers share (`distributed`). Default: `distributed` on PostgreSQL.",
    )
    lease: Annotated[float, Field(gt=0, le=86400)] = Field(
        30.0, description="Seconds without a heartbeat after which other workers take over the processes."
    )
    heartbeat: Annotated[float, Field(gt=0)] = Field(
        5.0, description="Seconds between two heartbeats, which renew the leases; at most half of a lease."
    )
    grace: Annotated[float, Field(ge=0)] = Field(
        30.0, description="Seconds that running steps have to finish after SIGTERM."
    )
    misses_per_minute: Annotated[int, Field(ge=1)] = Field(
        60,
        description="Wrong tokens of users, callback URLs, and receipts that one address may try in a minute, each "
        "kind for itself; then the answer is 429. Right ones are always accepted.",
    )
    max_waiting_bytes: Annotated[int, Field(ge=Megabytes)] = Field(
        64 * Megabytes,
        description="The bytes that may wait for slow clients in total; half of them may wait for one client. If more "
        "wait, the slowest clients are disconnected.",
    )
    slow_reader_timeout: Annotated[float, Field(gt=0, le=3600)] = Field(
        30.0, description="Seconds after which a client is disconnected if it takes none of the bytes that wait for it."
    )
    is_development: bool | None = Field(
        None,
        description="Offer GraphiQL and introspection. Default: on if the server listens on loopback only and nobody "
        "has to sign in.",
    )
    allowed_origins: Texts = Field(
        (),
        description="Origins of other pages that may use the GraphQL API (CORS, WebSocket, queries by GET), besides "
        "the server's own.",
    )
    allows_get_queries: bool = Field(
        False,
        description="Answer GraphQL queries, and subscriptions as server-sent events, by GET too, for clients such as "
        "urql with its default settings and a browser's `EventSource`. Mutations are always sent by POST.",
    )
    allowed_hosts: Texts = Field(
        (),
        description="Names that the Host header may contain, besides the host of the public URL and loopback; "
        "`*.example.com` allows all names below. Callbacks and receipts are accepted with any Host header.",
    )
    services: dict[str, Service] = Field(
        {},
        description="Remote services by name, as JSON: how each must authenticate its callbacks; see "
        "[how to sign callbacks](../howto/sign-callbacks.md).",
    )
    teams: tuple[Team, ...] = Field(
        (), description="The teams that answer forms, as JSON; see [approvals](../howto/approvals.md)."
    )
    roles: dict[str, frozenset[Permission]] = Field(
        {},
        description="Roles and their permissions, as JSON, besides `viewer`, `operator`, `auditor` and `admin`; a role "
        "with one of these names replaces it.",
    )
    api_tokens: tuple[ApiToken, ...] = Field(
        (),
        description="Tokens with which machines and people sign in, as JSON; see "
        "[approvals](../howto/approvals.md). If there are any, callers without a token can only deliver callbacks, "
        "and the server may listen on any address. A token may have an `expires_at`.",
    )
    webhooks: dict[str, Webhook] = Field(
        {},
        description="Receivers of notifications about open forms and failed processes by HTTP, by name, as JSON; see "
        "[notifications](../howto/notifications.md).",
    )
    smtp: Smtp | None = Field(
        None,
        description="The mail server, as JSON: teams with an address get mails about their open forms; see "
        "[notifications](../howto/notifications.md).",
    )
    audit_key: SecretStr | None = Field(
        None,
        min_length=16,
        description="A secret that seals the audit log, so that nobody without it can forge an entry. Set it before "
        "the first start, and keep it: entries with another key, or without a key, count as forged.",
    )
    retention_days: Annotated[Retention | None, NoDecode, BeforeValidator(retention.read)] = Field(
        None,
        description="Days for which ended processes are kept: a number, or JSON by target and status such as "
        '`{"VALIDATE": 7, "default": 365}`; see [retention](../howto/retention.md). Default: everything is kept.',
    )
    redact: tuple[str, ...] = Field(
        SECRETS,
        description="Keys whose values are masked in results, states and forms: patterns such as `*password*`, as a "
        "JSON list. `access_token` also means `accessToken` and `X-Access-Token`. In texts, such values are masked in "
        "device configuration lines and command options too. Properties that contracts mark as secret are added.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The lowest level of log lines."
    )
    log_format: Literal["text", "json"] = Field("text", description="Log lines: text, or a JSON object a line.")
    dashboard: Path | None = Field(
        None, description="The folder of the built dashboard. Default: the dashboard in the package."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the arguments first, then the environment and its file."""
        return (init_settings, EnvironmentAndFile(settings_cls, env_settings))

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        return database_urls.checked(value)

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        return None if value is None else addresses.public_url(value)

    @field_validator("host")
    @classmethod
    def _listens(cls, value: str) -> str:
        return addresses.listening_host(value)

    @field_validator("allowed_hosts")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _each(addresses.allowed_host, value)

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _each(addresses.origin, value)

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        check_principals(self.api_tokens, self.teams, self.permissions_of)
        if self.heartbeat * 2 > self.lease:
            raise ValueError(
                "ORCHESTRATOR_HEARTBEAT: must be at most half of ORCHESTRATOR_LEASE, or leases run out between two "
                "renewals and steps run twice"
            )
        if self.is_sqlite and self.is_distributed:
            raise ValueError(
                "ORCHESTRATOR_DISPATCHER: 'distributed' needs PostgreSQL; name one in ORCHESTRATOR_DATABASE_URL"
            )
        if self.role == "worker" and self.public_url is None:
            raise ValueError("ORCHESTRATOR_PUBLIC_URL: a worker needs the URL of the API servers for callbacks")
        if self.role != "all" and not self.is_distributed:
            raise ValueError(
                f"ORCHESTRATOR_ROLE: {self.role!r} needs servers that share the work: PostgreSQL with the distributed "
                "dispatcher. With SQLite, or with the embedded one, a server does 'all'"
            )
        return self

    @property
    def permissions_of(self) -> dict[str, frozenset[Permission]]:
        """The permissions of each role."""
        return {**ROLES, **self.roles}

    @cached_property
    def audit_secret(self) -> bytes | None:
        """The key of the audit log, in bytes."""
        return self.audit_key.get_secret_value().encode() if self.audit_key else None

    @property
    def has_sign_in(self) -> bool:
        """True if people must sign in."""
        return bool(self.api_tokens)

    @property
    def closed_teams(self) -> frozenset[str]:
        """The keys of the teams that have members: only their members answer for them."""
        of_tokens = {key for token in self.api_tokens for key in token.teams}
        return frozenset(team.key for team in self.teams if team.users or team.groups) | of_tokens

    def called(self, key: str) -> str:
        """Return the name for people of the team with that key: of `SYSTEM`, which needs no team, a word for it."""
        return next((team.called for team in self.teams if team.key == key), ANYBODY if key == SYSTEM.key else key)

    @property
    def is_sqlite(self) -> bool:
        """True if the database is an SQLite file."""
        return database_urls.is_sqlite(self.database_url)

    @property
    def is_distributed(self) -> bool:
        """True if the dispatcher is the queue in PostgreSQL."""
        return self.dispatcher == "distributed" if self.dispatcher else not self.is_sqlite

    @property
    def base_url(self) -> str:
        """The base of callback URLs, without a final slash."""
        return self.public_url or f"http://{addresses.bracketed(self.host)}:{self.port}"

    @property
    def base_path(self) -> str:
        """The path of the public URL, as it is written there, without a final slash; empty if it has none."""
        return addresses.path_of(self.public_url or "")

    @property
    def public_origins(self) -> tuple[str, ...]:
        """The origin of our own pages, if it is known: a proxy may pass requests on with another Host header."""
        return (self.public_url.removesuffix(self.base_path),) if self.public_url else ()

    @property
    def is_loopback(self) -> bool:
        """True if only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def offers_development(self) -> bool:
        """True if the server offers GraphiQL and introspection."""
        if self.is_development is None:
            return self.is_loopback and not self.has_sign_in
        return self.is_development


def read_settings(**overrides: object) -> Settings:
    """Return the settings of the environment; overrides that are not None replace them.

    Raises `SettingsError`, which names each wrong setting.
    """
    values = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**values)  # type: ignore[arg-type]
    except ValidationError as problem:
        lines = (f"{_name_of(error['loc'])}{_message(error)}" for error in problem.errors())
        raise SettingsError("These settings cannot work:\n  " + "\n  ".join(lines)) from None
    except NotReadable as problem:  # its message may quote a secret
        field = re.search(r'field "(\w+)"', str(problem))
        name = f"{PREFIX}{field[1].upper()}" if field else "One of them"
        raise SettingsError(f"These settings cannot work:\n  {name}: must be JSON.") from None


def _each(read: Callable[[str], T], values: tuple[str, ...]) -> tuple[T, ...]:
    """Return the result of ``read`` for each value; an error names the position, because the value may be a secret."""
    results = []
    for position, value in enumerate(values, start=1):
        try:
            results.append(read(value))
        except ValueError as problem:
            raise ValueError(f"entry {position} {problem}") from None
    return tuple(results)


def _name_of(place: tuple[int | str, ...]) -> str:
    """Return the wrong variable and the place in it; empty if variables conflict, which the message names."""
    if not place:
        return ""
    inner = ".".join(map(str, place[1:]))
    return f"{PREFIX}{str(place[0]).upper()}: " + (f"{inner}: " if inner else "")


def _message(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        return misspelt(Settings, error["loc"])
    return error["msg"].removeprefix("Value error, ")
