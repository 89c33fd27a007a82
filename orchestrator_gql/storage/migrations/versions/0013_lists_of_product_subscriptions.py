"""The indexes and words by which product subscriptions are listed and searched, and the customer's description."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from orchestrator_gql.domain.search_words import words_of
from orchestrator_gql.storage import columns

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

BATCH = 500
TABLE = 'product_subscriptions'

subscriptions = sa.table(
    TABLE,
    sa.column('id', sa.Uuid),
    sa.column('product_id', sa.Uuid),
    sa.column('description', columns.Words),
    sa.column('customer_id', columns.Words),
    sa.column('note', columns.Words),
    sa.column('insync', sa.Boolean),
)
products = sa.table('products', sa.column('id', sa.Uuid), sa.column('name', sa.Text))
words = sa.table('product_subscription_words', sa.column('subscription_id', sa.Uuid), sa.column('word', sa.Text))


def upgrade() -> None:
    op.add_column(TABLE, sa.Column('customer_description', columns.Words(), nullable=True))
    op.create_table(
        'product_subscription_words',
        sa.Column('subscription_id', sa.Uuid(), nullable=False),
        sa.Column('word', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
        sa.ForeignKeyConstraint(['subscription_id'], [f'{TABLE}.id'], name=op.f('fk_product_subscription_words_subscription_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('subscription_id', 'word', name=op.f('pk_product_subscription_words')),
    )
    conn = op.get_bind()
    for batch in _batches(conn):
        rows = [
            {'subscription_id': row.id, 'word': word}
            for row in batch
            for word in words_of(row.description, row.customer_id, row.name, row.note)
        ]
        if rows:
            conn.execute(sa.insert(words), rows)
    # after the rows: an index that is built at once is smaller, and faster to build
    op.create_index('ix_product_subscription_words_word', 'product_subscription_words', ['word', 'subscription_id'])
    for at in ('created_at', 'updated_at'):
        op.create_index(f'ix_{TABLE}_{at}', TABLE, [at, 'id', 'status', 'product_id', 'insync'])
    left = subscriptions.c.insync.is_(False)
    op.create_index(f'ix_{TABLE}_out_of_sync', TABLE, ['id'], sqlite_where=left, postgresql_where=left)
    op.drop_index('ix_product_subscription_uses_owner_id', 'product_subscription_uses')
    op.create_index('ix_product_subscription_uses_owner_id', 'product_subscription_uses', ['owner_id', 'subscription_id'])


def _batches(conn: sa.Connection) -> Iterator[Any]:
    """The subscriptions with the names of their products, a batch at a time."""
    c = subscriptions.c
    query = sa.select(c.id, c.description, c.customer_id, c.note, products.c.name).join(products, products.c.id == c.product_id)
    after: Any = None
    while rows := conn.execute((query if after is None else query.where(c.id > after)).order_by(c.id).limit(BATCH)).all():
        yield rows
        after = rows[-1].id
