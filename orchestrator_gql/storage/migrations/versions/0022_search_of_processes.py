"""An index of what a search for processes reads, on SQLite: it read the state of each process before its subject."""

from alembic import op

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == 'sqlite':
        columns = ['started_at', 'id', 'workflow_name', 'subject', 'note']
        op.create_index('ix_processes_searched', 'processes', columns)
