"""The database handle, and what SQLite needs to serve several processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects import postgresql, sqlite

from app.access.folding import fold
from app.declare import Entity

db = SQLAlchemy(metadata=Entity.metadata)
UPSERTS: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
"""By dialect's name, the INSERT that may leave alone a row that is there already."""

# A transaction that will write takes SQLite's write lock at its start: taken later, it could
# find that what it has read has changed, and fail instead of waiting.
_will_write: ContextVar[bool] = ContextVar("will_write", default=True)


@contextmanager
def reading() -> Iterator[None]:
    """Transactions begun inside don't wait for writers."""
    token = _will_write.set(False)
    try:
        yield
    finally:
        _will_write.reset(token)


@contextmanager
def mark() -> Iterator[Connection]:
    """A short write of its own, the last thing that a request does: the session lets go of its transaction.

    What it held is no longer attached, what it did not commit is lost: a lock held here would be waited
    for by ourselves.
    """
    db.session.close()
    token = _will_write.set(True)
    try:
        with db.engine.begin() as connection:
            yield connection
    finally:
        _will_write.reset(token)


def set_reading(reads_only: bool) -> None:
    """For the edge of a request: a GET reads, the rest writes."""
    _will_write.set(not reads_only)


def init_app(app: Flask) -> None:
    """Bind the database to the application; prepare SQLite connections."""
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            prepare_sqlite(db.engine)


def prepare_sqlite(engine: Engine) -> None:
    """Write-ahead log, enforced foreign keys, and transactions that begin as they must."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN would come too late
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "busy_timeout=15000",
            "temp_store=MEMORY",
            "cache_size=-32000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        connection.create_function("fold", 1, fold, deterministic=True)

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _will_write.get() else "BEGIN")
