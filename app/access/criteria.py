"""From ``__scope__`` to SQL: the criterion that leaves a viewer only the rows in reach.

The shape of each criterion depends on the side of the product alone; the household, facility
and account numbers are bound parameters read when the statement runs. One shape means one
compiled statement for every viewer: scoping costs a cache key of one word a query.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    false,
    inspect,
    or_,
    select,
    true,
)
from sqlalchemy.orm.context import ORMCompileState
from sqlalchemy.orm.interfaces import CriteriaOption
from sqlalchemy.orm.util import LoaderCriteriaOption
from sqlalchemy.sql.util import ClauseAdapter
from sqlalchemy.sql.visitors import InternalTraversal

from app.access import statements
from app.access.viewer import Side, Viewer, current
from app.declare import Entity, FirstGiven, Through, entities, entity_named
from app.declare.scope import Root, Scope

Criterion = ColumnElement[bool] | None
"""None: every row is in reach."""


def scope_of(entity: type[Entity], side: Side) -> Scope:
    """The declared scope on that side of the product."""
    if side is Side.STAFF and entity.__facility__ is not None:
        return entity.__facility__
    return entity.__scope__


def root_of(entity: type[Entity], side: Side) -> Root:
    """Where the chain of its scopes ends on that side: whose rows these are in the end."""
    scope = scope_of(entity, side)
    while not isinstance(scope, Root):
        if isinstance(scope, FirstGiven):
            scope = scope.relations[0]
        name = scope.entity if isinstance(scope, Through) else entity.__attributes__[scope].target
        entity = entity_named(name)
        scope = scope_of(entity, side)
    return scope


def is_told_by_household(entity: type[Entity]) -> bool:
    """Whether a facility reaches its rows by the households it knows, and not by the row's own facility."""
    while not isinstance(scope := scope_of(entity, Side.STAFF), Root):
        if isinstance(scope, FirstGiven):
            scope = scope.relations[0]
        if isinstance(scope, Through):
            return True  # a household by its registrations, a person by their households
        entity = entity_named(entity.__attributes__[scope].target)
    return scope is not Root.FACILITY


def is_public(entity: type[Entity]) -> bool:
    """Whether its rows are the town's own settings, directly or as part of one (a bracket of a tariff)."""
    return root_of(entity, Side.FAMILY) is Root.TOWN


def _asking() -> Viewer:
    viewer = current()
    if not isinstance(viewer, Viewer):
        raise TypeError("une requête cadrée s'exécute hors de son cadre")
    return viewer


def _bound(name: str, read: Callable[[], Any], expanding: bool) -> BindParameter[Any]:
    return bindparam(name, callable_=read, expanding=expanding, type_=Integer, unique=True)


def _family_ids() -> BindParameter[Any]:
    return _bound("scope_families", lambda: sorted(_asking().family_ids), expanding=True)


def _facility_ids() -> BindParameter[Any]:
    return _bound("scope_facilities", lambda: sorted(_asking().facility_ids or ()), expanding=True)


def criterion(entity: type[Entity], side: Side, seen: tuple[str, ...] = ()) -> Criterion:
    """What the WHERE clause of a SELECT on this entity must add on that side."""
    if entity.__name__ in seen:
        raise RecursionError(f"Les portées tournent en rond : {' > '.join((*seen, entity.__name__))}")
    # The statement's own columns are the mapped ones: SQLAlchemy leaves a plain column of the table
    # as it is when it adapts the criterion to an alias that is joined.
    is_inner = bool(seen)
    seen = (*seen, entity.__name__)
    scope = scope_of(entity, side)
    columns: Any = entity.__table__.c if is_inner else inspect(entity).all_orm_descriptors
    if isinstance(scope, Root):
        found = _root(columns["id"], scope, side)
        shown = _for_families(entity, columns) if side is Side.FAMILY else None
        return found if shown is None else shown if found is None else and_(found, shown)
    if isinstance(scope, Through):
        return _in(columns["id"], _through(scope, side, seen))
    if isinstance(scope, FirstGiven):
        given = _first_given(entity, scope, columns, side, seen)
        return and_(given, _told(entity, columns, side)) if entity.__answers__ else given
    target = entity_named(entity.__attributes__[scope].target)
    return _follow(columns[f"{scope}_id"], target, side, seen)


def _first_given(
    entity: type[Entity], scope: FirstGiven, columns: Any, side: Side, seen: tuple[str, ...]
) -> ColumnElement[bool]:
    """In reach by the first relation that the row has."""
    ways: list[ColumnElement[bool]] = []
    empty: list[ColumnElement[bool]] = []
    for name in scope.relations:
        key = columns[f"{name}_id"]
        inner = _follow(key, entity_named(entity.__attributes__[name].target), side, seen)
        ways.append(and_(*empty, key.is_not(None), true() if inner is None else inner))
        empty.append(key.is_(None))
    return or_(*ways)


def _told(entity: type[Entity], columns: Any, side: Side) -> ColumnElement[bool]:
    """The answers to questions that the viewer sees: what the service alone reads is no family's row."""
    key = columns[f"{entity.__answers__}_id"]
    told: ColumnElement[bool] = key.not_in(_hidden_questions())
    if side is Side.FAMILY:
        question = entity_named(entity.__attributes__[entity.__answers__].target)
        shown = _for_families(question, question.__table__.c)
        if shown is not None:
            told = and_(told, key.in_(select(question.__table__.c.id).where(shown)))
    return told


