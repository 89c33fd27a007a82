"""The segments by which a search for a frequent word is read, and which secrets the index of values is free of.

The segments are filled in the orders of the lists. The index of values is cleaned at the next start, which knows the
classes of the products.
"""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

TABLE, WORDS = 'product_subscriptions', 'product_subscription_words'
SIZE = 400


def upgrade() -> None:
    for table in (TABLE, WORDS):
        for segment in ('created_segment', 'updated_segment'):
            op.add_column(table, sa.Column(segment, sa.Integer(), nullable=False, server_default=sa.text('0')))
    op.add_column('products', sa.Column('unindexed', sa.Text(), nullable=False, server_default=sa.text("''")))
    for segment, at in (('created_segment', 'created_at'), ('updated_segment', 'updated_at')):
        place = f'(row_number() OVER (ORDER BY {at}, id) - 1) / {SIZE}'
        op.execute(
            f'UPDATE {TABLE} SET {segment} = placed.number FROM (SELECT id, {place} AS number FROM {TABLE}) AS placed'
            f' WHERE placed.id = {TABLE}.id AND placed.number > 0'
        )
    op.execute(
        f'UPDATE {WORDS} SET created_segment = owner.created_segment, updated_segment = owner.updated_segment'
        f' FROM {TABLE} AS owner WHERE owner.id = {WORDS}.subscription_id'
        ' AND (owner.created_segment > 0 OR owner.updated_segment > 0)'
    )
    # after the rows: an index that is built at once is smaller, and faster to build
    for segment, at in (('created_segment', 'created_at'), ('updated_segment', 'updated_at')):
        op.create_index(f'ix_{TABLE}_{segment}', TABLE, [segment, at])
        op.create_index(f'ix_{WORDS}_{segment}', WORDS, [segment, 'word', 'subscription_id'])
