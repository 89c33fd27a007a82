"""How often in a row the engine itself failed to move a process on."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('processes', sa.Column('engine_failures', sa.Integer(), server_default='0', nullable=False))
