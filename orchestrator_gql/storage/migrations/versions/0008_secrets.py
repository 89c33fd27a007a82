"""Where the secrets of a process and of what was approved stand, so that they are masked wherever they are shown."""

import sqlalchemy as sa
from alembic import op

from orchestrator_gql.storage import columns

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('processes', sa.Column('secrets', columns.JsonText(), nullable=True))
    op.add_column('decisions', sa.Column('secrets', columns.JsonText(), nullable=True))
