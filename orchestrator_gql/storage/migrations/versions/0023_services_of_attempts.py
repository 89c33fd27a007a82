"""The remote service of each delivery, and indexes of the deliveries and the open callbacks of a service."""

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None

HAS_SERVICE = sa.text('service IS NOT NULL')
IS_OPEN = sa.text("status = 'PENDING' AND service IS NOT NULL")


def upgrade() -> None:
    op.add_column('callback_attempts', sa.Column('service', sa.Text(), nullable=True))
    op.execute(
        "UPDATE callback_attempts SET service = "
        "(SELECT callbacks.service FROM callbacks WHERE callbacks.id = callback_attempts.callback_id) "
        "WHERE callback_id IN (SELECT id FROM callbacks WHERE service IS NOT NULL)"
    )
    for name, table, where, *columns in (
        ('ix_callback_attempts_service', 'callback_attempts', HAS_SERVICE, 'service', 'outcome', 'is_failure', 'at'),
        ('ix_callbacks_pending_service', 'callbacks', IS_OPEN, 'service', 'id'),
    ):
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
