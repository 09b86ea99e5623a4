"""Alembic's way in: the application's engine and the metadata of our entities alone."""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy.types import TypeEngine

from app.declare.entity import UtcMoment
from app.declare.fileref import FileRefType

database = current_app.extensions["migrate"].db


def render_item(kind: str, item: Any, autogen_context: Any) -> str | bool:
    """Write our own column types as the plain types they are stored in."""
    if kind == "type" and isinstance(item, UtcMoment):
        return "sa.DateTime()"
    if kind == "type" and isinstance(item, FileRefType):
        return "sa.JSON(none_as_null=True)"
    if kind == "type" and isinstance(item, TypeEngine) and item.__class__.__name__ == "Enum":
        return f"sa.String(length={item.length})"
    return False


def compare_type(
    ctx: Any, inspected: Any, declared: Any, inspected_type: Any, declared_type: Any
) -> bool | None:
    """A closed list is stored as text of its length: no difference to migrate."""
    if declared_type.__class__.__name__ == "Enum":
        return bool(getattr(inspected_type, "length", None) != declared_type.length)
    return None


def run() -> None:
    """Apply the history over one connection, in one transaction."""
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=True,
            render_item=render_item,
            compare_type=compare_type,
            include_schemas=False,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("L'historique ne s'applique qu'à une base ouverte.")
run()
