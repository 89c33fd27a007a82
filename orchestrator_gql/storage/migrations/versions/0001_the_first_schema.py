"""The first schema."""

import sqlalchemy as sa
from alembic import op

from orchestrator_gql.storage import columns


revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_postgres = op.get_bind().dialect.name == 'postgresql'
    # a reader needs to know which transaction wrote an event: see storage/events
    tx = sa.text('pg_current_xact_id()' if is_postgres else '0')
    op.create_table('events',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('tx', sa.BigInteger().with_variant(columns.Xid8(), 'postgresql'), server_default=tx, nullable=False),
    sa.Column('kind', sa.Enum('PROCESS_CREATED', 'PROCESS_STATUS_CHANGED', 'STEP_CHANGED', 'CALLBACK_ISSUED', 'CALLBACK_PROGRESSED', 'CALLBACK_RECEIVED', 'CALLBACK_VALIDATED', 'CALLBACK_ENDED', 'INPUT_REQUESTED', 'INPUT_DECIDED', 'INPUT_REQUEST_CHANGED', 'PROCESS_NOTE_CHANGED', 'PRODUCT_SUBSCRIPTION_CHANGED', 'ENGINE_STATE_CHANGED', name='kind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('process_id', sa.Uuid(), nullable=True),
    sa.Column('actor', sa.Text(), nullable=True),
    sa.Column('payload', columns.JsonText(), nullable=False),
    sa.Column('at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_events'))
    )
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.create_index('ix_events_process_id_id', ['process_id', 'id'], unique=False)
        if is_postgres:
            batch_op.create_index('ix_events_tx_id', ['tx', 'id'], unique=False)

    op.create_table('idempotency_keys',
    sa.Column('scope', sa.String(length=64), nullable=False),
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('scope', 'key', name=op.f('pk_idempotency_keys'))
    )
    op.create_table('payloads',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payloads'))
    )
    op.create_table('processes',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('workflow_name', sa.Text(), nullable=False),
    sa.Column('target', sa.Enum('CREATE', 'MODIFY', 'TERMINATE', 'VALIDATE', 'SYSTEM', name='target', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('fingerprint', sa.String(length=16), nullable=False),
    sa.Column('status', sa.Enum('CREATED', 'RUNNING', 'SUSPENDED', 'AWAITING_CALLBACK', 'WAITING', 'FAILED', 'ABORTED', 'COMPLETED', name='status', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('epoch', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('record_seq', sa.Integer(), nullable=True),
    sa.Column('worker', sa.Text(), nullable=True),
    sa.Column('lease_until', columns.UtcDateTime(timezone=True), nullable=True),
    sa.Column('state', columns.JsonText(), nullable=False),
    sa.Column('answers', columns.JsonText(), nullable=False),
    sa.Column('assignee', sa.Text(), nullable=True),
    sa.Column('created_by', sa.Text(), nullable=True),
    sa.Column('started_at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ended_at', columns.UtcDateTime(timezone=True), nullable=True),
    sa.Column('failure', columns.FailureText(), nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('start_pages', columns.JsonText(), nullable=False),
    sa.CheckConstraint("(ended_at IS NULL) = (status NOT IN ('ABORTED', 'COMPLETED'))", name=op.f('ck_processes_ended_has_a_time')),
    sa.CheckConstraint("worker IS NULL OR status = 'RUNNING'", name=op.f('ck_processes_only_running_is_held')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_processes'))
    )
    with op.batch_alter_table('processes', schema=None) as batch_op:
        batch_op.create_index('ix_processes_runnable', ['lease_until'], unique=False, sqlite_where=sa.text("status IN ('CREATED', 'RUNNING')"), postgresql_where=sa.text("status IN ('CREATED', 'RUNNING')"))
        batch_op.create_index('ix_processes_started_at_id', ['started_at', 'id'], unique=False)
        batch_op.create_index('ix_processes_status_started_at', ['status', 'started_at', 'id'], unique=False)
        batch_op.create_index('ix_processes_updated_at_id', ['updated_at', 'id'], unique=False)
        batch_op.create_index('ix_processes_workflow_name_started_at', ['workflow_name', 'started_at', 'id'], unique=False)

    op.create_table('products',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('product_type', sa.Text(), nullable=False),
    sa.Column('tag', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_products')),
    sa.UniqueConstraint('name', name=op.f('uq_products_name'))
    )
    op.create_table('callbacks',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('process_id', sa.Uuid(), nullable=False),
    sa.Column('step_index', sa.Integer(), nullable=False),
    sa.Column('record_seq', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=True),
    sa.Column('status', sa.Enum('PENDING', 'RECEIVED', 'VALIDATED', 'REJECTED', 'FAILED_BY_REMOTE', 'EXPIRED', 'HEARTBEAT_LOST', 'WITHDRAWN', name='status', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('token_hint', sa.String(length=4), nullable=False),
    sa.Column('result_key', sa.Text(), nullable=False),
    sa.Column('contract', columns.JsonText(), nullable=True),
    sa.Column('heartbeat', sa.Float(), nullable=True),
    sa.Column('issued_at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', columns.UtcDateTime(timezone=True), nullable=True),
    sa.Column('heartbeat_due_at', columns.UtcDateTime(timezone=True), nullable=True),
    sa.Column('received_at', columns.UtcDateTime(timezone=True), nullable=True),
    sa.Column('is_early', sa.Boolean(create_constraint=True, name='is_early'), nullable=False),
    sa.Column('receipt', sa.Text(), nullable=True),
    sa.Column('result_digest', sa.String(length=64), nullable=True),
    sa.Column('result_bytes', sa.Integer(), nullable=True),
    sa.Column('result_preview', sa.Text(), nullable=True),
    sa.Column('payload_id', sa.Uuid(), nullable=True),
    sa.Column('failure', columns.FailureText(), nullable=True),
    sa.Column('validation', columns.JsonText(), nullable=True),
    sa.Column('progress', columns.JsonText(), nullable=True),
    sa.CheckConstraint('(receipt IS NULL) = (result_digest IS NULL)', name=op.f('ck_callbacks_a_letter_has_a_receipt')),
    sa.ForeignKeyConstraint(['payload_id'], ['payloads.id'], name=op.f('fk_callbacks_payload_id')),
    sa.ForeignKeyConstraint(['process_id'], ['processes.id'], name=op.f('fk_callbacks_process_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_callbacks')),
    sa.UniqueConstraint('receipt', name='uq_callbacks_receipt')
    )
    with op.batch_alter_table('callbacks', schema=None) as batch_op:
        batch_op.create_index('ix_callbacks_process_id', ['process_id', 'step_index'], unique=False)
        batch_op.create_index('ix_callbacks_status_expires_at', ['status', 'expires_at', 'id'], unique=False)

    op.create_table('input_requests',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('process_id', sa.Uuid(), nullable=False),
    sa.Column('step_index', sa.Integer(), nullable=False),
    sa.Column('record_seq', sa.Integer(), nullable=False),
    sa.Column('status', sa.Enum('OPEN', 'SUBMITTED', 'REJECTED', 'EXPIRED', 'WITHDRAWN', name='status', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('assignee', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.Column('due_at', columns.UtcDateTime(timezone=True), nullable=True),
    sa.Column('closed_at', columns.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['process_id'], ['processes.id'], name=op.f('fk_input_requests_process_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_input_requests')),
    sa.UniqueConstraint('process_id', 'record_seq', name='uq_input_requests_visit')
    )
    with op.batch_alter_table('input_requests', schema=None) as batch_op:
        batch_op.create_index('ix_input_requests_status_id', ['status', 'id'], unique=False)
        batch_op.create_index('uq_input_requests_one_open', ['process_id'], unique=True, sqlite_where=sa.text("status = 'OPEN'"), postgresql_where=sa.text("status = 'OPEN'"))

    op.create_table('process_steps',
    sa.Column('process_id', sa.Uuid(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('step_index', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('kind', sa.Enum('ACTION', 'AWAIT_CALLBACK', 'VALIDATION', 'INPUT', 'SYSTEM', name='kind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('step_group', sa.Text(), nullable=True),
    sa.Column('status', sa.Enum('PENDING', 'RUNNING', 'SUCCESS', 'SKIPPED', 'SUSPENDED', 'WAITING', 'AWAITING_CALLBACK', 'FAILED', 'ABORTED', name='status', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('entered_by', sa.Text(), nullable=False),
    sa.Column('started_at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.Column('completed_at', columns.UtcDateTime(timezone=True), nullable=True),
    sa.Column('retry_at', columns.UtcDateTime(timezone=True), nullable=True),
    sa.Column('delta', columns.JsonText(), nullable=True),
    sa.Column('failure', columns.FailureText(), nullable=True),
    sa.Column('actor', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['process_id'], ['processes.id'], name=op.f('fk_process_steps_process_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('process_id', 'seq', name=op.f('pk_process_steps'))
    )
    op.create_table('process_subscriptions',
    sa.Column('process_id', sa.Uuid(), nullable=False),
    sa.Column('subscription_id', sa.Uuid(), nullable=False),
    sa.Column('target', sa.Enum('CREATE', 'MODIFY', 'TERMINATE', 'VALIDATE', 'SYSTEM', name='target', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.ForeignKeyConstraint(['process_id'], ['processes.id'], name=op.f('fk_process_subscriptions_process_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('process_id', 'subscription_id', name=op.f('pk_process_subscriptions'))
    )
    with op.batch_alter_table('process_subscriptions', schema=None) as batch_op:
        batch_op.create_index('ix_process_subscriptions_subscription_id', ['subscription_id'], unique=False)

    op.create_table('product_subscriptions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('product_id', sa.Uuid(), nullable=False),
    sa.Column('customer_id', sa.Text(), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('status', sa.Enum('initial', 'provisioning', 'active', 'migrating', 'disabled', 'terminated', name='status', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('insync', sa.Boolean(create_constraint=True, name='insync'), nullable=False),
    sa.Column('model', columns.JsonText(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('start_date', columns.UtcDateTime(timezone=True), nullable=True),
    sa.Column('end_date', columns.UtcDateTime(timezone=True), nullable=True),
    sa.Column('created_at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['product_id'], ['products.id'], name=op.f('fk_product_subscriptions_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_product_subscriptions'))
    )
    with op.batch_alter_table('product_subscriptions', schema=None) as batch_op:
        batch_op.create_index('ix_product_subscriptions_product_id', ['product_id', 'id'], unique=False)

    op.create_table('callback_attempts',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('callback_id', sa.Uuid(), nullable=False),
    sa.Column('at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.Column('peer', sa.Text(), nullable=True),
    sa.Column('outcome', sa.Enum('ACCEPTED', 'DUPLICATE', 'CONFLICT', 'LATE', 'WITHDRAWN', 'INVALID', 'MALFORMED', 'UNSUPPORTED_TYPE', 'TOO_LARGE', 'UNAUTHENTICATED', 'FORBIDDEN_ADDRESS', name='outcome', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.Column('media_type', sa.Text(), nullable=True),
    sa.Column('digest', sa.String(length=64), nullable=True),
    sa.Column('body', sa.LargeBinary(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('receipt', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['callback_id'], ['callbacks.id'], name=op.f('fk_callback_attempts_callback_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_callback_attempts'))
    )
    with op.batch_alter_table('callback_attempts', schema=None) as batch_op:
        batch_op.create_index('ix_callback_attempts_callback_id', ['callback_id', 'id'], unique=False)

    op.create_table('callback_keys',
    sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('callback_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['callback_id'], ['callbacks.id'], name=op.f('fk_callback_keys_callback_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_callback_keys'))
    )
    with op.batch_alter_table('callback_keys', schema=None) as batch_op:
        batch_op.create_index('ix_callback_keys_callback_id', ['callback_id'], unique=False)

    op.create_table('callback_progress',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('callback_id', sa.Uuid(), nullable=False),
    sa.Column('at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.Column('percent', sa.Float(), nullable=True),
    sa.Column('message', sa.Text(), nullable=True),
    sa.Column('data', columns.JsonText(), nullable=True),
    sa.ForeignKeyConstraint(['callback_id'], ['callbacks.id'], name=op.f('fk_callback_progress_callback_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_callback_progress'))
    )
    with op.batch_alter_table('callback_progress', schema=None) as batch_op:
        batch_op.create_index('ix_callback_progress_callback_id', ['callback_id', 'id'], unique=False)

    op.create_table('decisions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('input_request_id', sa.Uuid(), nullable=False),
    sa.Column('by', sa.Text(), nullable=True),
    sa.Column('at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.Column('verdict', sa.Enum('APPROVED', 'REJECTED', 'SENT_BACK', name='verdict', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('comment', sa.Text(), nullable=True),
    sa.Column('pages', columns.JsonText(), nullable=False),
    sa.Column('shown_digest', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['input_request_id'], ['input_requests.id'], name=op.f('fk_decisions_input_request_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decisions')),
    sa.UniqueConstraint('input_request_id', 'by', name='uq_decisions_one_each')
    )
    op.create_table('product_subscription_versions',
    sa.Column('subscription_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('status', sa.Enum('initial', 'provisioning', 'active', 'migrating', 'disabled', 'terminated', name='status', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('model', columns.JsonText(), nullable=False),
    sa.Column('changes', columns.JsonText(), nullable=False),
    sa.Column('at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.Column('process_id', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['subscription_id'], ['product_subscriptions.id'], name=op.f('fk_product_subscription_versions_subscription_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('subscription_id', 'version', name=op.f('pk_product_subscription_versions'))
    )
    op.create_table('timers',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('due_at', columns.UtcDateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('process_id', sa.Uuid(), nullable=False),
    sa.Column('callback_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint("kind IN ('RETRY', 'CALLBACK_DEADLINE', 'HEARTBEAT')", name=op.f('ck_timers_kind')),
    sa.ForeignKeyConstraint(['callback_id'], ['callbacks.id'], name=op.f('fk_timers_callback_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['process_id'], ['processes.id'], name=op.f('fk_timers_process_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_timers'))
    )
    with op.batch_alter_table('timers', schema=None) as batch_op:
        batch_op.create_index('ix_timers_due_at', ['due_at'], unique=False)
        batch_op.create_index('ix_timers_process_id', ['process_id'], unique=False)

    op.execute("CREATE UNIQUE INDEX uq_callbacks_visit_name ON callbacks (process_id, record_seq, coalesce(name, ''))")
