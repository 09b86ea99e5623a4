"""Rows by the thousand: plain dictionaries with their numbers, written in bulk, parents first."""

from typing import Any

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from app.access.database import db
from app.declare import Entity


class Batch:
    """Collects rows and writes them in bulk; each row knows its number at once.

    Bounded memory: call ``write`` every few households. The caller is ``unscoped`` and commits.
    """

    def __init__(self) -> None:
        self._rows: dict[type[Entity], list[dict[str, Any]]] = {}
        self._next: dict[type[Entity], int] = {}
        self._blank: dict[type[Entity], dict[str, Any]] = {}
        self._order = {table: rank for rank, table in enumerate(Entity.metadata.sorted_tables)}
        self.counts: dict[str, int] = {}

    def add(self, entity: type[Entity], /, **values: Any) -> int:
        """Keep a row for later; its number."""
        if entity not in self._next:
            self._next[entity] = (db.session.scalar(select(func.max(entity.id))) or 0) + 1
            self._blank[entity] = _blank(_table(entity))
        number = self._next[entity]
        self._next[entity] += 1
        self._rows.setdefault(entity, []).append({**self._blank[entity], **values, "id": number})
        return number

    def write(self) -> None:
        """Write what was kept: one statement an entity."""
        for entity in sorted(self._rows, key=lambda one: self._order[_table(one)]):
            rows = self._rows[entity]
            db.session.execute(insert(_table(entity)), rows)
            self.counts[entity.__name__] = self.counts.get(entity.__name__, 0) + len(rows)
        self._rows.clear()

    def finish(self) -> None:
        """Write the rest; tell PostgreSQL which numbers are taken."""
        self.write()
        if db.engine.dialect.name == "postgresql":
            for entity in self._next:
                name = _table(entity).name
                db.session.execute(
                    text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"),
                    {"name": name, "last": self._next[entity] - 1},
                )


def _table(entity: type[Entity]) -> Table:
    return Entity.metadata.tables[entity.__tablename__]


def _blank(table: Table) -> dict[str, Any]:
    """Every column with its default: rows of one statement must have the same keys."""
    found: dict[str, Any] = {}
    for column in table.columns:
        default = column.default
        found[column.name] = default.arg if isinstance(default, ScalarElementColumnDefault) else None
    return found
