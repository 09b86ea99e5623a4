"""The day's roll: who is expected in an activity, what to know of each, and the ticks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager

from app.access.database import db
from app.entities.booking import BookingStatus, Presence
from app.entities.health import WordKind
from app.models import Activity, Booking, Condition, Contact, HealthRecord, HealthWord, Person, Unit
from app.rules.calendar import local_day


@dataclass(frozen=True)
class Expected:
    """A child expected for a unit, with what the team must know at the door."""

    booking: Booking
    child: Person
    allergies: tuple[str, ...]
    has_care_plan: bool
    collectors: tuple[str, ...]


@dataclass(frozen=True)
class Roll:
    """One activity on one day: its units, and the children expected in each."""

    activity: Activity
    on: date
    units: tuple[Unit, ...]
    unit: Unit | None
    expected: tuple[Expected, ...]

    def count(self, presence: Presence | None) -> int:
        """How many of the children shown are ticked that way; None: not ticked yet."""
        return sum(one.booking.presence is presence for one in self.expected)


def expected_on(on: date) -> list[tuple[Activity, int]]:
    """The activities in reach where somebody is expected that day, with how many. One statement."""
    rows = db.session.execute(
        select(Activity, func.count(Booking.child_id.distinct()))
        .join(Unit, Unit.activity_id == Activity.id)
        .join(Booking, Booking.unit_id == Unit.id)
        .where(Booking.booked_on == on, Booking.status == BookingStatus.CONFIRMED)
        .group_by(Activity.id)
        .order_by(Activity.position, Activity.name)
    )
    return [(activity, count) for activity, count in rows]


def roll(activity_id: int, unit_id: int | None, on: date) -> Roll | None:
    """The roll of a unit (the first, when none is given). Six statements. None: out of reach."""
    activity = db.session.scalars(select(Activity).where(Activity.id == activity_id)).one_or_none()
    if activity is None:
        return None
    units = tuple(
        db.session.scalars(
            select(Unit).where(Unit.activity_id == activity_id).order_by(Unit.position, Unit.id)
        )
    )
    unit = next((one for one in units if one.id == unit_id), units[0] if units else None)
    bookings: list[Booking] = []
    if unit is not None:
        bookings = list(
            db.session.scalars(
                select(Booking)
                .join(Booking.child)
                .where(
                    Booking.unit_id == unit.id,
                    Booking.booked_on == on,
                    Booking.status == BookingStatus.CONFIRMED,
                )
                .options(contains_eager(Booking.child))
                .order_by(Person.last_name, Person.first_name)
            )
        )
    children = sorted({row.child_id for row in bookings})
    allergies = allergies_of(children)
    plans = set(
        db.session.scalars(
            select(HealthRecord.child_id).where(
                HealthRecord.child_id.in_(children), HealthRecord.has_care_plan.is_(True)
            )
        )
    )
    collectors = _collectors(children)
    expected = tuple(
        Expected(
            row,
            row.child,
            tuple(allergies.get(row.child_id, ())),
            row.child_id in plans,
            tuple(collectors.get((row.child_id, row.family_id), ())),
        )
        for row in bookings
    )
    return Roll(activity, on, units, unit, expected)


def allergies_of(child_ids: Iterable[int]) -> dict[int, list[str]]:
    """The allergies of each child. One statement."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = db.session.execute(
        select(Condition.child_id, HealthWord.name)
        .join(Condition.word)
        .where(Condition.child_id.in_(sorted(child_ids)), HealthWord.word_kind == WordKind.ALLERGY)
        .order_by(HealthWord.position, HealthWord.name)
    )
    for child_id, name in rows:
        found[child_id].append(name)
    return found


def _collectors(child_ids: Iterable[int]) -> dict[tuple[int, int], list[str]]:
    found: dict[tuple[int, int], list[str]] = defaultdict(list)
    rows = db.session.execute(
        select(Contact.child_id, Contact.family_id, Person.first_name, Person.last_name, Contact.kinship)
        .join(Contact.person)
        .where(Contact.child_id.in_(sorted(child_ids)), Contact.may_collect.is_(True))
        .order_by(Person.last_name)
    )
    for child_id, family_id, first_name, last_name, kinship in rows:
        found[child_id, family_id].append(f"{first_name} {last_name} ({kinship})")
    return found


def is_in_reach(activity_id: int) -> bool:
    """Whether the activity is one of theirs. One statement."""
    return db.session.scalars(select(Activity.id).where(Activity.id == activity_id)).one_or_none() is not None


def tick(ticks: Mapping[int, Presence | None], by: str, now: datetime) -> int:
    """Tick bookings, or untick them with None; returns how many changed. The same ticks twice change nothing.

    Bookings out of reach, not confirmed or of a day to come are left alone. Two statements and one a change.
    """
    rows = db.session.scalars(
        select(Booking).where(Booking.id.in_(sorted(ticks)), Booking.status == BookingStatus.CONFIRMED)
    )
    changed = 0
    for booking in rows:
        if booking.presence is not ticks[booking.id] and booking.booked_on <= local_day(now):
            booking.presence = ticks[booking.id]
            booking.ticked_at = now
            booking.ticked_by = by
            changed += 1
    db.session.commit()
    return changed
