"""Locks of product subscriptions out of their models, and copies of other subscriptions' blocks into references.

The block of a subscription was stored again in each subscription that used it. The owner of a block is the living
subscription that had it first, according to the stored versions. A subscription keeps its copy if the owner has ended
or has the block no more, and if a reference would close a circle.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from orchestrator_gql.storage import columns

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

subscriptions = sa.table(
    'product_subscriptions',
    sa.column('id', sa.Uuid),
    sa.column('status', sa.Text),
    sa.column('insync', sa.Boolean),
    sa.column('model', columns.JsonText),
    sa.column('version', sa.Integer),
    sa.column('created_at', columns.UtcDateTime),
    sa.column('updated_at', columns.UtcDateTime),
)
versions = sa.table(
    'product_subscription_versions',
    sa.column('subscription_id', sa.Uuid),
    sa.column('version', sa.Integer),
    sa.column('model', columns.JsonText),
    sa.column('changes', columns.JsonText),
    sa.column('at', columns.UtcDateTime),
    sa.column('process_id', sa.Uuid),
)
links = sa.table(
    'process_subscriptions', sa.column('process_id', sa.Uuid), sa.column('subscription_id', sa.Uuid), sa.column('target', sa.Text)
)
processes = sa.table('processes', sa.column('id', sa.Uuid), sa.column('status', sa.Text), sa.column('ended_at', columns.UtcDateTime))

ID, OWNER = 'subscription_instance_id', 'owner_subscription_id'
BATCH = 500


def upgrade() -> None:
    op.create_table(
        'product_subscription_locks',
        sa.Column('subscription_id', sa.Uuid(), nullable=False),
        sa.Column('locked_by', sa.Uuid(), nullable=True),
        sa.Column('locked_at', columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column('out_of_sync_by', sa.Uuid(), nullable=True),
        sa.Column('out_of_sync_since', columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column('out_of_sync_reason', columns.Words(), nullable=True),
        sa.ForeignKeyConstraint(['subscription_id'], ['product_subscriptions.id'], name=op.f('fk_product_subscription_locks_subscription_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('subscription_id', name=op.f('pk_product_subscription_locks')),
    )
    op.create_index('ix_product_subscription_locks_locked_by', 'product_subscription_locks', ['locked_by'])
    op.create_table(
        'product_subscription_uses',
        sa.Column('subscription_id', sa.Uuid(), nullable=False),
        sa.Column('owner_id', sa.Uuid(), nullable=False),
        sa.Column('block_id', sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(['owner_id'], ['product_subscriptions.id'], name=op.f('fk_product_subscription_uses_owner_id')),
        sa.ForeignKeyConstraint(['subscription_id'], ['product_subscriptions.id'], name=op.f('fk_product_subscription_uses_subscription_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('subscription_id', 'owner_id', 'block_id', name=op.f('pk_product_subscription_uses')),
    )
    op.create_index('ix_product_subscription_uses_owner_id', 'product_subscription_uses', ['owner_id'])
    conn = op.get_bind()
    _move_locks(conn)
    _write_references(conn, _Owners(conn))
    _clear_history(conn)


def _move_locks(conn: sa.Connection) -> None:
    """A living process holds the subscription that it works on; another one was left out of sync."""
    locks = sa.table(
        'product_subscription_locks',
        sa.column('subscription_id', sa.Uuid),
        sa.column('locked_by', sa.Uuid),
        sa.column('locked_at', columns.UtcDateTime),
        sa.column('out_of_sync_by', sa.Uuid),
        sa.column('out_of_sync_since', columns.UtcDateTime),
        sa.column('out_of_sync_reason', columns.Words),
    )
    out_of_sync = sa.select(subscriptions.c.id, subscriptions.c.updated_at).where(subscriptions.c.insync.is_(False))
    for row in conn.execute(out_of_sync).all():
        living = (
            sa.select(links.c.process_id)
            .join(processes, processes.c.id == links.c.process_id)
            .where(
                links.c.subscription_id == row.id,
                links.c.target != 'VALIDATE',
                processes.c.ended_at.is_(None),
            )
            .order_by(links.c.process_id)
            .limit(1)
        )
        # the process that wrote the newest version left it so
        last = (
            sa.select(versions.c.process_id, versions.c.at)
            .where(versions.c.subscription_id == row.id)
            .order_by(versions.c.version.desc())
            .limit(1)
        )
        holder = conn.execute(living).scalar()
        wrote = conn.execute(last).one_or_none()
        left = holder is None
        conn.execute(
            sa.insert(locks),
            {
                'subscription_id': row.id,
                'locked_by': holder,
                'locked_at': None if left else (wrote.at if wrote else row.updated_at),
                'out_of_sync_by': wrote.process_id if left and wrote else None,
                'out_of_sync_since': (wrote.at if wrote else row.updated_at) if left else None,
                'out_of_sync_reason': 'It was out of sync when this server was upgraded.' if left else None,
            },
        )


class _Owners:
    """The owner of each block, and which subscription uses which."""

    def __init__(self, conn: sa.Connection) -> None:
        self._first: dict[bytes, tuple[str, bytes]] = {}
        self._made: dict[bytes, tuple[str, bytes]] = {}
        self._valid: set[bytes] = set()
        self._kept: dict[bytes, bytes] = {}
        self._used: dict[bytes, set[bytes]] = {}
        self._living = set(conn.execute(sa.select(subscriptions.c.id).where(subscriptions.c.status != 'terminated')).scalars())
        for row in _versions(conn):
            for block in _blocks(row.model):
                self._see(self._made, block, row)
                if row.subscription_id in self._living:
                    self._see(self._first, block, row)
        for row in _in_order(conn, subscriptions.c.status != 'terminated'):
            self._validate(row.model, row.id)

    def _see(self, first: dict[bytes, tuple[str, bytes]], block: dict[str, Any], row: Any) -> None:
        key, seen = UUID(block[ID]).bytes, (row.at.isoformat(), row.subscription_id.bytes)
        first[key] = min(seen, first.get(key, seen))

    def _validate(self, value: Any, id: UUID) -> None:
        """Find the blocks that the first owner still has in its own part."""
        if _is_block(value):
            key = UUID(value[ID]).bytes
            if self._first.get(key, ('', id.bytes))[1] != id.bytes:
                return
            self._valid.add(key)
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self._validate(item, id)

    def owner_of(self, block: str, id: UUID) -> UUID:
        """The owner of the block that the subscription contains."""
        key = UUID(block).bytes
        if key in self._made and self._made[key][1] == id.bytes:
            owner = id  # an ended subscription that made the block keeps it
        elif key in self._valid:
            owner = UUID(bytes=self._first[key][1])
        else:
            owner = UUID(bytes=self._kept.get(key, id.bytes))
        if owner != id and self._reaches(owner.bytes, id.bytes):
            return id
        if owner == id:
            self._kept.setdefault(key, id.bytes)
        else:
            self._used.setdefault(id.bytes, set()).add(owner.bytes)
        return owner

    def _reaches(self, start: bytes, target: bytes) -> bool:
        waiting, seen = [start], {start}
        while waiting:
            following = self._used.get(waiting.pop(), set())
            if target in following:
                return True
            waiting += following - seen
            seen |= following
        return False


def _write_references(conn: sa.Connection, owners: _Owners) -> None:
    # the living ones first, so that none of them refers to an ended one
    for condition in (subscriptions.c.status != 'terminated', subscriptions.c.status == 'terminated'):
        for row in _in_order(conn, condition):
            _refer(conn, row, owners)


def _refer(conn: sa.Connection, row: Any, owners: _Owners) -> None:
    uses = sa.table(
        'product_subscription_uses', sa.column('subscription_id', sa.Uuid), sa.column('owner_id', sa.Uuid), sa.column('block_id', sa.Uuid)
    )
    used: set[tuple[str, str]] = set()
    model = _referring(row.model, str(row.id), lambda block: str(owners.owner_of(block, row.id)), used)
    model.pop('insync', None)
    conn.execute(sa.update(subscriptions).where(subscriptions.c.id == row.id).values(model=model))
    newest = (versions.c.subscription_id == row.id, versions.c.version == row.version)
    conn.execute(sa.update(versions).where(*newest).values(model=model))
    if used:
        named = [{'subscription_id': row.id, 'owner_id': UUID(owner_id), 'block_id': UUID(block)} for owner_id, block in sorted(used)]
        conn.execute(sa.insert(uses), named)


def _in_order(conn: sa.Connection, condition: Any) -> Iterator[Any]:
    """The subscriptions in the order of their creation, a batch at a time."""
    c = subscriptions.c
    after: Any = None
    while True:
        query = sa.select(c.id, c.model, c.version, c.created_at).where(condition)
        if after is not None:
            later = sa.and_(c.created_at == after.created_at, c.id > after.id)
            query = query.where(sa.or_(c.created_at > after.created_at, later))
        rows = conn.execute(query.order_by(c.created_at, c.id).limit(BATCH)).all()
        if not rows:
            return
        yield from rows
        after = rows[-1]


def _versions(conn: sa.Connection) -> Iterator[Any]:
    """All versions, a batch at a time."""
    place = sa.tuple_(versions.c.subscription_id, versions.c.version)
    after: Any = None
    while True:
        query = sa.select(versions).order_by(versions.c.subscription_id, versions.c.version).limit(BATCH)
        if after is not None:
            query = query.where(place > sa.tuple_(sa.literal(after.subscription_id, sa.Uuid), sa.literal(after.version, sa.Integer)))
        rows = conn.execute(query).all()
        if not rows:
            return
        yield from rows
        after = rows[-1]


def _clear_history(conn: sa.Connection) -> None:
    """The lock is no part of any version."""
    for row in _versions(conn):
        if 'insync' in row.model or 'insync' in row.changes:
            values = {name: {key: value for key, value in getattr(row, name).items() if key != 'insync'} for name in ('model', 'changes')}
            key = (versions.c.subscription_id == row.subscription_id, versions.c.version == row.version)
            conn.execute(sa.update(versions).where(*key).values(values))


def _blocks(value: Any) -> Iterator[dict[str, Any]]:
    if _is_block(value):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _blocks(item)


def _is_block(value: Any) -> bool:
    return isinstance(value, dict) and ID in value and 'name' in value


def _referring(value: Any, own_id: str, owner_of: Callable[[str], str], used: set[tuple[str, str]]) -> Any:
    if isinstance(value, list):
        return [_referring(item, own_id, owner_of, used) for item in value]
    if not isinstance(value, dict):
        return value
    if _is_block(value):
        owner = owner_of(value[ID])
        if owner != own_id:
            used.add((owner, value[ID]))
            return {'name': value['name'], ID: value[ID], OWNER: owner}
        value = {**value, OWNER: own_id}
    return {key: _referring(item, own_id, owner_of, used) for key, item in value.items()}
