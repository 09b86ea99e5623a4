"""The hooks on every ORM session: no row out of reach is read, none is pointed at.

Covered: ORM SELECT, UPDATE and DELETE, whatever loads them (lists, dropdowns, counts, lazy loads,
joins, aliases, subqueries), and every flush: the keys it writes, and the rows it changes or deletes.
Refused unless ``unscoped``, because nothing in them can be narrowed: Core statements, SQL as text,
``from_statement``, tables that come in by a condition alone (``statements.py``), bulk inserts, updates
by primary key, bulk updates of a relation's key.

Not covered, and kept out of the code by a test (``tests/access/test_kept_out.py``): ``Session.get``,
which may answer from memory; ``bulk_insert_mappings`` and its kin, ``session.connection()``, bare
tables and SQL text inside an ORM statement, which carry no entity to narrow. A row that was loaded
``unscoped`` stays readable: it can't be changed or deleted.
"""

from collections import defaultdict
from typing import Any
from weakref import WeakSet

from flask import has_app_context
from sqlalchemy import event, inspect, or_, select
from sqlalchemy.orm import FromStatement, ORMExecuteState, Session, UOWTransaction
from sqlalchemy.orm.util import identity_key

from app.access import permissions, statements
from app.access.criteria import in_scope, root_of, scope_of
from app.access.database import db
from app.access.statements import ScopeRefused
from app.access.viewer import Unscoped, Viewer, before_unscoped, current, current_viewer
from app.declare import Attribute, Entity, Kind, entity_named
from app.declare.scope import Root

NOT_THE_FAMILIES = (Root.TOWN, Root.SERVICE)
MADE = "made in scope"
"""Where a session keeps the rows that a viewer has just added: they may not be in reach yet."""


class OutOfScope(Exception):
    """A write points at a row out of reach: to its author that row does not exist."""


class RightTightened(Exception):
    """A write to an attribute that the town took back from the author's role."""

    def __init__(self, attribute: Attribute) -> None:
        super().__init__(f"{attribute.entity}.{attribute.name}")
        self.attribute = attribute


def install() -> None:
    """Put the hooks on the Session class, once a process."""
    if not event.contains(Session, "do_orm_execute", _narrow):
        event.listen(Session, "do_orm_execute", _narrow)
        event.listen(Session, "before_flush", _check_flush)
        event.listen(Session, "pending_to_persistent", _remember)
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
    if state.is_update or state.is_delete:
        _check_bulk(state, viewer)
    elif isinstance(state.statement, FromStatement):
        raise ScopeRefused("« from_statement » ne passe pas par les entités.")
    option = in_scope(viewer)
    if option is not None:
        state.statement = state.statement.options(option)


def _check_bulk(state: ORMExecuteState, viewer: Viewer) -> None:
    """Bulk writes leave no row for the flush to check: what they could slip through is refused."""
    if isinstance(state.parameters, list) or state.execution_options.get("dml_strategy", "auto") != "auto":
        raise ScopeRefused("Les écritures par numéro de ligne demandent « unscoped ».")
    if state.bind_mapper is None or not issubclass(state.bind_mapper.class_, Entity):
        raise ScopeRefused(f"Cette requête ne passe pas par les entités : {state.statement}")
    entity = state.bind_mapper.class_
    if viewer.is_family and root_of(entity, viewer.side) in NOT_THE_FAMILIES:
        raise OutOfScope(f"{entity.__name__} n'est pas aux familles")
    if in_scope(viewer) is None:
        return
    statements.verify(state.statement)
    keys = {one.column for one in entity.__attributes__.values() if one.kind is Kind.RELATION} | {"id"}
    moved = keys & _written(state)
    if moved:
        raise ScopeRefused(f"Changer {sorted(moved)} en masse demande « unscoped ».")


def _written(state: ORMExecuteState) -> set[str]:
    """The columns that an UPDATE sets."""
    parameters: Any = state.parameters or {}
    pairs = [*statements.assignments(state.statement), *parameters.items()]
    return {getattr(one, "key", one) for one, _ in pairs}


def _remember(session: Session, row: Any) -> None:
    if current_viewer() is not None:
        session.info.setdefault(MADE, WeakSet()).add(row)


