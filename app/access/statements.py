"""What a statement may not hide in a scope: a table that no criterion reaches.

SQLAlchemy narrows the entities that a SELECT announces: its columns, ``select_from``, its joins. A table
that comes in by a condition alone, by ``relationship.any()``, or as a bare table, would be read whole.
A SELECT is looked at when it is compiled, so once a shape.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ClauseElement, Delete, Select, Table, Update
from sqlalchemy.sql.expression import ColumnClause, SelectBase

Tables = frozenset[Any]


class ScopeRefused(Exception):
    """A statement that can't be scoped ran outside ``unscoped``."""


def verify(statement: Any, above: Tables = frozenset()) -> None:
    """ScopeRefused when it reads a table that it does not announce; ``above``: those of what is around it."""
    known = above | frozenset(_announced(statement))
    inner: list[Any] = []
    for table in _read(statement, inner):
        if table not in known:
            raise ScopeRefused(
                f"« {table} » n’est cité que par une condition : ajoutez-le par select_from ou par join, "
                "ou ouvrez « unscoped »."
            )
    for one in inner:
        verify(one, known)


def _announced(statement: Any) -> Iterator[Any]:
    """The tables of the entities that the statement names where criteria are put."""
    if isinstance(statement, Update | Delete):
        yield statement.table
    if not isinstance(statement, Select) or not statement._propagate_attrs:
        return  # the ORM does not compile it: nothing in it is narrowed
    for column in statement._raw_columns:
        found = {node.selectable for node in _entities_in(column)} if column._propagate_attrs else ()
        if len(found) == 1:  # of an expression over two entities, one alone is narrowed
            yield from found
    for source in statement._from_obj:
        yield from _of_entity(source)
    for target, *_ in statement._setup_joins:
        relation = getattr(target, "property", None)
        if relation is None:
            yield from _of_entity(target)
        else:
            yield (getattr(target, "_of_type", None) or relation.entity).selectable


def _of_entity(source: Any) -> Iterator[Any]:
    """The tables under a FROM, those alone that come from an entity."""
    if hasattr(source, "left"):
        yield from _of_entity(source.left)
        yield from _of_entity(source.right)
    elif "parententity" in source._annotations:
        yield source._annotations["parententity"].selectable


def _entities_in(column: Any) -> Iterator[Any]:
    """The entities whose attributes an expression reads, its own subqueries left out."""
    if isinstance(column, SelectBase):
        return
    entity = column._annotations.get("parententity")
    if entity is not None:
        yield entity
        return
    for child in column.get_children():
        yield from _entities_in(child)


def assignments(statement: Any) -> list[tuple[Any, Any]]:
    """The (column, value) pairs that an UPDATE writes; nothing for another statement."""
    ordered = getattr(statement, "_ordered_values", None) or ()
    return [*ordered, *(getattr(statement, "_values", None) or {}).items()]


def _read(statement: Any, inner: list[Any]) -> Iterator[Any]:
    """The tables read at this level, aliases as they are; the statements inside go to ``inner``."""
    # SQLAlchemy does not count what an UPDATE writes among its children.
    waiting = [statement, *(value for _, value in assignments(statement) if isinstance(value, ClauseElement))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, SelectBase) and node is not statement:
            inner.append(node)
        elif isinstance(node, ColumnClause):
            if node.table is not None:
                waiting.append(node.table)
        elif isinstance(node, Table) or isinstance(getattr(node, "element", None), Table):
            if node is not getattr(statement, "table", None):
                yield node
        elif isinstance(getattr(node, "element", None), SelectBase):
            inner.append(node.element)
        else:
            waiting.extend(node.get_children())
