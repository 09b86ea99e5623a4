"""The version of the town's public settings: drawn anew with each change, read to know if memory is fresh.

Drawn and not counted: a change that is rolled back must not leave its number to the next one.
"""

import secrets
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from sqlalchemy import event, insert, inspect, select, update
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, UOWTransaction

from app.access.criteria import is_public
from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Entity
from app.entities.rulebook import catalogue_version

Kept = TypeVar("Kept")
READ = "catalogue version"
"""Where a session keeps the number it has read in its transaction."""


def install() -> None:
    """Put the listeners on the Session class, once a process."""
    if not event.contains(Session, "after_flush", _on_flush):
        event.listen(Session, "after_flush", _on_flush)
        event.listen(Session, "do_orm_execute", _on_execute)
        event.listen(Session, "after_transaction_end", _on_end)


def current_version(session: Session) -> int:
    """The number in force; 0 before the first change. One statement a transaction."""
    number: int | None = session.info.get(READ)
    if number is None:
        number = session.connection().execute(select(catalogue_version.c.number)).scalar() or 0
        session.info[READ] = number
    return number


_remembered: "list[Remembered[Any]]" = []


def forget_everything() -> None:
    """Read all of the settings anew: for a database put in another’s place."""
    for one in _remembered:
        one.forget()


class Remembered(Generic[Kept]):
    """What ``read`` finds among the settings, read once a process for each version of them."""

    def __init__(self, reason: str, read: Callable[[], Kept]) -> None:
        self._reason, self._read = reason, read
        self._kept: dict[str, tuple[int, Kept]] = {}
        _remembered.append(self)

    def forget(self) -> None:
        """Read it anew next time, whatever the version."""
        self._kept.clear()

    def __call__(self) -> Kept:
        """No statement once a transaction has read the version; those of ``read`` after a change."""
        with unscoped(self._reason):
            version = current_version(db.session())
            place = str(db.engine.url)
            kept = self._kept.get(place)
            if kept is not None and kept[0] == version:
                return kept[1]
            found = self._read()
            if version:  # 0: nobody has raised it yet, nothing tells an old copy from a new one
                self._kept[place] = (version, found)
            return found


def raise_version(session: Session) -> None:
    """Tell every process that what it remembers is old."""
    number = secrets.randbits(62) or 1
    session.info[READ] = number
    connection = session.connection()
    raised = connection.execute(update(catalogue_version).values(number=number))
    if raised.rowcount == 0:
        connection.execute(insert(catalogue_version).values(id=1, number=number))


def _on_end(session: Session, transaction: SessionTransaction) -> None:
    """What was read or drawn in a transaction ends with it, a savepoint's too."""
    session.info.pop(READ, None)


def _on_flush(session: Session, context: UOWTransaction) -> None:
    rows = [*session.new, *session.deleted, *(row for row in session.dirty if session.is_modified(row))]
    if any(isinstance(row, Entity) and is_public(type(row)) for row in rows):
        raise_version(session)


def _on_execute(state: ORMExecuteState) -> Any:
    """Bulk writes count too."""
    if state.is_select or not state.is_orm_statement or state.bind_mapper is None:
        return
    entity = inspect(state.bind_mapper.class_).class_
    if issubclass(entity, Entity) and is_public(entity):
        raise_version(state.session)
