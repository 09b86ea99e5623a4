"""*Historique de mes actions* (H1): each connection, what was done for the household, who read the health."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.access import permissions
from app.access.database import db
from app.access.trail import CHANGED, CREATED, DELETED
from app.access.viewer import Side, Viewer, current_viewer
from app.declare import FAMILY, Contradiction, entity_named
from app.models import ChangeRequest, Connection, HealthReading, HistoryEntry, Thread
from app.rules.calendar import ONE_DAY, PARIS, local
from app.rules.words import counted, french, joined, of
from app.screens.page import Page
from app.services import clock

WEEK, MONTH = "semaine", "mois"
SHOWN_LIMIT = 500
"""How many actions a page reads at most."""
VERBS = {CREATED: "ajouté", CHANGED: "modifié", DELETED: "supprimé"}
DECISIONS = {"accepted": "accepté", "refused": "refusé", "withdrawn": "retiré"}
"""What a change of state is called, rather than by the name of its fields."""


@dataclass(frozen=True)
class Span:
    """A week or a month of local days: ``ends_on`` is the first day after it."""

    kind: str
    starts_on: date
    ends_on: date

    @classmethod
    def around(cls, kind: str, on: date) -> "Span":
        """The week or the month that holds that day."""
        if kind == MONTH:
            starts_on = on.replace(day=1)
            return cls(kind, starts_on, (starts_on + timedelta(days=31)).replace(day=1))
        starts_on = on - timedelta(days=on.weekday())
        return cls(WEEK, starts_on, starts_on + timedelta(days=7))

    @property
    def last_on(self) -> date:
        """Its last day."""
        return self.ends_on - ONE_DAY

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """From the first instant (included) to the last (excluded), UTC."""
        starts, ends = (
            datetime.combine(day, time(), PARIS).astimezone(UTC) for day in (self.starts_on, self.ends_on)
        )
        return starts, ends


@dataclass(frozen=True)
class Line:
    """One thing done: when, its icon, and the sentence that tells it."""

    at: datetime
    icon: str
    sentence: str


class HistoryPage(Page):
    """Historique de mes actions."""

    route_base = "/historique"
    side = Side.FAMILY
    roles = FAMILY

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The week or the month asked for (``par``, ``le``), this week otherwise. Three statements."""
        viewer = current_viewer()
        if viewer is None or viewer.family_id is None:
            abort(404)
        today = clock.today()
        span = Span.around(request.args.get("par", WEEK), _day_asked(today))
        entries = _entries(viewer.family_id, span)
        days: dict[date, list[Line]] = {}
        lines = [*_connections(span), *_readings(span), *told(entries[:SHOWN_LIMIT], viewer)]
        for line in sorted(lines, key=lambda one: one.at, reverse=True):
            days.setdefault(local(line.at).date(), []).append(line)
        return self.show(
            "family/history.html",
            span=span,
            days=days,
            today=today,
            is_cut=len(entries) > SHOWN_LIMIT,
            limit=SHOWN_LIMIT,
            link=lambda kind, on: self.url("index", par=kind, le=on.isoformat()),
            before=span.starts_on - ONE_DAY,
            anchor=min(max(today, span.starts_on), span.last_on),
        )


def _day_asked(today: date) -> date:
    """The day in the address; today when it is no day, or one that has not come."""
    try:
        asked = date.fromisoformat(request.args.get("le", ""))
    except ValueError:
        return today
    return min(max(asked, date(2000, 1, 1)), today)


def _connections(span: Span) -> Iterable[Line]:
    """The account's own: the scope sees to it."""
    starts, ends = span.moments
    found = db.session.scalars(
        select(Connection)
        .where(Connection.connected_at >= starts, Connection.connected_at < ends)
        .order_by(Connection.connected_at.desc())
        .limit(SHOWN_LIMIT)
    )
    for one in found:
        device = f" ({one.device})" if one.device else ""
        yield Line(one.connected_at, "box-arrow-in-right", f"Vous avez ouvert votre espace famille{device}.")


