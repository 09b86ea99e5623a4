"""The history of a row: who, when, before and after, of the attributes that the viewer sees alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import aliased

from app.access import permissions
from app.access.database import db
from app.access.trail import CHANGED, CREATED, DELETED
from app.access.viewer import Viewer
from app.declare import Attribute, Contradiction, Entity, Kind, entity_named
from app.models import Answer, HistoryEntry
from app.screens.builder import cells, choices, related
from app.screens.builder.addresses import link

ENTRIES = 25
LONGEST = 300
"""Signs shown of a value: the whole of it is on the page of the entry."""
NAMED_ENTITIES = 4
"""Names of pointed rows are looked up in that many entities at most, one statement each."""
SIGNS = {
    CREATED: ("green", "plus-lg", "Ajout"),
    CHANGED: ("blue", "pencil-fill", "Modification"),
    DELETED: ("rose", "trash3", "Suppression"),
}


@dataclass(frozen=True)
class Change:
    """One attribute, before and after, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Event:
    """One entry: what was done, and each change that the viewer may see."""

    done_at: datetime
    actor: str
    summary: str
    sign: tuple[str, str, str]
    changes: tuple[Change, ...]
    has_before: bool
    has_after: bool
    href: str | None = None
    """The page of the entry, where nothing is cut."""


def may_see(viewer: Viewer) -> bool:
    """Staff who may read what changed, and not only that something did."""
    return viewer.is_staff and permissions.sees(viewer, HistoryEntry.__attributes__["after"])


def of_row(row: Entity, viewer: Viewer) -> list[Event]:
    """The latest events of a row and of its parts written with it, the newest first.

    A household's or an account's cover all that is theirs. At most five statements.
    """
    entity = type(row)
    about: ColumnElement[bool] = (HistoryEntry.entity == entity.__name__) & (HistoryEntry.row_id == row.id)
    for one in HistoryEntry.__attributes__.values():
        if one.kind is Kind.RELATION and one.target == entity.__name__:
            about = or_(about, getattr(HistoryEntry, one.column) == row.id)
    for other, one in related.relations_to(entity):
        if one.inline or (other is Answer and one.parent):
            about = or_(about, _of_parts(other, one, row.id))
    newest = (HistoryEntry.done_at.desc(), HistoryEntry.id.desc())
    statement = select(HistoryEntry).where(about).order_by(*newest).limit(ENTRIES)
    entries = list(db.session.scalars(statement))
    names = _names(entries, viewer)
    return [
        Event(
            one.done_at,
            one.actor,
            one.summary,
            SIGNS.get(one.action, ("grey", "dot", one.action)),
            tuple(_changes(one, viewer, names)),
            one.before is not None,
            one.after is not None,
            link(HistoryEntry, one.id, viewer),
        )
        for one in entries
    ]


def _of_parts(other: type[Entity], one: Attribute, row_id: int) -> ColumnElement[bool]:
    """What was done to the rows that are a part of that one, or were, as their entries say."""
    told = aliased(HistoryEntry)
    named = or_(told.after[one.name].as_integer() == row_id, told.before[one.name].as_integer() == row_id)
    gone = select(told.row_id).where(told.entity == other.__name__, named)
    here = select(other.id).where(getattr(other, one.column) == row_id)
    return (HistoryEntry.entity == other.__name__) & (
        HistoryEntry.row_id.in_(here) | HistoryEntry.row_id.in_(gone)
    )


def _seen(entity_name: str, viewer: Viewer) -> dict[str, Attribute]:
    try:
        return {one.name: one for one in permissions.visible(entity_named(entity_name), viewer)}
    except Contradiction:
        return {}


def _names(entries: Sequence[HistoryEntry], viewer: Viewer) -> dict[tuple[str, int], str]:
    wanted: dict[str, set[int]] = {}
    for entry in entries:
        for name, one in _seen(entry.entity, viewer).items():
            if one.kind is Kind.RELATION:
                for values in (entry.before, entry.after):
                    key = (values or {}).get(name)
                    if isinstance(key, int):
                        wanted.setdefault(one.target, set()).add(key)
    found: dict[tuple[str, int], str] = {}
    for target in sorted(wanted, key=lambda name: -len(wanted[name]))[:NAMED_ENTITIES]:
        named = choices.rows_named(entity_named(target), wanted[target], viewer)
        found.update({(target, key): name for key, name in named.items()})
    return found


def _changes(entry: HistoryEntry, viewer: Viewer, names: dict[tuple[str, int], str]) -> list[Change]:
    seen = _seen(entry.entity, viewer)
    before, after = entry.before or {}, entry.after or {}
    if seen and not permissions.tells(viewer, entity_named(entry.entity), {**before, **after}):
        return []
    return [
        Change(one.label, _words(one, before.get(name), names), _words(one, after.get(name), names))
        for name, one in seen.items()
        if name in before or name in after
    ]


def _words(one: Attribute, value: Any, names: dict[tuple[str, int], str]) -> str:
    if one.kind is Kind.RELATION and isinstance(value, int):
        return names.get((one.target, value), f"n°\u00a0{value}")
    text = cells.told(one, value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()}…"
