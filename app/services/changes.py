"""What a family edits: saved at once, kept for staff to approve (``decisions``), or refused.

A change to attributes declared with ``approval`` becomes one request for each row and household,
with the values before and after. The row, the request, the history and the mail are written in
the same transaction.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, inspect, or_, select

from app.access import permissions
from app.access.database import db
from app.access.trail import plain
from app.access.viewer import Viewer
from app.declare import Attribute, Entity
from app.entities.exchange import RequestStatus
from app.models import ChangeRequest, Family, Person
from app.rules.calendar import local_day
from app.rules.words import joined, of
from app.services import freezes

HOME = "/ma-famille"
REFUSED_SHOWN = timedelta(days=15)
"""How long a parent is reminded of a refusal."""
DECIDED = (RequestStatus.REFUSED, RequestStatus.ACCEPTED)


@dataclass(frozen=True)
class Refused:
    """An attribute that could not be changed, with the sentence that says what to do."""

    label: str
    sentence: str


@dataclass(frozen=True)
class Outcome:
    """What became of each changed attribute, by label; what did not change is not told."""

    saved: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.saved or self.waiting or self.withdrawn)


# --- A family's edit -----------------------------------------------------------------------------


def apply(row: Entity, values: Mapping[str, Any], viewer: Viewer, now: datetime) -> Outcome:
    """Save what may be saved, ask for the rest, refuse what is closed, in one transaction.

    ``values`` are checked Python values by attribute name. Commits unless nothing could change.
    At most seven statements, plus the flush.
    """
    outcome = prepare(row, values, viewer, now)
    if outcome:
        db.session.commit()
    else:
        db.session.rollback()
    return outcome


def prepare(
    row: Entity,
    values: Mapping[str, Any],
    viewer: Viewer,
    now: datetime,
    windows: Mapping[str, freezes.Window] | None = None,
) -> Outcome:
    """``apply`` without the commit, for a use case that writes more than this row.

    ``windows`` are the windows already known, by section.
    """
    saved: list[str] = []
    asked: dict[str, Any] = {}
    refused: list[Refused] = []
    known = dict(windows or {})
    changed = {name: value for name, value in values.items() if getattr(row, _key(row, name)) != value}
    for name, value in values.items():
        one = row.__attributes__[name]
        if permissions.awaits_approval(viewer, one):
            asked[name] = value
        elif name not in changed:
            continue
        elif not permissions.edits(viewer, one):
            refused.append(Refused(one.label, "Cette information se modifie auprès du service."))
        else:
            window = _window(row, one, viewer, now, known)
            if window is not None and not window.open:
                refused.append(Refused(one.label, window.sentence))
            else:
                setattr(row, one.column, value)
                saved.append(one.label)
    waiting, withdrawn = _ask(row, asked, viewer, now) if asked else ((), ())
    return Outcome(tuple(saved), waiting, withdrawn, tuple(refused))


def _key(row: Entity, name: str) -> str:
    return row.__attributes__[name].column


def _window(
    row: Entity, one: Attribute, viewer: Viewer, now: datetime, known: dict[str, freezes.Window]
) -> freezes.Window | None:
    """The freeze of an attribute for the child of this row; None where there is none."""
    if not one.freeze or not viewer.is_family:
        return None
    if one.freeze not in known:
        child_id = getattr(row, "child_id", 0)
        facilities = freezes.facilities_by_child([child_id], local_day(now))[child_id]
        is_new = not inspect(row).has_identity
        declared_on = None if is_new else getattr(row, "confirmed_on", None) or date.min
        known[one.freeze] = freezes.window(one.freeze, facilities, now, declared_on)
    return known[one.freeze]


def waiting_for(row: Entity, family_id: int | None) -> ChangeRequest | None:
    """The request of this household that waits about this row. One statement."""
    return db.session.scalars(
        select(ChangeRequest).where(
            ChangeRequest.entity == type(row).__name__,
            ChangeRequest.row_id == row.id,
            ChangeRequest.family_id == family_id,
            ChangeRequest.status == RequestStatus.WAITING,
        )
    ).first()


def last_about(row: Entity, family_id: int | None, now: datetime) -> ChangeRequest | None:
    """The request of this household that waits about this row, else the last one decided lately.

    One statement.
    """
    waits = ChangeRequest.status == RequestStatus.WAITING
    return db.session.scalars(
        select(ChangeRequest)
        .where(
            ChangeRequest.entity == type(row).__name__,
            ChangeRequest.row_id == row.id,
            ChangeRequest.family_id == family_id,
            or_(waits, decided_lately(now)),
        )
        .order_by(waits.desc(), ChangeRequest.asked_at.desc(), ChangeRequest.id.desc())
        .limit(1)
    ).first()


def decided_lately(now: datetime) -> ColumnElement[bool]:
    """Requests accepted or refused so lately that the parents are still told of a refusal."""
    return and_(ChangeRequest.status.in_(DECIDED), ChangeRequest.decided_at >= now - REFUSED_SHOWN)


def _ask(
    row: Entity, values: Mapping[str, Any], viewer: Viewer, now: datetime
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Make, complete or withdraw the request; the labels now asked, then those no longer asked."""
    request = waiting_for(row, viewer.family_id)
    before = dict(request.before) if request else {}
    after = dict(request.after) if request else {}
    asked: list[str] = []
    withdrawn: list[str] = []
    for name, value in values.items():
        one = row.__attributes__[name]
        wanted = plain(one, value)
        current = plain(one, getattr(row, one.column))
        if wanted == current:
            if after.pop(name, wanted) != wanted:
                withdrawn.append(one.label)
            before.pop(name, None)
        elif name not in after or after[name] != wanted:
            before.setdefault(name, current)
            if before[name] == wanted:
                before[name] = current
            after[name] = wanted
            asked.append(one.label)
    if not asked and not withdrawn:
        return (), ()
    if request is None:
        request = ChangeRequest(family_id=viewer.family_id, entity=type(row).__name__, row_id=row.id)
        request.person_id = row.id if isinstance(row, Person) else None
        db.session.add(request)
    if not after:
        request.status = RequestStatus.WITHDRAWN
        request.decided_at = now
        return (), tuple(withdrawn)
    request.before, request.after = before, after
    request.title = title_of(row, after)
    request.asked_by, request.account_id, request.asked_at = viewer.name, viewer.account_id, now
    return tuple(asked), tuple(withdrawn)


def title_of(row: Entity, names: Collection[str]) -> str:
    """What a request is about: « Adresse du foyer », « Identité de Claire Martin »."""
    declared = [one for one in row.__attributes__.values() if one.name in names]
    parts = joined(dict.fromkeys(one.section or one.label for one in declared))
    whom = "du foyer" if isinstance(row, Family) else of(str(getattr(row, "full_name", row)))
    return f"{parts} {whom}"[:200]


def withdraw(request_id: int, viewer: Viewer, now: datetime) -> bool:
    """Take back a request of the household in view that still waits; False when there is none. Commits."""
    request = db.session.scalars(
        select(ChangeRequest).where(
            ChangeRequest.id == request_id,
            ChangeRequest.family_id == viewer.family_id,
            ChangeRequest.status == RequestStatus.WAITING,
        )
    ).one_or_none()
    if request is None:
        return False
    request.status = RequestStatus.WITHDRAWN
    request.decided_at = now
    db.session.commit()
    return True
