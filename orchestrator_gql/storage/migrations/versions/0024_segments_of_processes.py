"""The segments by which a text is found among many processes, and the triggers that note what is not in them yet.

All processes are noted: the servers put them into segments, a thousand at a time.
"""

import sqlalchemy as sa
from alembic import op

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None

NOTE = 'INSERT INTO unindexed_processes (process_id, started_at) VALUES (NEW.id, NEW.started_at);'
TEXTS = ('workflow_name', 'subject', 'note')
ON_CHANGE = f'AFTER UPDATE OF {", ".join(TEXTS)} ON processes FOR EACH ROW'


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == 'sqlite'
    time = sa.DateTime(timezone=True)
    op.create_table(
        'process_segments',
        sa.Column('number', sa.Integer(), nullable=False, autoincrement=False),
        sa.Column('begins_at', time, nullable=False),
        sa.PrimaryKeyConstraint('number', name='pk_process_segments'),
    )
    op.create_index('ix_process_segments_begins_at', 'process_segments', ['begins_at'], unique=True)
    first = '0001-01-01 00:00:00.000000'
    op.execute(f"INSERT INTO process_segments VALUES (1, '{first if is_sqlite else first + '+00'}')")
    op.create_table(
        'process_terms',
        sa.Column('term', sa.Text(), nullable=False),
        sa.Column('segment', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('term', 'segment', name='pk_process_terms'),
        sqlite_with_rowid=False,
    )
    op.create_index('ix_process_terms_segment', 'process_terms', ['segment'])
    op.create_table(
        'unindexed_processes',
        sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('process_id', sa.Uuid(), nullable=False),
        sa.Column('started_at', time, nullable=False),
        sa.PrimaryKeyConstraint('number', name='pk_unindexed_processes'),
    )
    # The triggers come first: they wait for the starts that are not committed yet, and the rest is noted here.
    if is_sqlite:
        op.execute(f'CREATE TRIGGER note_new_process AFTER INSERT ON processes FOR EACH ROW BEGIN {NOTE} END')
        is_changed = ' OR '.join(f'NEW.{name} IS NOT OLD.{name}' for name in TEXTS)
        op.execute(f'CREATE TRIGGER note_changed_process {ON_CHANGE} WHEN {is_changed} BEGIN {NOTE} END')
    else:
        # With the schema: whoever writes a row may have another search_path, such as an administrator or `pg_restore`.
        schema = op.get_bind().execute(sa.text('SELECT quote_ident(current_schema())')).scalar_one()
        body = f'BEGIN {NOTE.replace("INTO ", f"INTO {schema}.")} RETURN NULL; END'
        op.execute(f'CREATE FUNCTION note_process() RETURNS trigger LANGUAGE plpgsql AS $${body}$$')
        note = 'EXECUTE FUNCTION note_process()'
        op.execute(f'CREATE TRIGGER note_new_process AFTER INSERT ON processes FOR EACH ROW {note}')
        is_changed = ' OR '.join(f'NEW.{name} IS DISTINCT FROM OLD.{name}' for name in TEXTS)
        op.execute(f'CREATE TRIGGER note_changed_process {ON_CHANGE} WHEN ({is_changed}) {note}')
    every = 'SELECT id, started_at FROM processes ORDER BY started_at'
    op.execute(f'INSERT INTO unindexed_processes (process_id, started_at) {every}')
    op.create_index('ix_unindexed_processes_started_at', 'unindexed_processes', ['started_at'])
