"""How far events were deleted, and indexes by which a deletion finds the rows that refer to a deleted row."""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'pruned_until',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('cursor', sa.Text(), nullable=False),
        sa.CheckConstraint('id = 1', name=op.f('ck_pruned_until_one_row')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_pruned_until')),
    )
    op.create_index('ix_idempotency_keys_subject_id', 'idempotency_keys', ['subject_id'])
    for table, column in (('callbacks', 'payload_id'), ('timers', 'callback_id'), ('timers', 'input_request_id')):
        where = sa.text(f'{column} IS NOT NULL')
        op.create_index(f'ix_{table}_{column}', table, [column], sqlite_where=where, postgresql_where=where)
