"""The address and the method of audit entries. Entries of an earlier release have neither, and their digests stay."""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('audit', sa.Column('address', sa.Text(), nullable=True))
    op.add_column('audit', sa.Column('method', sa.Text(), nullable=True))
