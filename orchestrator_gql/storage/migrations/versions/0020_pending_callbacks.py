"""An index of the pending callbacks by their ids: a page of them, and the oldest of them, sorted all of them."""

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

PENDING = sa.text("status = 'PENDING'")


def upgrade() -> None:
    op.create_index(
        'ix_callbacks_pending', 'callbacks', ['status', 'id'], sqlite_where=PENDING, postgresql_where=PENDING
    )
