"""An index of the target of processes, in the order of their starts: a list of a rare target read all processes."""

from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_processes_target_started_at', 'processes', ['target', 'started_at', 'id'])
