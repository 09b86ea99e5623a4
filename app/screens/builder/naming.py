"""What a row is called on screen, and what must be loaded to say it.

A row is named by its ``__named__`` attributes, those alone that the viewer sees; a relation
among them is named in its turn. ``loading`` gives the joins that this takes: saying the name
of a row loaded with them runs no statement.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute, joinedload
from sqlalchemy.orm.interfaces import ORMOption

from app.access import permissions
from app.access.viewer import Viewer
from app.declare import Attribute, Entity, Kind, entity_named
from app.screens.words import euros, moment, price, short_date

TELLING = (Kind.RELATION, Kind.DATE, Kind.TEXT, Kind.EMAIL, Kind.PHONE)
DEEPEST = 3
"""Names are followed through that many relations at most."""


def column_of(entity: type[Entity], one: Attribute) -> InstrumentedAttribute[Any]:
    """The mapped attribute: for a relation, its relationship."""
    return getattr(entity, one.name)  # type: ignore[no-any-return]


def target_of(one: Attribute) -> type[Entity]:
    """The entity that a relation leads to."""
    return entity_named(one.target)


def seen_names(entity: type[Entity], viewer: Viewer) -> list[Attribute]:
    """The naming attributes that this viewer sees."""
    declared = (entity.__attributes__[name] for name in entity.__named__)
    return [one for one in declared if permissions.sees(viewer, one)]


def label(row: Entity | None, viewer: Viewer, depth: int = 0) -> str:
    """The name of a row for this viewer: « Martin Lila », or « Personne n° 12 » when nothing says better."""
    if row is None:
        return ""
    entity = type(row)
    words = []
    for one in seen_names(entity, viewer):
        if one.kind is Kind.RELATION:
            related = getattr(row, one.name) if depth < DEEPEST else None
            words.append(label(related, viewer, depth + 1))
        else:
            words.append(said(one, getattr(row, one.name)))
    separator = ", " if any(one.kind is Kind.RELATION for one in seen_names(entity, viewer)) else " "
    return separator.join(word for word in words if word) or f"{entity.__term__.title_one} n°\u00a0{row.id}"


def telling(entity: type[Entity], viewer: Viewer) -> list[Attribute]:
    """What tells two rows of one name apart: the first other columns of the lists that the viewer sees."""
    seen = permissions.visible(entity, viewer, entity.__listed__)
    return [one for one in seen if one.name not in entity.__named__ and one.kind in TELLING][:3]


def precise(row: Entity, viewer: Viewer) -> str:
    """The name of a row and what tells it from its namesakes: « Martin Lila, 12/05/2018 »."""
    name = label(row, viewer)
    for one in telling(type(row), viewer):
        value = getattr(row, one.name)
        words = label(value, viewer, 1) if one.kind is Kind.RELATION else said(one, value)
        if words and words not in name:
            return f"{name}, {words}"
    return name


def said(one: Attribute, value: Any) -> str:
    """A plain value inside a name."""
    if value is None:
        return ""
    if one.kind is Kind.CENTS:
        return euros(value)
    if isinstance(value, datetime):
        return moment(value, year=True)
    if isinstance(value, date):
        return short_date(value)
    if isinstance(value, Decimal):
        return price(value) if one.unit == "€" else f"{value.normalize():f}".replace(".", ",")
    return str(value)


def name_paths(entity: type[Entity], depth: int = 0) -> Iterator[tuple[InstrumentedAttribute[Any], ...]]:
    """The chains of relationships that the names of an entity's rows go through."""
    for name in entity.__named__:
        one = entity.__attributes__[name]
        if one.kind is Kind.RELATION and depth < DEEPEST:
            step = column_of(entity, one)
            deeper = list(name_paths(target_of(one), depth + 1))
            yield from ((step, *path) for path in deeper)
            if not deeper:
                yield (step,)


def loading(entity: type[Entity], attributes: Iterable[Attribute] = ()) -> list[ORMOption]:
    """The options that load the names of these relations, and of the row itself, in its own statement."""
    chains = list(name_paths(entity))
    for one in attributes:
        if one.kind is Kind.RELATION:
            step = column_of(entity, one)
            chains.extend((step, *path) for path in name_paths(target_of(one), 1))
            chains.append((step,))
    options: list[ORMOption] = []
    for chain in dict.fromkeys(chains):
        option = joinedload(chain[0])
        for step in chain[1:]:
            option = option.joinedload(step)
        options.append(option)
    return options