def _for_families(entity: type[Entity], columns: Any) -> Criterion:
    """What leaves out the rows that the service keeps to itself (``__inner__``)."""
    if entity.__inner__ is None:
        return None
    name, value = entity.__inner__
    shown: ColumnElement[bool] = columns[name] != value
    return shown


def _hidden_questions() -> BindParameter[Any]:
    return _bound("scope_questions", lambda: sorted(_asking().hidden_questions), expanding=True)


def _follow(key: ColumnElement[int], target: type[Entity], side: Side, seen: tuple[str, ...]) -> Criterion:
    """The rows whose key points at a row of the target in reach; a hop is saved where it can be."""
    scope = scope_of(target, side)
    if scope is Root.HOUSEHOLD:
        return key.in_(_family_ids())
    if scope is Root.FACILITY:
        return key.in_(_facility_ids())
    if isinstance(scope, Through):
        return _in(key, _through(scope, side, (*seen, target.__name__), hangs=True))
    inner = criterion(target, side, seen)
    return None if inner is None else key.in_(_apart(select(target.__table__.c.id).where(inner)))


def _through(scope: Through, side: Side, seen: tuple[str, ...], hangs: bool = False) -> Any:
    """The keys that the rows in reach point at; ``hangs``: those whose own rows are opened too."""
    other = entity_named(scope.entity)
    inner = criterion(other, side, seen)
    if inner is None:
        return None
    columns = other.__table__.c
    opened = select(columns[f"{scope.relation}_id"]).where(inner)
    if hangs and scope.closed is not None:
        name, value = scope.closed
        opened = opened.where(columns[name] != value)
    return _apart(opened)


def _apart(rows: Select[Any]) -> Select[Any]:
    """A subquery that stays itself, whatever the statement around it does of a table of the same name."""
    return rows._annotate({"no_replacement_traverse": True})


def _in(key: ColumnElement[int], rows: Any) -> Criterion:
    return None if rows is None else key.in_(rows)


def _root(key: ColumnElement[int], root: Root, side: Side) -> Criterion:
    if root is Root.TOWN:
        return None
    if root is Root.SERVICE:
        return None if side is Side.STAFF else false()
    if root is Root.HOUSEHOLD:
        return key.in_(_family_ids())
    if root is Root.FACILITY:
        return key.in_(_facility_ids())
    return key == _bound("scope_account", lambda: _asking().account_id, expanding=False)


class AdaptedCriteria(LoaderCriteriaOption):
    """A criterion that speaks of the alias it is added to.

    SQLAlchemy leaves it on the unaliased table when an aliased entity is joined with an ON of one's
    own: it would then narrow another occurrence of the table, and let the alias read everything.
    """

    inherit_cache = True

    def _resolve_where_criteria(self, ext_info: Any) -> ColumnElement[bool]:
        rows: ColumnElement[bool] = super()._resolve_where_criteria(ext_info)
        if ext_info.is_aliased_class:
            rows = ClauseAdapter(ext_info.selectable).traverse(rows)
        return rows


class InScope(CriteriaOption):
    """Every entity in scope, as one option whose cache key is the side and the registry's size.

    The criteria inside say ``propagate_to_loaders``: joined loads take only those. ``side`` None: every row
    but the answers that this role may not read.
    """

    _cache_key_traversal = [("key", InternalTraversal.dp_string)]
    propagate_to_loaders = False

    def __init__(self, side: Side | None, count: int) -> None:
        self.key = f"in-scope-{side.value if side else 'told'}-{count}"
        self.criteria: list[LoaderCriteriaOption] = []
        for entity in entities():
            if side is not None:
                rows = criterion(entity, side)
            else:
                columns: Any = inspect(entity).all_orm_descriptors
                rows = _told(entity, columns, Side.STAFF) if entity.__answers__ else None
            if rows is not None:
                self.criteria.append(
                    AdaptedCriteria(entity, rows, include_aliases=True, propagate_to_loaders=True)
                )

    def process_compile_state(self, compile_state: ORMCompileState) -> None:
        """Called once, when the statement is compiled: what can't be narrowed is refused there."""
        asked = getattr(
            compile_state, "select_statement", None
        )  # a bulk write has none: ``scope`` looks at it
        if asked is not None:
            statements.verify(asked)
        self.get_global_criteria(compile_state.global_attributes)

    def get_global_criteria(self, attributes: dict[Any, Any]) -> None:
        """Hand each criterion to the compiler."""
        for one in self.criteria:
            one.get_global_criteria(attributes)


@cache
def _in_scope(side: Side | None, names: tuple[str, ...]) -> InScope:
    return InScope(side, hash(names))


def in_scope(viewer: Viewer) -> InScope | None:
    """The option to add to a statement; None when this viewer's rows are all there is."""
    names = tuple(entity.__name__ for entity in entities())
    if viewer.is_staff and viewer.facility_ids is None:
        return _in_scope(None, names) if viewer.hidden_questions else None
    return _in_scope(viewer.side, names)
