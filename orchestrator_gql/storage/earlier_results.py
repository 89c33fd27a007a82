"""Finds the results with which a person compares the result of a callback."""

from sqlalchemy import Connection, select

from orchestrator_gql.callbacks.rules import WITH_RESULT, Callback
from orchestrator_gql.storage.callbacks import callback_in
from orchestrator_gql.storage.tables import callbacks, process_subscriptions, processes

RUNS = 10
"""The earlier processes whose results are looked for."""

MOST = 10
"""The most callbacks that are returned."""


def earlier_results(conn: Connection, callback: Callback) -> list[Callback]:
    """The callbacks with an earlier result of the same kind, the newest first; at most `MOST`.

    They are those of the same name in the process itself, such as of its dry run; and those of the same step and name
    in the last `RUNS` earlier processes of the same workflow on the same product subscription.
    """
    c, links = callbacks.c, process_subscriptions.c
    earlier, own = process_subscriptions.alias(), processes.alias()
    subscriptions = select(links.subscription_id).where(links.process_id == callback.process_id)
    name_of_workflow = select(own.c.workflow_name).where(own.c.id == callback.process_id).scalar_subquery()
    runs = (
        select(processes.c.id)
        .join(earlier, earlier.c.process_id == processes.c.id)
        .where(
            earlier.c.subscription_id.in_(subscriptions),
            earlier.c.process_id < callback.process_id,  # an id begins with the time
            processes.c.workflow_name == name_of_workflow,
        )
        .distinct()
        .order_by(processes.c.id.desc())
        .limit(RUNS)
    )
    has_result = (c.name.is_not_distinct_from(callback.name), c.status.in_(WITH_RESULT))
    in_process = select(callbacks).where(c.process_id == callback.process_id, c.id < callback.id, *has_result)
    in_runs = select(callbacks).where(c.process_id.in_(runs), c.step_index == callback.step_index, *has_result)
    found: list[Callback] = []
    for query in (in_process, in_runs):
        rows = conn.execute(query.order_by(c.id.desc()).limit(MOST - len(found))).mappings()
        found += [callback_in(row) for row in rows]
    return found
