"""The seals of the audit log: what its chains had grown by at a moment, so that a removed end of one shows too.

Entries of an earlier release come without a seal; the sealer's first run covers them.
"""

import sqlalchemy as sa
from alembic import op

from orchestrator_gql.storage import columns

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('audit', sa.Column('seal', sa.Integer(), nullable=True))
    op.create_index('ix_audit_seal_place', 'audit', ['seal', 'chain', 'seq'])
    op.create_table('audit_seals',
    sa.Column('seq', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.Column('entries', sa.Integer(), nullable=False),
    sa.Column('heads', columns.JsonText(), nullable=False),
    sa.Column('previous', sa.String(length=64), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_audit_seals'))
    )
