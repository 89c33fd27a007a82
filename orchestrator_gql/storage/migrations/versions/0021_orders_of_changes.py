"""Indexes of the filters of processes in the order of the last change, and of the statuses of other lists.

A page in this order read all young processes, an inbox of a team all open requests. Running processes are in none of the
indexes of the last change, so a transition from step to step does not write them.
"""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

FAILED, NOT_RUNNING = "status = 'FAILED'", "status <> 'RUNNING'"
INDEXES = {
    'ix_processes_failure_code_started_at': (['status', 'failure_code', 'started_at', 'id'], FAILED),
    'ix_processes_failure_code_updated_at': (['status', 'failure_code', 'updated_at', 'id'], FAILED),
    'ix_processes_status_updated_at': (['status', 'updated_at', 'id'], NOT_RUNNING),
    'ix_processes_workflow_name_updated_at': (['workflow_name', 'updated_at', 'id'], NOT_RUNNING),
    'ix_processes_target_updated_at': (['target', 'updated_at', 'id'], NOT_RUNNING),
    'ix_processes_created_by_updated_at': (
        ['created_by', 'updated_at', 'id'],
        f'created_by IS NOT NULL AND {NOT_RUNNING}',
    ),
    'ix_processes_assignee_updated_at': (['assignee', 'updated_at', 'id'], f'assignee IS NOT NULL AND {NOT_RUNNING}'),
}


def upgrade() -> None:
    for name, (columns, where) in INDEXES.items():
        op.create_index(name, 'processes', columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_index('ix_input_requests_status_assignee', 'input_requests', ['status', 'assignee', 'id'])
    op.create_index('ix_callbacks_status_id', 'callbacks', ['status', 'id'])
    op.create_index('ix_notifications_status_created_at', 'notifications', ['status', 'created_at', 'id'])
    op.create_index('ix_notifications_status_target', 'notifications', ['status', 'target', 'created_at', 'id'])
