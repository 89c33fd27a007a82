"""Locks of product subscriptions out of their models, and copies of other subscriptions' blocks into references.

The block of a subscription was stored again in each subscription that used it. The owner of a block is the living
subscription that had it first, according to the stored versions. A subscription keeps its copy if the owner has ended
or has the block no more, and if a reference would close a circle.
"""

import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
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
REPORTED = 5_000
"""The log has a line after this many subscriptions, because a large site waits some minutes."""

logger = logging.getLogger('orchestrator_gql.storage.migrations')


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
    """The owner of each block, and which subscription uses which.

    A site has millions of blocks, and few of them are in several subscriptions. So every block costs one key and one
    reference here, and the rest is stored only for blocks in several subscriptions.
    """

    def __init__(self, conn: sa.Connection) -> None:
        self._made: dict[bytes, _Seen] = {}
        self._first: dict[bytes, _Seen] = {}  # only if no living subscription made the block
        self._shared: set[bytes] = set()
        self._valid: set[bytes] = set()
        self._kept: dict[bytes, bytes] = {}
        self._used: dict[bytes, set[bytes]] = {}
        living = conn.execute(sa.select(subscriptions.c.id).where(subscriptions.c.status != 'terminated')).scalars()
        self._living = {id.bytes for id in living}
        for row in _versions(conn):
            seen = (row.at.isoformat(), row.subscription_id.bytes)
            for key in _keys(row.model):
                self._see(key, seen)
        for row in _in_order(conn, subscriptions.c.status != 'terminated', 'read'):
            self._validate(row.model, row.id.bytes)

    def _see(self, key: bytes, seen: '_Seen') -> None:
        made = self._made.get(key)
        if made is None:
            self._made[key] = seen
            return
        if made[1] == seen[1]:
            self._made[key] = min(made, seen)
            return
        self._shared.add(key)
        first = self._first.get(key, made)
        living = [each for each in (first, seen) if each[1] in self._living]
        self._made[key] = min(made, seen)
        if living:
            self._first[key] = min(living)

    def _validate(self, value: Any, id: bytes) -> None:
        """Find the blocks that the first owner still has in its own part."""
        if (key := _key(value)) is not None and key in self._shared:
            if self._first_living(key) != id:
                return
            self._valid.add(key)
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self._validate(item, id)

    def _first_living(self, key: bytes) -> bytes | None:
        first = self._first.get(key, self._made[key])[1]
        return first if first in self._living else None

    def owner_of(self, key: bytes, *, id: UUID) -> UUID:
        """The owner of the block that the subscription contains."""
        if key not in self._shared:
            return id
        first = self._first_living(key)
        if self._made[key][1] == id.bytes:
            owner = id  # an ended subscription that made the block keeps it
        elif key in self._valid and first is not None:
            owner = UUID(bytes=first)
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


_Seen = tuple[str, bytes]
"""The time of a version and the id of its subscription."""


def _write_references(conn: sa.Connection, owners: _Owners) -> None:
    # the living ones first, so that none of them refers to an ended one
    for condition in (subscriptions.c.status != 'terminated', subscriptions.c.status == 'terminated'):
        for rows in _batched(_in_order(conn, condition, 'migrated')):
            _refer(conn, rows, owners)


def _refer(conn: sa.Connection, rows: Sequence[Any], owners: _Owners) -> None:
    uses = sa.table(
        'product_subscription_uses', sa.column('subscription_id', sa.Uuid), sa.column('owner_id', sa.Uuid), sa.column('block_id', sa.Uuid)
    )
    written, named = [], []
    for row in rows:
        used: set[tuple[str, str]] = set()
        model = _referring(row.model, str(row.id), partial(owners.owner_of, id=row.id), used)
        model.pop('insync', None)
        written.append({'of_id': row.id, 'of_version': row.version, 'new_model': model})
        named += [{'subscription_id': row.id, 'owner_id': UUID(owner), 'block_id': UUID(block)} for owner, block in sorted(used)]
    of_id, new_model = sa.bindparam('of_id', type_=sa.Uuid), sa.bindparam('new_model', type_=columns.JsonText)
    conn.execute(sa.update(subscriptions).where(subscriptions.c.id == of_id).values(model=new_model), written)
    newest = (versions.c.subscription_id == of_id, versions.c.version == sa.bindparam('of_version'))
    conn.execute(sa.update(versions).where(*newest).values(model=new_model), written)
    if named:
        conn.execute(sa.insert(uses), named)


def _in_order(conn: sa.Connection, condition: Any, what: str) -> Iterator[Any]:
    """The subscriptions in the order of their creation, a batch at a time; the log says how many are done."""
    c = subscriptions.c
    ids = list(conn.execute(sa.select(c.id).where(condition).order_by(c.created_at, c.id)).scalars())
    for begin in range(0, len(ids), BATCH):
        if begin and begin % REPORTED == 0:
            logger.info('%s %s of %s product subscriptions', what, begin, len(ids))
        batch = ids[begin : begin + BATCH]
        found = {row.id: row for row in conn.execute(sa.select(c.id, c.model, c.version).where(c.id.in_(batch)))}
        yield from (found[id] for id in batch)


def _batched(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(itertools.islice(rows, BATCH)):
        yield batch


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
    key = (
        versions.c.subscription_id == sa.bindparam('of_id', type_=sa.Uuid),
        versions.c.version == sa.bindparam('of_version'),
    )
    values = {name: sa.bindparam(f'new_{name}', type_=columns.JsonText) for name in ('model', 'changes')}
    for rows in _batched(_versions(conn)):
        cleared = [
            {
                'of_id': row.subscription_id,
                'of_version': row.version,
                'new_model': _without_lock(row.model),
                'new_changes': _without_lock(row.changes),
            }
            for row in rows
            if 'insync' in row.model or 'insync' in row.changes
        ]
        if cleared:
            conn.execute(sa.update(versions).where(*key).values(values), cleared)


def _without_lock(value: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key != 'insync'}


def _keys(value: Any) -> Iterator[bytes]:
    if (key := _key(value)) is not None:
        yield key
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(item, dict | list):
            yield from _keys(item)


def _key(value: Any) -> bytes | None:
    """The id of a block; None if the value is none. An author's own data may have the same keys."""
    if not isinstance(value, dict) or ID not in value or 'name' not in value:
        return None
    try:
        return UUID(value[ID]).bytes
    except (ValueError, TypeError, AttributeError):
        return None


def _referring(value: Any, own_id: str, owner_of: Callable[[bytes], UUID], used: set[tuple[str, str]]) -> Any:
    if isinstance(value, list):
        return [_referring(item, own_id, owner_of, used) for item in value]
    if not isinstance(value, dict):
        return value
    if (key := _key(value)) is not None:
        owner = str(owner_of(key))
        if owner != own_id:
            used.add((owner, value[ID]))
            return {'name': value['name'], ID: value[ID], OWNER: owner}
        value = {**value, OWNER: own_id}
    return {key: _referring(item, own_id, owner_of, used) for key, item in value.items()}
