"""The errors of the way in which a request came: from where, to which host, as which media type, and how often.

OrchestratorError
├── RateLimited                 too many wrong credentials or URLs came from one address
├── AddressForbidden            the caller's address is not an address of the remote service
├── ServerBusy                  the server has too much to do at once
└── Invalid
    ├── UnsupportedMediaType    a body of an unsupported content type
    ├── HostInvalid             the Host header is missing, repeated or invalid
    └── HostUnknown             the Host header names another server
"""

from typing import ClassVar

from orchestrator_gql.utils.errors import Invalid, OrchestratorError


class RateLimited(OrchestratorError):
    """Too many wrong credentials or URLs came from your address: wait a minute. Right ones are still accepted."""

    code = "rate-limited"
    retry_after: ClassVar[int] = 60
    """Seconds after which the caller may try again."""


class AddressForbidden(OrchestratorError):
    """This callback accepts no delivery from your address."""

    code = "forbidden-address"


class ServerBusy(OrchestratorError):
    """The server has too many connections, exports or verifications of the audit log, or new documents: try later."""

    code = "server-busy"


class UnsupportedMediaType(Invalid):
    """The content type of the body is not supported here."""

    code = "unsupported-media-type"


class HostInvalid(Invalid):
    """The Host header is missing, repeated or not a host: send the host of the URL once."""

    code = "host-invalid"


class HostUnknown(Invalid):
    """This server has another name: use the host of ORCHESTRATOR_PUBLIC_URL, or set ORCHESTRATOR_ALLOWED_HOSTS."""

    code = "host-unknown"
