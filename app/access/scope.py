"""The hooks on every ORM session: no row out of reach is read, none is pointed at.

Covered: ORM SELECT, UPDATE and DELETE, whatever loads them (lists, dropdowns, counts, lazy
loads, joins), and every flush. Core statements and raw SQL carry no entity to scope: they are
refused unless ``unscoped``. ``Session.get`` may answer from memory without asking: use
``select``; a test keeps it out of the code.
"""

from collections import defaultdict
from typing import Any

from flask import has_app_context
from sqlalchemy import event, inspect, select
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from app.access.criteria import in_scope, scope_of
from app.access.database import db
from app.access.viewer import Unscoped, Viewer, before_unscoped, current
from app.declare import Entity, Kind, entity_named
from app.declare.scope import Root


class OutOfScope(Exception):
    """A write points at a row out of reach: to its author that row does not exist."""


class ScopeRefused(Exception):
    """A statement that can't be scoped ran outside ``unscoped``."""


def install() -> None:
    """Put the hooks on the Session class, once a process."""
    if not event.contains(Session, "do_orm_execute", _narrow):
        event.listen(Session, "do_orm_execute", _narrow)
        event.listen(Session, "before_flush", _check_flush)
        before_unscoped.append(_flush_pending)


def _flush_pending() -> None:
    """Write what is pending in the current session, under the eyes of whoever is asking."""
    if has_app_context():
        session = db.session()
        if session.new or session.dirty or session.deleted:
            session.flush()


def _narrow(state: ORMExecuteState) -> None:
    viewer = current()
    if isinstance(viewer, Unscoped):
        return
    if not state.is_orm_statement:
        raise ScopeRefused(f"Cette requête ne passe pas par les entités : {state.statement}")
    if state.is_insert:
        raise ScopeRefused("Les ajouts en masse demandent « unscoped ».")
    if state.is_column_load:
        return  # a column of a row that is already in reach
    option = in_scope(viewer)
    if option is not None:
        state.statement = state.statement.options(option)


def _check_flush(session: Session, context: UOWTransaction, instances: Any) -> None:
    viewer = current()
    if isinstance(viewer, Unscoped):
        return
    wanted: dict[type[Entity], set[int]] = defaultdict(set)
    for row in [*session.new, *session.dirty, *session.deleted]:
        if isinstance(row, Entity):
            if row not in session.dirty or session.is_modified(row):
                _refuse_town_rows(row, viewer)
            if row not in session.deleted:
                _collect_keys(row, session, wanted)
    with session.no_autoflush:
        for entity, ids in wanted.items():
            found = set(session.scalars(select(entity.id).where(entity.id.in_(ids))))
            if found != ids:
                raise OutOfScope(f"{entity.__name__} {sorted(ids - found)}")


def _refuse_town_rows(row: Entity, viewer: Viewer) -> None:
    """A parent writes in no public setting and in no row of the service."""
    if viewer.is_family and scope_of(type(row), viewer.side) in (Root.TOWN, Root.SERVICE):
        raise OutOfScope(f"{type(row).__name__} n'est pas aux familles")


def _collect_keys(row: Entity, session: Session, wanted: dict[type[Entity], set[int]]) -> None:
    """The keys of this row that are new, by the entity they point at."""
    state = inspect(row)
    for one in type(row).__attributes__.values():
        if one.kind is not Kind.RELATION:
            continue
        pointed = state.dict.get(one.name)
        is_new = row in session.new
        # The key and the row are checked each for itself: a key may be set beside a row read before.
        if is_new or state.attrs[one.column].history.has_changes():
            key = state.dict.get(one.column)
            if key is not None:
                wanted[entity_named(one.target)].add(key)
        moved = is_new or state.attrs[one.name].history.has_changes()
        if pointed is not None and moved and pointed not in session.new:
            wanted[entity_named(one.target)].add(pointed.id)
