"""The whole life of a callback: several at one wait, issued anew, by whom a result came, and the remote's own name.

The columns are added in place. A copy of the table, which is how Alembic changes one on SQLite, ends with the old one
dropped, and every key and attempt of every callback would go with it.
"""

import sqlalchemy as sa
from alembic import op

from orchestrator_gql.storage import columns

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('processes', sa.Column('entry', columns.JsonText(), nullable=True))
    op.add_column('processes', sa.Column('stored', columns.JsonText(), nullable=True))
    op.add_column('callbacks', sa.Column('wait_seq', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('callbacks', sa.Column('round', sa.Integer(), nullable=False, server_default='1'))
    op.execute(
        "ALTER TABLE callbacks ADD COLUMN source VARCHAR(32) CONSTRAINT ck_callbacks_source "
        "CHECK (source IN ('CALLBACK', 'POLL', 'OPERATOR', 'ADOPTED'))"
    )
    op.add_column('callbacks', sa.Column('service', sa.Text(), nullable=True))
    op.add_column('callbacks', sa.Column('remote_ref', sa.Text(), nullable=True))
    op.add_column('callbacks', sa.Column('attempts_dropped', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('callbacks', sa.Column('progress_dropped', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('callback_attempts', sa.Column('is_failure', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE callbacks SET wait_seq = record_seq")
    op.execute("UPDATE callbacks SET source = 'CALLBACK' WHERE receipt IS NOT NULL")
    named = sa.text('remote_ref IS NOT NULL')
    op.create_index('ix_callbacks_service_remote_ref', 'callbacks', ['service', 'remote_ref'], sqlite_where=named, postgresql_where=named)
    op.create_table('unclaimed_letters',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('service', sa.Text(), nullable=False),
    sa.Column('ref', sa.Text(), nullable=False),
    sa.Column('at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.Column('peer', sa.Text(), nullable=True),
    sa.Column('is_failure', sa.Boolean(create_constraint=True, name='is_failure'), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unclaimed_letters')),
    sa.UniqueConstraint('service', 'ref', 'digest', name='uq_unclaimed_letters_one_each')
    )
    op.create_index('ix_unclaimed_letters_service_at', 'unclaimed_letters', ['service', 'at'])
    op.create_table('audit',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('chain', sa.Uuid(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.Text(), nullable=True),
    sa.Column('action', sa.String(length=64), nullable=False),
    sa.Column('details', columns.JsonText(), nullable=False),
    sa.Column('previous', sa.String(length=64), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit')),
    sa.UniqueConstraint('chain', 'seq', name='uq_audit_place')
    )
    op.create_index('ix_audit_at_id', 'audit', ['at', 'id'])