def _check_flush(session: Session, context: UOWTransaction, instances: Any) -> None:
    viewer = current()
    if isinstance(viewer, Unscoped):
        return
    wanted: dict[type[Entity], set[int]] = defaultdict(set)
    is_narrow = in_scope(viewer) is not None
    made = {inspect(row).key for row in session.info.get(MADE, ()) if row in session}
    for row in [*session.new, *session.dirty, *session.deleted]:
        if not isinstance(row, Entity):
            continue
        is_written = row not in session.dirty or session.is_modified(row)
        if is_written:
            _refuse_others_rows(row, viewer, row in session.new)
        if row not in session.deleted:
            _refuse_tightened(row, viewer, row in session.new)
            _collect_keys(row, session, wanted)
        if is_narrow and is_written and row not in session.new:
            # It may have been loaded unscoped. The identity has its number: the attribute could have changed.
            identity: Any = inspect(row).identity
            wanted[type(row)].add(identity[0])
    with session.no_autoflush:
        _refuse_wider_accounts(session, viewer)
        for entity, numbers in wanted.items():
            ids = {one for one in numbers if identity_key(entity, one) not in made}
            if not ids:
                continue
            found = set(session.scalars(select(entity.id).where(entity.id.in_(ids))))
            if found != ids:
                raise OutOfScope(f"{entity.__name__} {sorted(ids - found)}")


def _refuse_others_rows(row: Entity, viewer: Viewer, is_new: bool) -> None:
    """A parent writes in no public setting, in no row of the service, and adds no household nor account.

    Who holds a role in some facilities gives, changes and takes back roles in those alone.
    """
    entity = type(row)
    if not viewer.is_family:
        if viewer.facility_ids is not None and entity.__name__ == "RoleGrant":
            _refuse_wider_grant(row, viewer.facility_ids)
        return
    if root_of(entity, viewer.side) in NOT_THE_FAMILIES:
        raise OutOfScope(f"{entity.__name__} n'est pas aux familles")
    if is_new and scope_of(entity, viewer.side) in (Root.HOUSEHOLD, Root.OWN_ACCOUNT):
        raise OutOfScope(f"{entity.__name__} ne s'ajoute pas depuis un foyer")


def _refuse_wider_grant(row: Entity, mine: frozenset[int]) -> None:
    state = inspect(row)
    pointed = state.dict.get("facility")
    keys = {state.dict.get("facility_id") if pointed is None else pointed.id}
    keys |= set(state.attrs["facility_id"].history.deleted or ())
    if not keys <= mine:
        raise OutOfScope("Ce rôle vaut au-delà de vos structures")


def _refuse_wider_accounts(session: Session, viewer: Viewer) -> None:
    """Who holds a role in some facilities changes no account that holds one elsewhere: its address would be
    enough to take it over.
    """
    if not viewer.is_staff or viewer.facility_ids is None:
        return
    account: Any = entity_named("Account")
    changed = [row for row in (*session.dirty, *session.deleted) if isinstance(row, account)]
    account_ids = {row.id for row in changed if session.is_modified(row) or row in session.deleted}
    account_ids.discard(viewer.account_id)
    if not account_ids:
        return
    grant: Any = entity_named("RoleGrant")
    elsewhere = or_(grant.facility_id.is_(None), grant.facility_id.not_in(viewer.facility_ids))
    held = session.scalars(select(grant.id).where(grant.account_id.in_(account_ids), elsewhere).limit(1))
    if held.first() is not None:
        raise OutOfScope("Ce compte a un rôle au-delà de vos structures")


def _refuse_tightened(row: Entity, viewer: Viewer, is_new: bool) -> None:
    """What the town took back from a role is written by none of its pages, generated or made by hand."""
    if not viewer.tightened:
        return
    state = inspect(row)
    for one in permissions.lost(viewer, type(row)):
        history = state.attrs[one.column].history
        given = [value for value in history.added or () if value is not None]
        default: Any = inspect(type(row)).columns[one.column].default
        if is_new and default is not None and default.is_scalar and given == [default.arg]:
            continue
        if given or (history.has_changes() and not is_new):
            raise RightTightened(one)


def _collect_keys(row: Entity, session: Session, wanted: dict[type[Entity], set[int]]) -> None:
    """The keys of this row that are new, by the entity they point at."""
    state = inspect(row)
    for one in type(row).__attributes__.values():
        if one.kind is not Kind.RELATION:
            continue
        pointed = state.dict.get(one.name)
        is_new = row in session.new
        keys: set[Any] = set()
        # Which of the two the flush will write depends on the order they were set in: both are checked.
        if is_new or state.attrs[one.column].history.has_changes():
            keys.add(state.dict.get(one.column))
        moved = is_new or state.attrs[one.name].history.has_changes()
        if moved and pointed is not None and pointed not in session.new:  # a new row is checked on its own
            keys.add(pointed.id)
        wanted[entity_named(one.target)] |= keys - {None}
