"""The target RECONCILE: the CHECK of the two columns that hold a target lets it in."""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

TABLES = ('processes', 'process_subscriptions')
OLD = "target IN ('CREATE', 'MODIFY', 'TERMINATE', 'VALIDATE', 'SYSTEM')"
NEW = "target IN ('CREATE', 'MODIFY', 'TERMINATE', 'VALIDATE', 'RECONCILE', 'SYSTEM')"


def upgrade() -> None:
    conn = op.get_bind()
    for table in TABLES:
        if conn.dialect.name == 'sqlite':
            _copy(conn, table)
        else:
            op.drop_constraint(op.f(f'ck_{table}_target'), table, type_='check')
            op.create_check_constraint(op.f(f'ck_{table}_target'), table, NEW)
    if conn.dialect.name == 'sqlite' and conn.exec_driver_sql('PRAGMA foreign_key_check').first() is not None:
        raise RuntimeError('A row refers to a row that does not exist.')


def _copy(conn: sa.Connection, table: str) -> None:
    """SQLite changes no constraint of a table: copy the table, in the way that its documentation prescribes.

    The copy keeps every column, constraint and index as it is, because it is made from the SQL of the table itself.
    """
    if conn.exec_driver_sql('PRAGMA foreign_keys').scalar():
        raise RuntimeError('Foreign keys must be off: all rows that refer to the table would be deleted with it.')
    of_table = 'SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type = ? AND sql IS NOT NULL'
    made_by = conn.exec_driver_sql(of_table, (table, 'table')).scalar_one()
    indexes = conn.exec_driver_sql(of_table, (table, 'index')).scalars().all()
    start, body = made_by.split('(', 1)
    if OLD not in body or start.split()[-1].strip('"') != table:
        raise RuntimeError(f'The table {table} is not as release 0013 left it: {start.strip()}')
    conn.exec_driver_sql(f'CREATE TABLE _copied ({body.replace(OLD, NEW)}')
    conn.exec_driver_sql(f'INSERT INTO _copied SELECT * FROM {table}')  # noqa: S608
    conn.exec_driver_sql(f'DROP TABLE {table}')
    conn.exec_driver_sql(f'ALTER TABLE _copied RENAME TO {table}')
    for index in indexes:
        conn.exec_driver_sql(index)
