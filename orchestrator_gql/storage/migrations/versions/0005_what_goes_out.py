"""Notifications that go out, with their tries, and how far the event log was read for them."""

import sqlalchemy as sa
from alembic import op

from orchestrator_gql.storage import columns

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('notifications',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('target', sa.Text(), nullable=False),
    sa.Column('kind', sa.String(length=64), nullable=False),
    sa.Column('process_id', sa.Uuid(), nullable=False),
    sa.Column('input_request_id', sa.Uuid(), nullable=True),
    sa.Column('payload', columns.JsonText(), nullable=False),
    sa.Column('status', sa.Enum('PENDING', 'SENT', 'DEAD', name='status', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('tries_before', sa.Integer(), nullable=False),
    sa.Column('log', columns.JsonText(), nullable=False),
    sa.Column('due_at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.Column('created_at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.Column('sent_at', columns.UtcDateTime(timezone=True), nullable=True),
    sa.Column('last_error', columns.Words(), nullable=True),
    sa.CheckConstraint("(sent_at IS NULL) = (status <> 'SENT')", name=op.f('ck_notifications_sent_has_a_time')),
    sa.ForeignKeyConstraint(['process_id'], ['processes.id'], name=op.f('fk_notifications_process_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notifications'))
    )
    op.create_index('ix_notifications_created_at_id', 'notifications', ['created_at', 'id'])
    op.create_index('ix_notifications_process_id', 'notifications', ['process_id'])
    pending, dead = sa.text("status = 'PENDING'"), sa.text("status = 'DEAD'")
    op.create_index('ix_notifications_pending', 'notifications', ['target', 'due_at'], sqlite_where=pending, postgresql_where=pending)
    op.create_index('ix_notifications_dead', 'notifications', ['id'], sqlite_where=dead, postgresql_where=dead)
    op.create_table('notified_until',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('cursor', sa.Text(), nullable=False),
    sa.Column('at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_notified_until_one_row')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notified_until'))
    )
