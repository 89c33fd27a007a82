"""A callback as a test plays its remote service: it was handed a URL, and answers early, twice, late or never."""

from dataclasses import dataclass, field
from uuid import UUID

from orchestrator_gql.callbacks import rules, urls
from orchestrator_gql.callbacks.progress import read_report
from orchestrator_gql.callbacks.rules import Receipt
from orchestrator_gql.commands.callback_deliveries import fail_callback, receive_callback, receive_report
from orchestrator_gql.engine.callbacks.deliveries import Address
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import callbacks
from orchestrator_gql.types import Json
from orchestrator_gql.utils.tokens import digest


@dataclass(frozen=True, slots=True, eq=False)
class Callback:
    """One URL that an action was handed; ``step`` is the action's name, ``route`` the path of the URL, and ``name`` the
    callback's own where the step expects several.

    The three verbs raise what a remote service would be refused with: `CallbackConflict` (another answer came first),
    `CallbackClosed` (expired or withdrawn) and, for an answer that breaks the contract or the rules of JSON,
    `PayloadInvalid`.
    """

    step: str
    name: str | None
    process_id: UUID
    route: str = field(repr=False)
    _runtime: Runtime = field(repr=False)

    @property
    def token(self) -> str:
        """The secret at the end of the URL."""
        return self.route.rpartition("/")[2]

    @property
    def url(self) -> str:
        """The absolute URL, as ``callback_url`` is."""
        return urls.url(self._runtime.settings.base_url, self.route)

    async def answer(self, result: Json) -> Receipt:
        """Deliver the result; the same one again has the same receipt, and ``is_duplicate``."""
        return await receive_callback(self._runtime, token=self.token, payload=result)

    async def report(self, progress: Json) -> Receipt:
        """Say how far the job is: a text, or an object such as ``{"percent": 40, "message": "…"}``."""
        return await receive_report(self._runtime, Address(self.token), read_report(progress))

    async def fail(
        self, message: str, *, code: str = "failed-by-remote", details: Json = None, is_retryable: bool = False
    ) -> Receipt:
        """Say that the job failed."""
        return await fail_callback(
            self._runtime, token=self.token, code=code, message=message, details=details, is_retryable=is_retryable
        )

    async def stored(self) -> rules.Callback:
        """What became of it so far: ``status``, ``expires_at``, ``is_early``, ``progress`` (the latest) and more."""
        key = digest(self.token)
        found = await self._runtime.database.read(lambda conn: callbacks.of_key(conn, self.process_id, key))
        assert found is not None, "its key is stored before an action is handed the URL"
        return found
