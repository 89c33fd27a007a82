"""The lock keys of processes: a workflow with ``lock=`` has one open process for each key."""

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('processes', sa.Column('lock_keys', sa.Text(), nullable=True))
    op.create_table(
        'process_locks',
        sa.Column('place', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
        sa.Column('key', sa.Text(), nullable=False),
        sa.Column('process_id', sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ['process_id'], ['processes.id'], name=op.f('fk_process_locks_process_id_processes'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('place', name=op.f('pk_process_locks')),
    )
    op.create_index('ix_process_locks_key_place', 'process_locks', ['key', 'place'])
    op.create_index('ix_process_locks_process_id', 'process_locks', ['process_id'])
