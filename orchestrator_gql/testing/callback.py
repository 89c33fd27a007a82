"""The remote service of a callback, played by a test: it got a URL, and answers early, twice, late or never."""

from dataclasses import dataclass, field
from uuid import UUID

from orchestrator_gql.callbacks import rules, urls
from orchestrator_gql.callbacks.progress import read_report
from orchestrator_gql.callbacks.rules import Receipt
from orchestrator_gql.commands.callback_deliveries import fail_callback, receive_callback, receive_report
from orchestrator_gql.engine.callbacks.deliveries import Address
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import callbacks
from orchestrator_gql.testing.sent import sent
from orchestrator_gql.types import Json
from orchestrator_gql.utils.tokens import digest


@dataclass(frozen=True, slots=True, eq=False)
class Callback:
    """One callback URL that an action received.

    ``step`` is the action's name, ``route`` the path of the URL, and ``name`` the callback's name if the step expects
    several callbacks, else None. The three verbs raise the errors of a remote service: `CallbackConflict` (another
    answer came first), `CallbackClosed` (expired or withdrawn) and `PayloadInvalid` (the answer breaks the contract or
    the rules of JSON).
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
        """The absolute URL, equal to the action's ``callback_url``."""
        return urls.url(self._runtime.settings.base_url, self.route)

    async def answer(self, result: Json) -> Receipt:
        """Deliver the result; the same result again gives the same receipt, with ``is_duplicate``."""
        return await receive_callback(self._runtime, token=self.token, payload=sent(result))

    async def report(self, progress: Json) -> Receipt:
        """Report the progress of the job: a text, or an object such as ``{"percent": 40, "message": "…"}``."""
        return await receive_report(self._runtime, Address(self.token), read_report(sent(progress)))

    async def fail(
        self, message: str, *, code: str = "failed-by-remote", details: Json = None, is_retryable: bool = False
    ) -> Receipt:
        """Report that the job failed."""
        words, facts = [str(sent(text)) for text in (code, message)], sent(details)
        return await fail_callback(
            self._runtime, token=self.token, code=words[0], message=words[1], details=facts, is_retryable=is_retryable
        )

    async def stored(self) -> rules.Callback:
        """The stored callback: ``status``, ``expires_at``, ``is_early``, ``progress`` (the latest) and more."""
        key = digest(self.token)
        callback = await self._runtime.database.read(lambda conn: callbacks.of_token_digest(conn, self.process_id, key))
        assert callback is not None, "the callback is stored before an action receives its URL"
        return callback
