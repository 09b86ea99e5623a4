"""``plan``: what applying a file would change, and the coming bookings that it touches; it writes nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Attribute, Entity, entity_named
from app.models import Activity, Booking, ClosingDay, Rule, Unit
from app.rules.booking import DatedRule, describe_dated
from app.rules.facts import Slot
from app.rules.registry import NO_NAMES
from app.rules.words import counted, day_words
from app.services.catalogue import BrokenRule, catalogue, code_of, dated
from app.services.places import STANDS
from app.services.rulebook.apply import Change, Report, write
from app.services.rulebook.draft import Draft

WHAT = {"created": "+", "changed": "~", "removed": "-"}


@dataclass(frozen=True)
class Difference:
    """One row in words: its sort, its title, and each attribute with its value before and after."""

    what: str
    sort: str
    title: str
    details: tuple[tuple[str, str, str], ...] = ()

    @property
    def lines(self) -> Iterator[str]:
        """As a terminal shows it."""
        yield f"{WHAT[self.what]} {self.sort} « {self.title} »"
        for label, before, after in self.details:
            yield f"    {label} : {before or 'rien'} → {after or 'rien'}"


@dataclass(frozen=True)
class Touched:
    """Coming bookings of which something changes: why, how many, of how many children."""

    why: str
    bookings: int
    children: int

    @property
    def sentence(self) -> str:
        """In one line."""
        bookings = counted(self.bookings, "réservation à venir", "réservations à venir")
        return f"{self.why} : {bookings}, {counted(self.children, 'enfant', 'enfants')}"


@dataclass(frozen=True)
class Planned:
    """What an application would do."""

    report: Report
    differences: tuple[Difference, ...]
    touched: tuple[Touched, ...]


def plan(draft: Draft, today: date) -> Planned:
    """Write the draft, look, undo. Raises ValueError on a draft that has problems."""
    with unscoped("le règlement de la ville s’essaie en entier"):
        try:
            before = _rules()
            report = write(draft, today)
            found = tuple(_difference(one, before) for one in report.changes)
            return Planned(report, found, tuple(_touched(report.changes, before, today)))
        finally:
            db.session.rollback()


def _rules() -> dict[str, DatedRule]:
    """The town's rules by their codes."""
    return {one.code: one for one in catalogue().readable_rules if one.code}


def _dated(row: Entity) -> DatedRule | None:
    try:
        return dated(row) if isinstance(row, Rule) else None
    except BrokenRule:
        return None


def _difference(change: Change, before: Mapping[str, DatedRule]) -> Difference:
    entity, row = type(change.row), change.row
    sort = entity.__term__.title_one
    if isinstance(row, Rule) and change.what == "changed":
        now, was = _dated(row), before.get(row.code)
        if now is not None and was is not None:
            told = ("Se lit", describe_dated(was, NO_NAMES), describe_dated(now, NO_NAMES))
            return Difference(change.what, sort, str(row), (told,))
    columns = {one.column: one for one in entity.__attributes__.values()}
    details = tuple(
        (columns[name].label, _words(columns[name], change.before[name]), _words(columns[name], value))
        for name, value in change.after.items()
    )
    return Difference(change.what, sort, str(row), details)


def _words(one: Attribute, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if one.target:
        entity = entity_named(one.target)
        return str(db.session.scalars(select(entity).where(entity.id == value)).one_or_none() or "")
    return str(getattr(value, "label", value))


def _touched(changes: Iterable[Change], before: Mapping[str, DatedRule], today: date) -> Iterator[Touched]:
    """The bookings that a changed rule governs, and those on a day that closes. Two statements."""
    changes = list(changes)
    rules = {change.row.code: change for change in changes if isinstance(change.row, Rule)}
    closed = [change.row for change in changes if isinstance(change.row, ClosingDay)]
    if not rules and not closed:
        return
    coming = _coming(today)
    for code, change in rules.items():
        governs = [one for one in (before.get(code), _dated(change.row)) if one is not None]
        held = [one for one in coming if any(rule.covers(one.slot) for rule in governs)]
        if held:
            new = "" if change.what == "changed" else ", nouvelle"
            yield _told(f"Règle « {code} »{new}", held)
    for row in closed:
        held = [
            one
            for one in coming
            if one.slot.on == row.closed_on and row.facility_id in (None, one.facility_id)
        ]
        if held:
            yield _told(f"Fermeture du {day_words(row.closed_on)} ({row.reason})", held)


class ComingBooking(NamedTuple):
    """A square that a child holds or waits for."""

    slot: Slot
    child_id: int
    facility_id: int


def _coming(today: date) -> list[ComingBooking]:
    by_id = catalogue().by_id
    rows = db.session.execute(
        select(Booking.unit_id, Booking.booked_on, Booking.child_id, Activity.facility_id)
        .join(Booking.unit)
        .join(Unit.activity)
        .where(Booking.booked_on >= today, Booking.status.in_(STANDS))
    )
    return [
        ComingBooking(Slot(code_of(by_id[unit_id]), on), child_id, facility_id)
        for unit_id, on, child_id, facility_id in rows
    ]


def _told(why: str, held: list[ComingBooking]) -> Touched:
    return Touched(why, len(held), len({one.child_id for one in held}))
