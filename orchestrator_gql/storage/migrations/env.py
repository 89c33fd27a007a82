"""Alembic's way in: it is handed a connection in a transaction, and migrates on it."""

from alembic import context

from orchestrator_gql.storage.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
context.run_migrations()
