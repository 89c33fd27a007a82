"""Finds the rights that the role of a server lacks on PostgreSQL, such as on a table that a migration has made."""

from sqlalchemy import Connection, text

from orchestrator_gql.storage.database.advice import RIGHTS
from orchestrator_gql.storage.tables import audit, audit_seals, metadata
from orchestrator_gql.utils.errors import SettingsError

QUEUE_TABLES = ("procrastinate_jobs", "procrastinate_workers")

APPENDED = (audit.name, audit_seals.name)
"""The tables of the audit log. A site may allow no changes but numbers of seals; then it removes no old processes."""

_MISSING = text("""
    SELECT name FROM unnest(string_to_array(:names, ',')) AS name, unnest(string_to_array(:rights, ',')) AS needed
    WHERE NOT has_table_privilege(to_regclass(name), needed)
        AND (needed IN ('SELECT', 'INSERT') OR name <> ALL (string_to_array(:appended, ',')))
    UNION
    SELECT 'audit' WHERE NOT has_column_privilege(to_regclass('audit'), 'seal', 'UPDATE')
    UNION
    SELECT sequence.relname FROM pg_class AS sequence JOIN pg_depend ON pg_depend.objid = sequence.oid
    WHERE pg_depend.refobjid IN (SELECT to_regclass(name) FROM unnest(string_to_array(:names, ',')) AS name)
        AND pg_depend.deptype = 'a'
        AND CASE sequence.relkind WHEN 'S' THEN NOT has_sequence_privilege(sequence.oid, 'USAGE, UPDATE') END
    ORDER BY 1
""")


def demand_rights(conn: Connection) -> None:
    """Raise `SettingsError` if the role lacks a right on a table or a sequence; the error names them."""
    if conn.dialect.name != "postgresql":
        return
    names = ",".join([*metadata.tables, *QUEUE_TABLES])
    values = {"names": names, "rights": "SELECT,INSERT,UPDATE,DELETE", "appended": ",".join(APPENDED)}
    if missing := conn.execute(_MISSING, values).scalars().all():
        raise SettingsError(f"The role of ORCHESTRATOR_DATABASE_URL lacks rights on {', '.join(missing)}. {RIGHTS}")
