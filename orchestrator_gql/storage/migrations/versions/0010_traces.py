"""The trace of the request that started a process, which its steps pass on to remote services."""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('processes', sa.Column('trace', sa.String(35), nullable=True))
