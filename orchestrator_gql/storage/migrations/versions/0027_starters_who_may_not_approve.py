"""The user who may not decide an input request; requests that are open already keep none."""

import sqlalchemy as sa
from alembic import op

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('input_requests', sa.Column('not_by', sa.Text(), nullable=True))
