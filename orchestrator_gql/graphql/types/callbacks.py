"""The types of callbacks, their progress reports and their deliveries."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias, TypeVar
from uuid import UUID

import strawberry

from orchestrator_gql.callbacks import rules
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.redaction import Whole
from orchestrator_gql.graphql.types.callback_results import (
    INLINE,
    differences_of,
    result_of,
    secrets_of,
    without_secrets,
)
from orchestrator_gql.graphql.types.common import (
    After,
    Before,
    Connection,
    Failure,
    Last,
    Length,
    Node,
    Offset,
    ResultSlice,
    connection,
    sliced,
    text_of,
)
from orchestrator_gql.graphql.types.enums import ValidationOutcome
from orchestrator_gql.graphql.types.filters import uuid_or_nowhere
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.scalars import JSON
from orchestrator_gql.reads.callbacks import Log, earlier_results, failure_of
from orchestrator_gql.reads.processes import adoptable_callbacks
from orchestrator_gql.storage.callback_attempts import Attempt
from orchestrator_gql.storage.callback_progress import Progress
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import AttemptOutcome, CallbackStatus, Json, ResultSource
from orchestrator_gql.utils.errors import NotFound
from orchestrator_gql.utils.json.redaction import Shape
from orchestrator_gql.utils.json.text import PREVIEW

if TYPE_CHECKING:
    from orchestrator_gql.graphql.types.processes import Process
    from orchestrator_gql.graphql.types.steps import ProcessStep

T = TypeVar("T")
L = TypeVar("L", Attempt, Progress)


@strawberry.type(description="A progress report of a remote service about its job.")
class CallbackProgress:
    text: strawberry.Private[str | None]
    percent: float | None = strawberry.field(
        description="The progress in percent, from 0 to 100; null if it was not reported."
    )
    data: JSON | None = strawberry.field(description="Other data of the report; null if there is none.")
    reported_at: datetime = strawberry.field(description="The time when the report came in.")

    @classmethod
    def of(cls, report: Json) -> "CallbackProgress":
        at = datetime.fromisoformat(report["reported_at"])
        return cls(percent=report["percent"], text=report["message"], data=report["data"], reported_at=at)

    @classmethod
    def logged(cls, row: Progress) -> "CallbackProgress":
        return cls(percent=row.percent, text=row.message, data=row.data, reported_at=row.at)

    @resolved(description="The message for people; null if it was not reported.")
    def message(self, info: Info) -> str | None:
        return shown_text(info, self.text)


@strawberry.type(description="The decision of the validation step about the result.")
class CallbackValidation:
    text: strawberry.Private[str | None]
    outcome: ValidationOutcome = strawberry.field(description="Whether the result was accepted or rejected.")
    details: JSON | None = strawberry.field(description="Data that the validation step added; null if there is none.")
    validated_at: datetime = strawberry.field(description="The time of the validation.")

    @classmethod
    def of(cls, stored: Json) -> "CallbackValidation":
        return cls(
            outcome=ValidationOutcome(stored["outcome"]),
            text=stored.get("message"),
            details=stored.get("details"),
            validated_at=datetime.fromisoformat(stored["validated_at"]),
        )

    @resolved(description="The reason for a rejection; null if the step gave none.")
    def message(self, info: Info) -> str | None:
        return shown_text(info, self.text)


async def _adoptable_callbacks(info: Info, callback_id: UUID) -> frozenset[UUID]:
    """The callbacks of the process of this callback whose deliveries can be adopted now."""
    loaders = info.context.loaders
    callback = await loaders.callback.load(callback_id)
    process = await loaders.process.load(callback.process_id) if callback else None
    if process is None:
        return frozenset()
    return adoptable_callbacks(info.context.runtime, process, await loaders.callbacks.load(process.id))


Body: TypeAlias = bytes | None
"""The name `bytes` is a field of the class below."""


@strawberry.type(description="One delivery to the URL of a callback, and its outcome.")
class CallbackAttempt(Node):
    body: strawberry.Private[Body]
    callback_id: strawberry.Private[UUID]
    is_whole: strawberry.Private[bool]
    at: datetime = strawberry.field(description="The time when the delivery came in.")
    peer: str | None = strawberry.field(description="The network address of the sender; null if it is not known.")
    outcome: AttemptOutcome = strawberry.field(description="Whether the delivery was accepted, and if not, why.")
    bytes: int = strawberry.field(description="The size of the body in bytes.")
    is_failure_report: bool = strawberry.field(description="True if the delivery reports that the job failed.")
    replaced: list[str] = strawberry.field(
        description="The changes that adopting the delivery would make to its body, described in words. JSON text may "
        "contain values that no database can store."
    )
    receipt: str | None = strawberry.field(
        description="The receipt that the sender got; null if the delivery was refused."
    )
    error: str | None = strawberry.field(
        description="The reason for the refusal; null if the delivery was not refused."
    )

    @classmethod
    def of(cls, row: Attempt) -> "CallbackAttempt":
        return cls(
            id=strawberry.ID(str(row.id)),
            at=row.at,
            peer=row.peer,
            outcome=row.outcome,
            bytes=row.size,
            body=row.body,
            callback_id=row.callback_id,
            is_whole=(replaced := row.replaced) is not None,
            is_failure_report=row.is_failure,
            replaced=list(replaced or ()),
            receipt=row.receipt,
            error=row.error,
        )

    @resolved(
        description="True if `adoptCallbackAttempt` can make the body the result now: the whole body is stored, and "
        "the process waits for a result or can take another."
    )
    async def is_adoptable(self, info: Info) -> bool:
        return self.is_whole and self.callback_id in await _adoptable_callbacks(info, self.callback_id)

    @resolved(description="The beginning of the body of a refused delivery; null if the body is not stored.")
    async def body_preview(self, info: Info) -> str | None:
        if self.body is None:
            return None
        callback = await info.context.loaders.callback.load(self.callback_id)
        return await shown_piece(info, callback, self.body[:PREVIEW].decode("utf-8", "replace"))


@strawberry.type(
    description="A callback: the wait of a step for one result of a remote service. The token and the URL are never "
    "shown: only the action knows them."
)
class Callback(Node):
    row: strawberry.Private[rules.Callback]
    name: str | None = strawberry.field(
        description="The name of the callback, if its step waits for several callbacks; else null."
    )
    status: CallbackStatus = strawberry.field(description="The status of the callback.")
    service: str | None = strawberry.field(
        description="The configured remote service that must answer; null if its step names none."
    )
    token_hint: str = strawberry.field(description="The last four characters of the token, to distinguish callbacks.")
    issued_at: datetime = strawberry.field(description="The time when the URL was created.")
    expires_at: datetime | None = strawberry.field(description="The deadline for the result; null if there is none.")
    heartbeat_due_at: datetime | None = strawberry.field(
        description="The deadline for the next progress report; null if no reports are required."
    )
    received_at: datetime | None = strawberry.field(
        description="The time when the result was accepted; null before that."
    )
    source: ResultSource | None = strawberry.field(
        description="The way in which the result, or the failure that ended the wait, came in; null before that."
    )
    round: int = strawberry.field(
        description="The issue number: 1 for the first callback, 2 after the first reissue, and so on."
    )
    is_early: bool = strawberry.field(
        description="True if the result came before the process waited for it, or while the engine was paused."
    )
    is_overdue: bool = strawberry.field(description="True if the callback is still open after its deadline.")
    progress: CallbackProgress | None = strawberry.field(description="The last progress report; null if there is none.")
    result_bytes: int | None = strawberry.field(
        description="The size of the result in bytes; null if there is no result."
    )
    is_truncated: bool = strawberry.field(
        description="True if the result is larger than 64 KiB; then `result` is null and `resultText` returns it in "
        "parts."
    )
    validation: CallbackValidation | None = strawberry.field(
        description="The outcome of the validation; null before that."
    )
    contract: JSON | None = strawberry.field(
        description="The JSON Schema of a valid result; null if the step accepts any JSON value."
    )

    @classmethod
    def of(cls, row: rules.Callback, now: datetime) -> "Callback":
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            name=row.name,
            status=row.status,
            service=row.service,
            token_hint=row.token_hint,
            issued_at=row.issued_at,
            expires_at=row.expires_at,
            heartbeat_due_at=row.heartbeat_due_at,
            received_at=row.received_at,
            source=row.source,
            round=row.issue_number,
            is_early=row.is_early,
            is_overdue=row.is_open and row.deadline(now) is not None,
            progress=CallbackProgress.of(row.progress) if row.progress else None,
            result_bytes=row.result_bytes,
            is_truncated=(row.result_bytes or 0) > INLINE,
            validation=CallbackValidation.of(row.validation) if row.validation else None,
            contract=Shape(row.contract) if isinstance(row.contract, dict) else row.contract,
        )

    @resolved(description="The process that waits for the result.")
    async def process(
        self, info: Info
    ) -> Annotated["Process", strawberry.lazy("orchestrator_gql.graphql.types.processes")]:
        from orchestrator_gql.graphql.types.processes import Process

        return await Process.found(info, self.row.process_id)

    @resolved(description="The step that waits for the result.")
    async def step(
        self, info: Info
    ) -> Annotated["ProcessStep", strawberry.lazy("orchestrator_gql.graphql.types.steps")]:
        from orchestrator_gql.graphql.types.steps import ProcessStep

        return await ProcessStep.at(info, self.row.process_id, self.row.step_index)

    @resolved(description="The id that the remote service itself gave its job; null if the action returned none.")
    def external_id(self, info: Info) -> str | None:
        return shown_text(info, self.row.remote_ref)

    @resolved(
        description="The reason why there is no good result: the remote service reported a failure, the deadline or "
        "the heartbeat passed, or the validation step rejected the result; null otherwise."
    )
    async def failure(self, info: Info) -> Failure | None:
        return Failure.of(failure_of(self.row, await secrets_of(info, self.row)), info.context)

    @resolved(
        description="The accepted result; null if there is none or it is larger than 64 KiB. `resultText` returns a "
        "larger result in parts."
    )
    async def result(self, info: Info) -> JSON | None:
        return await result_of(info, self.row)

    @resolved(description="The beginning of the result as JSON text; null if there is no result.")
    async def result_preview(self, info: Info) -> str | None:
        return await shown_piece(info, self.row, self.row.result_preview)

    @resolved(description="A part of the result as JSON text; null if there is no result.")
    async def result_text(self, info: Info, offset: Offset = 0, length: Length = 65536) -> ResultSlice | None:
        text = await info.context.loaders.payload.load(self.row.payload_id) if self.row.payload_id else None
        if text is None:
            return None
        secrets = await secrets_of(info, self.row)
        text = await asyncio.to_thread(without_secrets, secrets, self.row.contract, text)
        return sliced(await text_of(info, Whole(text)), offset, length)

    @resolved(
        description="The callbacks with an earlier result to compare the result with, the newest first; at most ten. "
        "They belong to the same process, such as to its dry run, or to the same step of the last ten earlier "
        "processes of the workflow on the same product subscription. They have the same name."
    )
    async def earlier_results(self, info: Info) -> list["Callback"]:
        context, now = info.context, info.context.runtime.clock.now()
        return [Callback.of(row, now) for row in await earlier_results(context.reading, context.principal, self.row)]

    @resolved(
        description="The differences between the result of another callback and this result, in the form of "
        "`ProductSubscription.changes`: each `path` begins with `result`. Null if there is no such callback, or if one "
        "of the results is missing or larger than 64 KiB."
    )
    async def diff_against(
        self,
        info: Info,
        callback_id: Annotated[
            strawberry.ID, strawberry.argument(description="The id of the callback with the old result.")
        ],
    ) -> JSON | None:
        other = await info.context.loaders.callback.load(uuid_or_nowhere(callback_id))
        return await differences_of(info, other, self.row)

    @resolved(
        description="The progress reports, the oldest first. The newest 1,000 are stored; `totalCount` counts all."
    )
    async def progress_log(
        self,
        info: Info,
        first: Annotated[
            int | None,
            strawberry.argument(description="The largest number of entries to return; at most 200. Default: 100."),
        ] = 100,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[CallbackProgress]:
        log = await info.context.loaders.progress.load((self.row.id, PageArgs(first, after, last, before)))
        return _log_connection(log, CallbackProgress.logged)

    @resolved(
        description="The deliveries, accepted or refused, the oldest first. The newest 20 are stored; `totalCount` "
        "counts all."
    )
    async def attempts(
        self,
        info: Info,
        first: Annotated[
            int | None,
            strawberry.argument(description="The largest number of entries to return; at most 200. Default: 20."),
        ] = 20,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[CallbackAttempt]:
        log = await info.context.loaders.attempts.load((self.row.id, PageArgs(first, after, last, before)))
        return _log_connection(log, CallbackAttempt.of)


def shown_text(info: Info, text: str | None) -> str | None:
    """The text without its secrets, or an awaitable of it for the executor if it is long."""
    return info.context.redacted(text) if text else text


async def shown_piece(info: Info, row: rules.Callback | None, text: str | None) -> str | None:
    """The beginning of a delivery without the secrets of its process, even if the text ends inside a secret."""
    if not text or row is None:
        return text
    return await text_of(info, (await secrets_of(info, row)).text(text))


def _log_connection(log: Log[L], show: Callable[[L], T]) -> Connection[T]:
    return connection(log.page, show, log.total)


async def callback_by_id(info: Info, id: str) -> "Callback":
    """The callback with this id; raises `NotFound`."""
    row = await info.context.loaders.callback.load(UUID(id))
    if row is None:
        raise NotFound("callback", id)
    return Callback.of(row, info.context.runtime.clock.now())
