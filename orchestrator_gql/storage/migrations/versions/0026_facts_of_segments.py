"""The facts of the processes of a segment, such as their products and statuses, as terms beside those of their texts.

No release had segments before: a database of the time between is indexed once more.
"""

import re

import sqlalchemy as sa
from alembic import op

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None

OPEN = '(SELECT max(begins_at) FROM process_segments)'
NOTED = 'INSERT INTO unindexed_processes (process_id, started_at) SELECT'

# A process came to rest with facts that its segment does not have yet, or outside the segment's times of changes. While the
# segment is open, the process is noted since its start. Each statement that changes the time of the last change of a
# process that does not run names one of these columns. `storage/process_facts` writes the same terms.
SETTLED = f"""{NOTED} NEW.id, NEW.started_at FROM process_segments AS s WHERE s.begins_at < {OPEN}
  AND s.begins_at = (SELECT max(begins_at) FROM process_segments WHERE begins_at <= NEW.started_at)
  AND (NOT coalesce(NEW.updated_at BETWEEN s.changed_from AND s.changed_until, 1 = 0)
  OR NOT EXISTS (SELECT 1 FROM process_terms AS t WHERE t.segment = s.number AND t.term = '*' || @nl || NEW.status
    || @nl || NEW.workflow_name || @nl || NEW.target || @nl || coalesce('=' || NEW.assignee, '')
    || @nl || coalesce('=' || NEW.created_by, ''))
  OR EXISTS (SELECT 1 FROM process_subscriptions AS l JOIN product_subscriptions AS p ON p.id = l.subscription_id
    WHERE l.process_id = NEW.id AND NOT EXISTS (SELECT 1 FROM process_terms AS t WHERE t.segment = s.number
    AND t.term = NEW.status || @nl || 'product' || @nl || @hex(p.product_id))));"""
LINKED = f'{NOTED} id, started_at FROM processes WHERE id = NEW.process_id AND started_at < {OPEN};'
OF_OTHER_PRODUCT = (
    f'{NOTED} p.id, p.started_at FROM process_subscriptions AS l JOIN processes AS p ON p.id = l.process_id '
    'WHERE l.subscription_id = NEW.id;'
)
TRIGGERS = {
    'note_settled_process': (
        'AFTER UPDATE OF status, assignee, note ON processes',
        "NEW.status NOT IN ('CREATED', 'RUNNING')",
        SETTLED,
    ),
    'note_linked_process': ('AFTER INSERT ON process_subscriptions', '', LINKED),
    'note_processes_of_product': (
        'AFTER UPDATE OF product_id ON product_subscriptions',
        'NEW.product_id <> OLD.product_id',
        OF_OTHER_PRODUCT,
    ),
}


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == 'sqlite'
    time = sa.DateTime(timezone=True)
    op.add_column('process_segments', sa.Column('changed_from', time, nullable=True))
    op.add_column('process_segments', sa.Column('changed_until', time, nullable=True))
    # The triggers come first: they wait for the processes that are not committed yet.
    for name, (when, condition, note) in TRIGGERS.items():
        is_wanted = f'WHEN ({condition})' if condition else ''
        if is_sqlite:
            body = note.replace('@nl', 'char(10)').replace('@hex(p.product_id)', 'p.product_id')
            op.execute(f'CREATE TRIGGER {name} {when} FOR EACH ROW {is_wanted} BEGIN {body} END')
        else:
            body = note.replace('@nl', 'chr(10)').replace('@hex(p.product_id)', "replace(p.product_id::text, '-', '')")
            _create_function(name, body)
            op.execute(f'CREATE TRIGGER {name} {when} FOR EACH ROW {is_wanted} EXECUTE FUNCTION {name}()')
    if op.get_bind().execute(sa.text('SELECT max(number) FROM process_segments')).scalar_one() > 1:
        for table in ('process_terms', 'unindexed_processes', 'process_segments WHERE number > 1'):
            op.execute(f'DELETE FROM {table}')
        op.execute(f'{NOTED} id, started_at FROM processes ORDER BY started_at')


def _create_function(name: str, note: str) -> None:
    # With the schema: whoever writes a row may have another search_path, such as an administrator or `pg_restore`.
    schema = op.get_bind().execute(sa.text('SELECT quote_ident(current_schema())')).scalar_one()
    body = re.sub(r'\b(INTO|FROM|JOIN) (?=[a-z])', lambda found: f'{found[0]}{schema}.', note)
    op.execute(f'CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} RETURN NULL; END$$')
