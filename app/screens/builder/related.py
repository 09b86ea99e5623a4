"""What surrounds a row: the tabs of the rows that point at it, counted in one statement."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select

from app.access import permissions
from app.access.database import db
from app.access.permissions import Action
from app.access.viewer import Viewer
from app.declare import Attribute, Entity, pointing_at
from app.screens.builder import listing, naming

COUNTED = 1000
"""Beyond, « 1000+ » is said: a tab need not count the bookings of ten years."""
ROWS = 25
LETTERS = 58
"""Tabs in sight fit in about so many letters; the others are under one button."""


@dataclass(frozen=True)
class Tab:
    """The rows of an entity that point at this one by one of their relations."""

    key: str
    label: str
    entity: type[Entity]
    relation: Attribute
    count: int = 0

    @property
    def counted(self) -> str:
        """The count in few signs."""
        return f"{COUNTED}+" if self.count > COUNTED else str(self.count)


def relations_to(entity: type[Entity]) -> list[tuple[type[Entity], Attribute]]:
    """Every relation that leads to this entity: those it is the parent of first."""
    return sorted(pointing_at(entity), key=lambda pair: not pair[1].parent)


def tabs(
    row: Entity,
    viewer: Viewer,
    has_screen: Callable[[type[Entity]], bool],
    first: Sequence[type[Entity]] = (),
) -> list[Tab]:
    """The tabs that this viewer sees, counted within their reach; one statement."""
    entity = type(row)
    ranks = {other: rank for rank, other in enumerate(first)}
    pairs = [
        (other, one)
        for other, one in relations_to(entity)
        if other.__name__ != "HistoryEntry"  # has a tab of its own
        and permissions.sees(viewer, one)
        and permissions.may(viewer, other, Action.SEE)
        and has_screen(other)
    ]
    pairs.sort(key=lambda pair: ranks.get(pair[0], len(ranks)))
    if not pairs:
        return []
    counts = [_count(other, one, row.id).scalar_subquery() for other, one in pairs]
    found = db.session.execute(select(*counts).select_from(entity).where(entity.id == row.id)).one()
    several = {other for other, _ in pairs if sum(other is another for another, _ in pairs) > 1}
    return [
        Tab(
            key=f"{other.__term__.slug}.{one.name}",
            label=f"{other.__term__.title} ({one.label.lower()})"
            if other in several
            else other.__term__.title,
            entity=other,
            relation=one,
            count=count,
        )
        for (other, one), count in zip(pairs, found, strict=True)
    ]


def _count(other: type[Entity], one: Attribute, row_id: int) -> Select[tuple[int]]:
    few = select(other.id).where(getattr(other, one.column) == row_id).limit(COUNTED + 1)
    return select(func.count()).select_from(few.subquery())


def in_sight(all_tabs: Sequence[Tab], current: Tab | None) -> tuple[list[Tab], list[Tab]]:
    """The tabs shown and those under the button; the current one is always shown."""
    room = LETTERS - (_letters(current) if current else 0)
    shown: list[Tab] = []
    for tab in all_tabs:
        if tab is current:
            shown.append(tab)
            continue
        room -= _letters(tab)
        if room >= 0:
            shown.append(tab)
    return shown, [tab for tab in all_tabs if tab not in shown]


def _letters(tab: Tab) -> int:
    return len(tab.label) + len(tab.counted) + 1


def rows_of(tab: Tab, row: Entity, viewer: Viewer) -> tuple[list[Attribute], list[Entity]]:
    """The columns and the first rows of a tab, in their own order; one statement."""
    shown = listing.columns(tab.entity, viewer, leaving=tab.relation.name)
    statement = listing.Statement(tab.entity, viewer)
    statement.select = statement.select.where(getattr(tab.entity, tab.relation.column) == row.id)
    statement.order(None, False)
    chosen = statement.select.options(*naming.loading(tab.entity, shown)).limit(ROWS)
    return shown, list(db.session.scalars(chosen).unique())
