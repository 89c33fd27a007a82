"""Indexes of the actor and the action of audit entries: a list of a rare one read the whole log."""

from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_audit_actor_at', 'audit', ['actor', 'at', 'id'])
    op.create_index('ix_audit_action_at', 'audit', ['action', 'at', 'id'])
