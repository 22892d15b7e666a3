"""Runs migrations on the connection that db.migrate (or `alembic` on the command line) gives."""

from sqlalchemy import create_engine

from alembic import context
from db.models import Row


def migrate(connection) -> None:
    context.configure(connection=connection, target_metadata=Row.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    with create_engine(context.config.get_main_option("sqlalchemy.url")).begin() as opened:
        migrate(opened)
