"""Decisions of several people: claims, approvals, escalation, expiry, and the policy that decided in their place."""

import sqlalchemy as sa
from alembic import op

from orchestrator_gql.storage import columns

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('input_requests', sa.Column('escalated_at', columns.UtcDateTime(timezone=True), nullable=True))
    op.add_column('input_requests', sa.Column('escalations', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('input_requests', sa.Column('approvals_needed', sa.Integer(), nullable=False, server_default='1'))
    op.add_column('input_requests', sa.Column('claimed_by', sa.Text(), nullable=True))
    op.add_column('input_requests', sa.Column('claimed_at', columns.UtcDateTime(timezone=True), nullable=True))
    still_open = sa.text("status = 'OPEN'")
    op.create_index('ix_input_requests_inbox', 'input_requests', ['assignee', 'id'], sqlite_where=still_open, postgresql_where=still_open)
    op.create_index('ix_input_requests_due', 'input_requests', ['due_at'], sqlite_where=still_open, postgresql_where=still_open)
    op.add_column('decisions', sa.Column('policy', sa.Text(), nullable=True))
    # Nothing refers to timers, so the copy by which Alembic changes a table on SQLite takes nothing along.
    with op.batch_alter_table('timers', reflect_kwargs={'resolve_fks': False}) as timers:
        timers.add_column(sa.Column('assignee', sa.Text(), nullable=True))
        timers.drop_constraint(op.f('ck_timers_kind'), type_='check')
        timers.create_check_constraint(
            op.f('ck_timers_kind'),
            "kind IN ('RETRY', 'CALLBACK_DEADLINE', 'HEARTBEAT', 'REMINDER', 'ESCALATION', 'EXPIRY')",
        )
