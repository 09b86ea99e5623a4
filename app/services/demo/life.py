"""What a household's children do of their days: registrations, bookings, attendance. One pass, in bulk."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from app.entities.booking import BookingStatus, Presence, RegistrationStatus
from app.entities.catalogue import FacilityKind
from app.models import Booking, Registration
from app.rules.kinds.admission import months_old
from app.services.demo import words
from app.services.demo.batch import Batch
from app.services.demo.household import Household, Kid
from app.services.demo.town import Offered, TownFacts

AHEAD = timedelta(days=26)
SOON = timedelta(days=9)
# How many children of the age take part; their usual habits follow.
TAKES_PART = {
    FacilityKind.NURSERY: 0.92,
    FacilityKind.CANTEEN: 0.9,
    FacilityKind.AFTER_SCHOOL: 0.75,
    FacilityKind.LEISURE: 0.5,
    FacilityKind.YOUTH: 0.75,
}
COMES, COMES_IN_HOLIDAYS = 0.96, 0.45
GROWN_UP_MONTHS = 30  # from that age a child goes to school, and no longer to the nursery
TEAM = "Équipe d’animation"


@dataclass
class Days:
    """The places taken so far, by unit and day."""

    taken: Counter[tuple[int, date]] = field(default_factory=Counter)


@dataclass(frozen=True)
class Registered:
    """A registration, as the other parts of the demonstration need it."""

    id: int
    kid: Kid
    activity: Offered
    status: RegistrationStatus


def at(on: date, hour: int, minute: int = 0) -> datetime:
    """An instant of that day, UTC."""
    return datetime.combine(on, time(hour, minute), tzinfo=UTC)


def live(
    batch: Batch, town: TownFacts, days: Days, home: Household, family_id: int, kid_ids: dict[str, int]
) -> list[Registered]:
    """Register and book every child of a household."""
    found = []
    for kid in home.kids:
        random = Random(f"{home.rank}-{kid.key}-{home.random.random()}")  # noqa: S311  invented days
        for activity in town.activities:
            if not _takes_part(random, town, home, kid, activity):
                continue
            one = _register(batch, town, home, family_id, kid_ids[kid.key], kid, activity)
            found.append(one)
            if one.status is RegistrationStatus.ACCEPTED and activity.is_bookable:
                rows = list(_bookings(random, town, days, home, one))
                if home.rank == 0:
                    _break_a_rule(rows, town, activity)
                for row in rows:
                    batch.add(Booking, family_id=family_id, child_id=kid_ids[kid.key], **row)
    return found


def _break_a_rule(rows: list[dict[str, Any]], town: TownFacts, activity: Offered) -> None:
    """Cancel, on one coming day, a unit that another needs: a booking in error, for the first screen."""
    for row in reversed(rows):
        needs = activity.parts[row["unit_id"]].needs
        if needs and row["booked_on"] > town.today + SOON and row["status"] is BookingStatus.CONFIRMED:
            for other in rows:
                if other["booked_on"] == row["booked_on"] and other["unit_id"] in needs:
                    other["status"] = BookingStatus.CANCELLED
            return


def _takes_part(random: Random, town: TownFacts, home: Household, kid: Kid, activity: Offered) -> bool:
    months = months_old(kid.born_on, town.starts_on)
    is_nursery = activity.kind is FacilityKind.NURSERY
    fits = activity.min_months <= months <= activity.max_months and is_nursery == (kid.level.value == "none")
    drawn = random.random()
    if kid.level.value in ("college", "lycee") and activity.kind is not FacilityKind.YOUTH:
        return False
    if home.rank == 0:
        # The first household: its eldest comes everywhere, its second to the canteen alone, so far.
        return fits and (kid is home.kids[0] or activity.kind is FacilityKind.CANTEEN)
    return fits and (kid.shared or drawn < TAKES_PART[activity.kind])


def _register(
    batch: Batch, town: TownFacts, home: Household, family_id: int, child_id: int, kid: Kid, activity: Offered
) -> Registered:
    status, drawn = RegistrationStatus.ACCEPTED, home.random.random()
    asked_on = town.starts_on - timedelta(days=home.random.randint(20, 80))
    decided_on: date | None = asked_on + timedelta(days=home.random.randint(0, 9))
    reason = None
    if home.rank > 0 and drawn < 0.05:
        status, decided_on = RegistrationStatus.ASKED, None
        asked_on = town.today - timedelta(days=home.random.randint(0, 6))
    elif home.rank > 0 and drawn < 0.075:
        status, reason = RegistrationStatus.REFUSED, home.random.choice(words.REFUSED_REGISTRATIONS)
    group = None
    if activity.groups:
        is_small = kid.level.value in ("ps", "ms", "gs", "none")
        group = activity.groups[0 if is_small else -1]
    number = batch.add(
        Registration,
        family_id=family_id,
        child_id=child_id,
        activity_id=activity.id,
        school_year_id=town.year_id,
        status=status,
        starts_on=town.starts_on,
        ends_on=town.ends_on,
        group_id=group,
        asked_at=at(asked_on, 19, home.random.randint(0, 59)),
        decided_at=None if decided_on is None else at(decided_on, 8, home.random.randint(0, 59)),
        reason=reason,
    )
    return Registered(number, kid, activity, status)


def _bookings(
    random: Random, town: TownFacts, days: Days, home: Household, one: Registered
) -> Iterator[dict[str, Any]]:
    habit = _habit(random, one.activity, whole=home.rank == 0)
    weeks: dict[int, bool] = {}
    for on, opened in one.activity.days.items():
        if on > town.today + AHEAD:
            break
        week = on.isocalendar().week
        if one.kid.shared and (week % 2 == 1) != home.odd_weeks:
            continue
        if not _comes(random, town, one.activity, on, habit, weeks):
            continue
        # What goes with a unit goes with it every day, unless it is shut that day.
        units = sorted(one.activity.closed_over(habit.units & set(opened)) & set(opened)) or [
            random.choice(opened)
        ]
        yield from _day(random, town, days, one, on, units)


@dataclass(frozen=True)
class Habit:
    """The usual week of a child: which weekdays, which parts of the day."""

    weekdays: frozenset[int]
    units: set[int]


def _habit(random: Random, activity: Offered, whole: bool) -> Habit:
    weekdays = sorted({on.weekday() for on in activity.days})
    if len(weekdays) > 2 and random.random() < 0.45:
        weekdays = sorted(random.sample(weekdays, random.randint(2, len(weekdays) - 1)))
    parts = list(activity.parts)
    drawn = random.random()
    if activity.kind is FacilityKind.YOUTH or len(parts) == 1 or whole or drawn < 0.45:
        chosen = set(parts)
    elif activity.kind is FacilityKind.AFTER_SCHOOL:
        chosen = {parts[-1]} if drawn < 0.8 else {parts[0]}
    else:
        chosen = set(parts[: random.randint(1, len(parts))])
    return Habit(frozenset(weekdays), activity.closed_over(chosen))


def _comes(
    random: Random, town: TownFacts, activity: Offered, on: date, habit: Habit, weeks: dict[int, bool]
) -> bool:
    if on in town.holidays and activity.kind is not FacilityKind.NURSERY:
        week = on.isocalendar().week
        if week not in weeks:
            weeks[week] = random.random() < COMES_IN_HOLIDAYS
        return weeks[week] and random.random() < COMES
    likely = 0.5 if activity.kind is FacilityKind.YOUTH else COMES
    return on.weekday() in habit.weekdays and random.random() < likely


def _day(
    random: Random, town: TownFacts, days: Days, one: Registered, on: date, units: list[int]
) -> Iterator[dict[str, Any]]:
    """One child's squares of a day: all of them confirmed, or waiting together."""
    is_past = on < town.today
    full = any(
        (places := one.activity.places_of(unit, on)) is not None and days.taken[unit, on] >= places
        for unit in units
    )
    if full and is_past:
        return
    drawn = random.random()
    status = BookingStatus.CONFIRMED
    presence: Presence | None = None
    if full:
        status = BookingStatus.WAITING
    elif drawn < 0.02:
        status = BookingStatus.CANCELLED
    elif not is_past and not one.activity.confirms_alone and on > town.today + SOON:
        status = BookingStatus.REFUSED if drawn > 0.95 else BookingStatus.ASKED
    elif is_past:
        presence = Presence.ABSENT if drawn > 0.97 else Presence.EXCUSED if drawn > 0.95 else Presence.PRESENT
    asked_on = min(town.starts_on - timedelta(days=random.randint(1, 12)), on - timedelta(days=16))
    if status in (BookingStatus.ASKED, BookingStatus.WAITING):
        asked_on = town.today - timedelta(days=random.randint(0, 5))
    asked_at = at(asked_on, random.randint(6, 20), random.randint(0, 59))
    for unit in units:
        if status in (BookingStatus.CONFIRMED, BookingStatus.ASKED):
            days.taken[unit, on] += 1
        yield {
            "registration_id": one.id,
            "unit_id": unit,
            "booked_on": on,
            "status": status,
            "asked_at": asked_at,
            "presence": presence,
            "ticked_at": at(on, 7, random.randint(0, 59)) if presence else None,
            "ticked_by": TEAM if presence else None,
        }
