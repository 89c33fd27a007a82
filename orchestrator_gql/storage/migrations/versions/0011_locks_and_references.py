"""Locks of product subscriptions out of their models, and copies of other subscriptions' blocks into references.

The block of a subscription was stored again in each subscription that used it. The oldest subscription that has the
block is its owner; every other one refers to it. A copy in a living subscription is not given to an ended owner.
"""

from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from orchestrator_gql.storage import columns

revision = '0011'
down_revision = '0008'
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
    _write_references(conn, _owners(conn))
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


def _owners(conn: sa.Connection) -> dict[str, tuple[str, str]]:
    """For each block that several subscriptions have: the owner for the living ones, and the owner for the ended ones."""
    having: dict[str, list[tuple[str, bool]]] = {}
    query = sa.select(subscriptions.c.id, subscriptions.c.status, subscriptions.c.model)
    for row in conn.execute(query.order_by(subscriptions.c.created_at, subscriptions.c.id)):
        is_living = row.status != 'terminated'
        for block_id in dict.fromkeys(block[ID] for block in _blocks(row.model)):
            having.setdefault(block_id, []).append((str(row.id), is_living))
    owners: dict[str, tuple[str, str]] = {}
    for block_id, found in having.items():
        if len(found) > 1:
            living = [id for id, is_living in found if is_living]
            owners[block_id] = (living[0] if living else found[0][0], found[0][0])
    return owners


def _write_references(conn: sa.Connection, owners: dict[str, tuple[str, str]]) -> None:
    uses = sa.table(
        'product_subscription_uses', sa.column('subscription_id', sa.Uuid), sa.column('owner_id', sa.Uuid), sa.column('block_id', sa.Uuid)
    )
    query = sa.select(subscriptions.c.id, subscriptions.c.status, subscriptions.c.model, subscriptions.c.version)
    for row in conn.execute(query).all():
        own_id, which = str(row.id), 1 if row.status == 'terminated' else 0
        used: set[tuple[str, str]] = set()

        def owner_of(block_id: str, own_id: str = own_id, which: int = which) -> str:
            if which and own_id == owners.get(block_id, (own_id, own_id))[0]:
                return own_id
            return owners.get(block_id, (own_id, own_id))[which]

        model = _referring(row.model, own_id, owner_of, used)
        model.pop('insync', None)
        conn.execute(sa.update(subscriptions).where(subscriptions.c.id == row.id).values(model=model))
        newest = (versions.c.subscription_id == row.id, versions.c.version == row.version)
        conn.execute(sa.update(versions).where(*newest).values(model=model))
        if used:
            named = [{'subscription_id': row.id, 'owner_id': _uuid(owner), 'block_id': _uuid(block)} for owner, block in sorted(used)]
            conn.execute(sa.insert(uses), named)


def _clear_history(conn: sa.Connection) -> None:
    """The lock is no part of any version."""
    after: tuple[Any, int] | None = None
    place = sa.tuple_(versions.c.subscription_id, versions.c.version)
    while True:
        query = sa.select(versions).order_by(versions.c.subscription_id, versions.c.version).limit(BATCH)
        if after is not None:
            query = query.where(place > sa.tuple_(sa.literal(after[0], sa.Uuid), sa.literal(after[1], sa.Integer)))
        rows = conn.execute(query).all()
        if not rows:
            return
        for row in rows:
            if 'insync' in row.model or 'insync' in row.changes:
                values = {name: {key: value for key, value in getattr(row, name).items() if key != 'insync'} for name in ('model', 'changes')}
                key = (versions.c.subscription_id == row.subscription_id, versions.c.version == row.version)
                conn.execute(sa.update(versions).where(*key).values(values))
        after = (rows[-1].subscription_id, rows[-1].version)


def _uuid(text: str) -> Any:
    from uuid import UUID

    return UUID(text)


def _is_block(value: Any) -> bool:
    return isinstance(value, dict) and ID in value and 'name' in value


def _blocks(value: Any) -> Iterator[dict[str, Any]]:
    if _is_block(value):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _blocks(item)


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
