"""The actions on a process that the caller may take now: the same rules decide about them as about the mutations."""

import asyncio

from orchestrator_gql.graphql.context import Info
from orchestrator_gql.process import Process, ProcessAction
from orchestrator_gql.reads import input_requests as input_request_reads
from orchestrator_gql.reads import processes as process_reads
from orchestrator_gql.storage.callback_attempts import KEPT_ATTEMPTS
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.types import InputRequestStatus, ProcessStatus


async def offered_actions(info: Info, process: Process) -> list[ProcessAction]:
    """The actions in a fixed order. The rows of many processes cost one read of each kind."""
    actions = await process_reads.available_actions(info.context.runtime, info.context.principal, process)
    without = await _without_object(info, process, actions)
    if ProcessAction.SUBMIT_FORM in actions and not await _may_decide(info, process):
        without.add(ProcessAction.SUBMIT_FORM)
    refused = process_reads.REFUSED_WHILE_PAUSED
    if refused.intersection(actions) and (await info.context.loaders.engine.load(None)).is_paused:
        without |= refused
    return [action for action in actions if action not in without]


async def _may_decide(info: Info, process: Process) -> bool:
    """True if the caller may decide the open form of the process."""
    context, loaders = info.context, info.context.loaders
    for request in await loaders.requests.load(process.id):
        if request.status is InputRequestStatus.OPEN:
            made = [] if request.is_undecided else await loaders.decisions.load(request.id)
            refusal = await input_request_reads.refusal(context.runtime, context.principal, request, process, made)
            return refusal is None
    return False


async def _without_object(info: Info, process: Process, actions: list[ProcessAction]) -> set[ProcessAction]:
    """Those of the actions for which there is no callback without a result, or no delivery to adopt."""
    without = {ProcessAction.COMPLETE_CALLBACK, ProcessAction.ADOPT_CALLBACK_ATTEMPT}.intersection(actions)
    if not without:
        return without
    loaders, runtime = info.context.loaders, info.context.runtime
    callbacks = await loaders.callbacks.load(process.id)
    ids = process_reads.adoptable_callbacks(runtime, process, callbacks)
    if ids:
        without.discard(ProcessAction.COMPLETE_CALLBACK)
    elif process.status is ProcessStatus.RUNNING:  # its results are stored
        without.add(ProcessAction.REAWAIT_CALLBACK)
    logs = await asyncio.gather(*(loaders.attempts.load((id, PageArgs(KEPT_ATTEMPTS))) for id in ids))
    if any(attempt.is_adoptable for log in logs for _, attempt in log.page.items):
        without.discard(ProcessAction.ADOPT_CALLBACK_ATTEMPT)
    return without
