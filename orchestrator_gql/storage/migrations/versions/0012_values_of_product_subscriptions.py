"""The index of the values and blocks in product subscriptions, filled from the stored models, and indexes of lists.

A migration that is stopped leaves nothing behind and may start again.
"""

import hashlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from orchestrator_gql.storage import columns
from orchestrator_gql.utils.json import encode

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

TABLE = 'product_subscriptions'
VALUES, BLOCKS = 'product_subscription_values', 'product_subscription_blocks'

subscriptions = sa.table(TABLE, sa.column('id', sa.Uuid), sa.column('model', columns.JsonText))
values = sa.table(
    VALUES, sa.column('subscription_id', sa.Uuid), sa.column('block_id', sa.Uuid), sa.column('path', sa.Text), sa.column('value', sa.Text)
)
blocks = sa.table(
    BLOCKS,
    sa.column('subscription_id', sa.Uuid),
    sa.column('parent_id', sa.Uuid),
    sa.column('field', sa.Text),
    sa.column('owner_id', sa.Uuid),
    sa.column('block_id', sa.Uuid),
)

ID, OWNER = 'subscription_instance_id', 'owner_subscription_id'
OWN_FIELDS = {
    'product', 'customer_id', 'subscription_id', 'description', 'status', 'insync', 'start_date', 'end_date', 'note', 'version',
}  # fmt: skip
LONGEST = 120
BATCH = 500


def upgrade() -> None:
    op.create_table(
        VALUES,
        sa.Column('subscription_id', sa.Uuid(), nullable=False),
        sa.Column('block_id', sa.Uuid(), nullable=False),
        sa.Column('path', sa.Text(), nullable=False),
        sa.Column('value', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['subscription_id'], [f'{TABLE}.id'], name=op.f(f'fk_{VALUES}_subscription_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('subscription_id', 'block_id', 'path', 'value', name=op.f(f'pk_{VALUES}')),
        sqlite_with_rowid=False,
    )
    op.create_table(
        BLOCKS,
        sa.Column('subscription_id', sa.Uuid(), nullable=False),
        sa.Column('parent_id', sa.Uuid(), nullable=False),
        sa.Column('field', sa.Text(), nullable=False),
        sa.Column('owner_id', sa.Uuid(), nullable=False),
        sa.Column('block_id', sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(['subscription_id'], [f'{TABLE}.id'], name=op.f(f'fk_{BLOCKS}_subscription_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('subscription_id', 'parent_id', 'field', 'owner_id', 'block_id', name=op.f(f'pk_{BLOCKS}')),
        sqlite_with_rowid=False,
    )
    conn = op.get_bind()
    for batch in _batches(conn):
        found = [_Found(row.id) for row in batch]
        for each, row in zip(found, batch, strict=True):
            each.look_at(row.model)
        _write(conn, values, [row for each in found for row in sorted(each.values)])
        _write(conn, blocks, [row for each in found for row in sorted(each.blocks)])
    # after the rows: an index that is built at once is smaller, and faster to build
    op.create_index(f'ix_{VALUES}_path', VALUES, ['path', 'value'])
    op.create_index(f'ix_{BLOCKS}_block_id', BLOCKS, ['block_id', 'owner_id'])
    op.create_index(f'ix_{TABLE}_status_id', TABLE, ['status', 'id'])
    op.create_index(f'ix_{TABLE}_product_status', TABLE, ['product_id', 'status', 'id'])
    op.create_index(f'ix_{TABLE}_customer', TABLE, [sa.text('substr(customer_id, 1, 100)'), 'id'])


def _batches(conn: sa.Connection) -> Iterator[Any]:
    after: UUID | None = None
    while rows := conn.execute(_query(after)).all():
        yield rows
        after = rows[-1].id


def _query(after: UUID | None) -> Any:
    query = sa.select(subscriptions.c.id, subscriptions.c.model).order_by(subscriptions.c.id).limit(BATCH)
    return query if after is None else query.where(subscriptions.c.id > after)


def _write(conn: sa.Connection, table: Any, rows: list[tuple[Any, ...]]) -> None:
    names = [column.name for column in table.c]
    if not rows:
        return
    if conn.dialect.name == 'sqlite':
        as_text = [tuple(value.hex if isinstance(value, UUID) else value for value in row) for row in rows]
        places = ', '.join('?' * len(names))
        conn.exec_driver_sql(f'INSERT INTO {table.name} ({", ".join(names)}) VALUES ({places})', as_text)
        return
    # one statement for a batch: a statement for each row takes ten times as long
    arrays = ', '.join(f'CAST(%({column.name})s AS {"uuid" if isinstance(column.type, sa.Uuid) else "text"}[])' for column in table.c)
    parameters = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    conn.exec_driver_sql(f'INSERT INTO {table.name} ({", ".join(names)}) SELECT * FROM unnest({arrays})', parameters)


class _Found:
    """The rows of one subscription: its plain values, and the places of blocks in it."""

    def __init__(self, id: UUID) -> None:
        self.id = id
        self.values: set[tuple[UUID, UUID, str, str]] = set()
        self.blocks: set[tuple[UUID, UUID, str, UUID, UUID]] = set()

    def look_at(self, model: dict[str, Any]) -> None:
        for name, item in model.items():
            if name not in OWN_FIELDS:
                self.look(item, self.id, _key(name))

    def look(self, value: Any, holder: UUID, path: str) -> None:
        if isinstance(value, list):
            for item in value:
                self.look(item, holder, path)
        elif not isinstance(value, dict):
            self.values.add((self.id, holder, _in_index(path), _in_index(encode(value))))
        elif ID in value and 'name' in value:
            block_id, owner = UUID(value[ID]), value.get(OWNER)
            owner_id = self.id if owner is None else UUID(owner)
            self.blocks.add((self.id, holder, _in_index(path), owner_id, block_id))
            if owner_id == self.id:
                for name, item in value.items():
                    if name not in ('name', ID, OWNER):
                        self.look(item, block_id, _key(name))
        else:
            for key, item in value.items():
                self.look(item, holder, f'{path}.{_key(key)}')


def _in_index(text: str) -> str:
    return text if len(text) <= LONGEST else f'{text[:40]}…{hashlib.sha256(text.encode()).hexdigest()}'


def _key(key: str) -> str:
    return encode(key)[1:-1] if not key.isprintable() else key
