"""Many machines: the engine's state, its workers, what an abort leaves to do, reminders, and the queue of doorbells."""

import sqlalchemy as sa
from alembic import op

from orchestrator_gql.storage import columns


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

STATES = sa.Enum('RUNNING', 'PAUSING', 'PAUSED', name='state', native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    states = op.create_table('engine_state',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('state', STATES, nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('changed_at', columns.UtcDateTime(timezone=True), nullable=True),
    sa.Column('changed_by', sa.Text(), nullable=True),
    sa.CheckConstraint('id = 1', name=op.f('ck_engine_state_one_row')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_engine_state'))
    )
    op.bulk_insert(states, [{'id': 1, 'state': 'RUNNING'}])
    op.create_table('workers',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('version', sa.Text(), nullable=False),
    sa.Column('running_steps', sa.Integer(), nullable=False),
    sa.Column('started_at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_workers'))
    )
    op.add_column('processes', sa.Column('aborted_by', sa.Text(), nullable=True))
    held = sa.text('worker IS NOT NULL')
    op.create_index('ix_processes_worker', 'processes', ['worker'], sqlite_where=held, postgresql_where=held)
    op.add_column('input_requests', sa.Column('reminded_at', columns.UtcDateTime(timezone=True), nullable=True))
    with op.batch_alter_table('timers', reflect_kwargs={'resolve_fks': False}) as timers:
        timers.add_column(sa.Column('input_request_id', sa.Uuid(), nullable=True))
        timers.create_foreign_key(op.f('fk_timers_input_request_id'), 'input_requests', ['input_request_id'], ['id'], ondelete='CASCADE')
        timers.drop_constraint(op.f('ck_timers_kind'), type_='check')
        timers.create_check_constraint(op.f('ck_timers_kind'), "kind IN ('RETRY', 'CALLBACK_DEADLINE', 'HEARTBEAT', 'REMINDER')")
    if op.get_bind().dialect.name == 'postgresql':
        _make_queue()


def _make_queue() -> None:
    """Procrastinate's own tables and functions, as it ships them: several statements, which only the driver takes."""
    from procrastinate.schema import SchemaManager

    cursor = op.get_bind().connection.cursor()
    try:
        cursor.execute(SchemaManager.get_schema())
    finally:
        cursor.close()
