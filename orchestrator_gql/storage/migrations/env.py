"""The entry point of Alembic: it migrates on a connection that is already in a transaction."""

from alembic import context

from orchestrator_gql.storage.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
context.run_migrations()
