"""The history: one listener writes who did what, before and after, with the change itself."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import Table, event, insert, inspect
from sqlalchemy.orm import Session, UOWTransaction
from sqlalchemy.orm.util import identity_key

from app.access.viewer import Unscoped, current
from app.declare import Attribute, Choice, Entity, FileRef, Kind, entity_named

CREATED, CHANGED, DELETED = "create", "edit", "delete"
WORDS = {CREATED: "ajout", CHANGED: "modification", DELETED: "suppression"}


_clock: list[Callable[[], datetime]] = []


def install(now: Callable[[], datetime]) -> None:
    """Put the listener on the Session class, once a process; ``now`` tells the time of each entry."""
    _clock[:] = [now]
    if not event.contains(Session, "after_flush", _write):
        event.listen(Session, "after_flush", _write)


def _write(session: Session, context: UOWTransaction) -> None:
    entries = [
        entry
        for rows, action in ((session.new, CREATED), (session.dirty, CHANGED), (session.deleted, DELETED))
        for row in rows
        if isinstance(row, Entity) and row.__history__
        for entry in _entry(row, action)
    ]
    if entries:
        session.connection().execute(insert(cast(Table, entity_named("HistoryEntry").__table__)), entries)


def _entry(row: Entity, action: str) -> Iterable[dict[str, Any]]:
    before, after = changes(row, action)
    if not before and not after:
        return
    asking = current()
    gone = action == DELETED and type(row).__name__ == "Family"
    family_id = None if gone else family_of(row)  # nothing can point at a household that is no more
    if family_id is None and not gone and not isinstance(asking, Unscoped) and asking.is_family:
        family_id = asking.family_id
    labels = [row.__attributes__[name].label for name in after] if action == CHANGED else []
    summary = f"{row.__term__.title_one}, {WORDS[action]}" + (" : " + ", ".join(labels) if labels else "")
    for name in row.__repeated__ if action == CHANGED else ():
        one = row.__attributes__[name]
        before[name] = after[name] = plain(one, inspect(row).dict.get(one.column))
    yield {
        "done_at": _clock[0](),
        "actor": asking.name,
        "account_id": asking.account_id,
        "action": action,
        "entity": type(row).__name__,
        "row_id": row.id,
        "family_id": family_id,
        "summary": summary[:300],
        "before": before or None,
        "after": after or None,
        "revision": 1,
    }


def family_of(row: Entity) -> int | None:
    """The household a row belongs to, where the row itself says so."""
    if type(row).__name__ == "Family":
        return row.id
    state = inspect(row)
    family_id: int | None = state.dict.get("family_id")
    scope = row.__scope__
    if family_id is None and isinstance(scope, str) and state.session is not None:
        # A message is its conversation's: the session has it, or the row would not be in reach.
        target = entity_named(row.__attributes__[scope].target)
        above = state.session.identity_map.get(identity_key(target, state.dict.get(f"{scope}_id")))
        family_id = family_of(above) if isinstance(above, Entity) else None
    return family_id


def changes(row: Entity, action: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The declared values before and after; secrets are left out."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    state = inspect(row)
    for one in row.__attributes__.values():
        if one.secret:
            continue
        history = state.attrs[one.column].history
        if action == DELETED:
            before[one.name] = plain(one, state.dict.get(one.column))
        elif action == CREATED:
            value = plain(one, state.dict.get(one.column))
            if value is not None:
                after[one.name] = value
        elif history.has_changes():
            was = plain(one, history.deleted[0] if history.deleted else None)
            now = plain(one, history.added[0] if history.added else None)
            if was != now:
                before[one.name], after[one.name] = was, now
    return before, after


def plain(one: Attribute, value: Any) -> Any:
    """The value as JSON holds it."""
    if value is None or isinstance(value, bool | int | str | dict | list):
        return value
    if isinstance(value, Choice):
        return value.value
    if isinstance(value, FileRef):
        return value.name
    if isinstance(value, Decimal):
        return str(value.normalize())
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    raise TypeError(f"{one.name}: {type(value).__name__} n'a pas de forme pour l'historique ({one.kind})")


def value_of(one: Attribute, kept: Any) -> Any:
    """The Python value of what ``plain`` made: the other way round."""
    if kept is None:
        return None
    if one.kind is Kind.CHOICE:
        return one.python_type(kept)
    if one.python_type in (date, datetime, time):
        return one.python_type.fromisoformat(kept)
    if one.python_type is Decimal:
        return Decimal(kept)
    if one.python_type is FileRef:
        raise TypeError(f"{one.name}: un fichier ne passe pas par une demande")
    return kept