def _readings(span: Span) -> Iterable[Line]:
    """Who of the service read the health of a child in reach; the same moment for several makes one line."""
    starts, ends = span.moments
    found = db.session.scalars(
        select(HealthReading)
        .where(HealthReading.read_at >= starts, HealthReading.read_at < ends)
        .order_by(HealthReading.read_at.desc(), HealthReading.id)
        .options(joinedload(HealthReading.child))
        .limit(SHOWN_LIMIT)
    )
    for (at, reader), those in groupby(found, key=lambda one: (one.read_at, one.reader)):
        names = joined(dict.fromkeys(one.child.first_name for one in those))
        yield Line(at, "heart-pulse", french(f"{reader}, du service, a consulté la santé {of(names)}."))


def _entries(family_id: int, span: Span) -> list[HistoryEntry]:
    starts, ends = span.moments
    return list(
        db.session.scalars(
            select(HistoryEntry)
            .where(
                HistoryEntry.family_id == family_id,
                HistoryEntry.done_at >= starts,
                HistoryEntry.done_at < ends,
            )
            .order_by(HistoryEntry.done_at.desc(), HistoryEntry.id.desc())
            .limit(SHOWN_LIMIT + 1)
        )
    )


def told(entries: Iterable[HistoryEntry], viewer: Viewer) -> list[Line]:
    """A sentence for each thing done; the same thing done several times in a minute makes one.

    What a parent does not see of a record is not told either.
    """
    groups: dict[tuple[object, ...], list[HistoryEntry]] = {}
    labels: dict[tuple[object, ...], tuple[str, ...]] = {}
    for one in entries:
        changed = _labels(one, viewer)
        if changed is None:
            continue
        minute = one.done_at.replace(second=0, microsecond=0)
        key = (minute, one.actor, one.entity, one.action, changed, _decision(one, viewer))
        groups.setdefault(key, []).append(one)
        labels[key] = changed
    return [
        Line(those[0].done_at, _icon(those[0]), _sentence(those, labels[key], viewer))
        for key, those in groups.items()
    ]


def _labels(one: HistoryEntry, viewer: Viewer) -> tuple[str, ...] | None:
    """What changed, in words; None when this entry is not for parents."""
    try:
        entity = entity_named(one.entity)
    except Contradiction:  # a kind of record that is no more
        return None
    if not entity.may_see() & FAMILY or (entity is Thread and one.action == CHANGED):
        return None  # a conversation moves with its messages, which are told
    if one.action != CHANGED:
        title = (one.after or {}).get("title") if entity is ChangeRequest else None
        return (str(title),) if title else ()
    if one.after is None:
        return tuple(filter(None, (one.summary.partition(" : ")[2],)))
    declared = [entity.__attributes__[name] for name in one.after if name in entity.__attributes__]
    return tuple(named.label for named in declared if permissions.sees(viewer, named)) or None


def _sentence(those: list[HistoryEntry], changed: tuple[str, ...], viewer: Viewer) -> str:
    one = those[0]
    term = entity_named(one.entity).__term__
    is_own = one.account_id is not None and one.account_id == viewer.account_id
    who = "Vous avez" if is_own else f"{one.actor} a"
    if len(those) > 1:
        what = counted(len(those), term.one, term.many)
    else:
        what = term.a if one.action == CREATED else term.the
    decision = _decision(one, viewer)
    more = f" : {joined(changed)}" if changed and not decision else ""
    return french(f"{who} {decision or VERBS.get(one.action, 'modifié')} {what}{more}.")


def _decision(one: HistoryEntry, viewer: Viewer) -> str:
    """« accepté », « refusé », « retiré »: when that is what was done, and the viewer sees it."""
    status = entity_named(one.entity).__attributes__.get("status")
    if one.action != CHANGED or status is None or not permissions.sees(viewer, status):
        return ""
    return DECISIONS.get(str((one.after or {}).get("status")), "")


def _icon(one: HistoryEntry) -> str:
    return {CREATED: "plus-lg", DELETED: "trash3"}.get(one.action, "pencil")
