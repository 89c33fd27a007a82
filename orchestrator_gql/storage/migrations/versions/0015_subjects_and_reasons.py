"""The subjects of processes and the reasons of their failures, for lists; indexes for filters and statistics.

A process of before has the description of its product subscription as its subject, or its first answers, or the name
of its workflow. Secret answers were stored as masks; the keys that are secret by default are left out too.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from orchestrator_gql.config.settings import Settings
from orchestrator_gql.process.subject import subject_by_answers, subject_by_text
from orchestrator_gql.storage import columns
from orchestrator_gql.storage.failure_reasons import reason_columns
from orchestrator_gql.utils.json.redaction import Redactor
from orchestrator_gql.utils.secrets import Secrets

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

processes = sa.table(
    'processes',
    sa.column('id', sa.Uuid),
    sa.column('workflow_name', sa.Text),
    sa.column('start_pages', columns.JsonText),
    sa.column('secrets', columns.JsonText),
    sa.column('failure', columns.FailureText),
    sa.column('subject', columns.Words),
    sa.column('failure_code', columns.Words),
    sa.column('failure_message', columns.Words),
)
links = sa.table('process_subscriptions', sa.column('process_id', sa.Uuid), sa.column('subscription_id', sa.Uuid))
subscriptions = sa.table('product_subscriptions', sa.column('id', sa.Uuid), sa.column('description', columns.Words))

BATCH = 1000


def upgrade() -> None:
    op.add_column('processes', sa.Column('subject', columns.Words(), nullable=False, server_default=''))
    op.add_column('processes', sa.Column('failure_code', columns.Words(), nullable=True))
    op.add_column('processes', sa.Column('failure_message', columns.Words(), nullable=True))
    _fill(op.get_bind())
    for name, where, *names in (
        ('ix_processes_created_by_started_at', 'created_by IS NOT NULL', 'created_by', 'started_at', 'id'),
        ('ix_processes_assignee_started_at', 'assignee IS NOT NULL', 'assignee', 'started_at', 'id'),
        ('ix_processes_ended_at', 'ended_at IS NOT NULL', 'ended_at', 'status', 'started_at'),
        ('ix_processes_failed_at', "status = 'FAILED'", 'status', 'updated_at', 'workflow_name', 'failure_code'),
    ):
        op.create_index(name, 'processes', names, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _fill(conn: sa.Connection) -> None:
    redact = Redactor(Settings.model_fields['redact'].default)
    change = (
        sa.update(processes)
        .where(processes.c.id == sa.bindparam('b_id'))
        .values({name: sa.bindparam(name) for name in ('subject', 'failure_code', 'failure_message')})
    )
    for rows in _batches(conn):
        described = _descriptions(conn, [row.id for row in rows])
        conn.execute(change, [{'b_id': row.id, **_values(row, described.get(row.id), redact)} for row in rows])


def _values(row: Any, description: str | None, redact: Redactor) -> dict[str, Any]:
    answers = subject_by_answers(row.start_pages, redact, ignored=('subscription_id', 'product'))
    subject = Secrets.read(row.secrets).text(subject_by_text([description, answers, row.workflow_name], redact))
    return {'subject': subject, **reason_columns(row.failure)}


def _batches(conn: sa.Connection) -> Iterator[list[Any]]:
    c = processes.c
    after: Any = None
    while True:
        query = sa.select(c.id, c.workflow_name, c.start_pages, c.secrets, c.failure).order_by(c.id).limit(BATCH)
        rows = list(conn.execute(query if after is None else query.where(c.id > after)))
        if not rows:
            return
        yield rows
        after = rows[-1].id


def _descriptions(conn: sa.Connection, ids: list[Any]) -> dict[Any, str]:
    """The description of a product subscription of each process that has one."""
    query = sa.select(links.c.process_id, subscriptions.c.description).join(
        subscriptions, subscriptions.c.id == links.c.subscription_id
    )
    found = conn.execute(query.where(links.c.process_id.in_(ids)).order_by(subscriptions.c.id.desc()))
    return {row.process_id: row.description for row in found}
