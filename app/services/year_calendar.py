"""The year of an activity, day by day: periods, closing days, what opens; painted by form."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import delete, func, or_, select
from vacances_scolaires_france import UnsupportedYearException, UnsupportedZoneException

from app.access.database import UPSERTS, db
from app.access.viewer import unscoped
from app.entities.calendar import PeriodKind
from app.models import Activity, Booking, ClosingDay, Opening, Period, SchoolYear, Unit
from app.rules.calendar import ONE_DAY
from app.rules.words import counted
from app.services import places as places_of
from app.services.rulebook.calendar import french_holidays, stretches_of

WHY = "le calendrier de la ville est public"
CHUNK = 500
ZONES = ("A", "B", "C")


@dataclass(frozen=True)
class Painted:
    """A day of the year, as one reads it: in holidays or not, closed and why, the units that open."""

    on: date
    period: str
    is_holiday: bool
    closed: str | None
    units: tuple[str, ...]
    booked: int = 0

    @property
    def state(self) -> str:
        """What colours it: « closed », « open », « holidays », « term » or « out »."""
        if self.units:
            return "closed" if self.closed is not None else "open"
        if not self.period:
            return "out"
        return "holidays" if self.is_holiday else "term"


@dataclass(frozen=True)
class Year:
    """A school year painted for an activity: its months, each a list of days."""

    school_year: SchoolYear
    activity: Activity
    units: tuple[Unit, ...]
    days: tuple[Painted, ...]

    @property
    def months(self) -> list[tuple[date, list[Painted]]]:
        """The days by month, the first of each."""
        by_month = groupby(self.days, key=lambda one: one.on.replace(day=1))
        return [(first, list(days)) for first, days in by_month]

    @property
    def has_periods(self) -> bool:
        """Whether the year knows its holidays."""
        return any(one.period for one in self.days)


@dataclass(frozen=True)
class Brush:
    """What a form paints: days one by one, and weekdays of a sort of period between two days.

    Without a sort of period, whatever the day is: a year may not know its periods yet.
    """

    days: frozenset[date] = frozenset()
    weekdays: frozenset[int] = frozenset()
    period: str = ""
    from_on: date | None = None
    until_on: date | None = None

    def covers(self, day: Painted) -> bool:
        """Whether the day is painted."""
        if day.on in self.days:
            return True
        if day.on.weekday() not in self.weekdays or (self.period and not day.period):
            return False
        is_of_period = self.period in ("", "holidays" if day.is_holiday else "term")
        after = self.from_on is None or self.from_on <= day.on
        return is_of_period and after and (self.until_on is None or day.on <= self.until_on)


def years() -> list[SchoolYear]:
    """The latest first. One statement."""
    return list(db.session.scalars(select(SchoolYear).order_by(SchoolYear.starts_on.desc())))


def activities() -> list[Activity]:
    """Those that are booked day by day. One statement."""
    return list(
        db.session.scalars(
            select(Activity).where(Activity.is_bookable).order_by(Activity.position, Activity.name)
        )
    )


def year_of(school_year: SchoolYear, activity: Activity) -> Year:
    """The year of an activity. Five statements."""
    units = tuple(
        db.session.scalars(
            select(Unit).where(Unit.activity_id == activity.id).order_by(Unit.position, Unit.id)
        )
    )
    starts_on, ends_on = school_year.starts_on, school_year.ends_on
    periods = db.session.scalars(
        select(Period).where(Period.school_year_id == school_year.id).order_by(Period.starts_on)
    ).all()
    closed = {
        one.closed_on: one.reason
        for one in db.session.scalars(
            select(ClosingDay).where(
                ClosingDay.closed_on.between(starts_on, ends_on),
                or_(ClosingDay.facility_id.is_(None), ClosingDay.facility_id == activity.facility_id),
            )
        )
    }
    names = {one.id: one.name for one in units}
    opened: dict[date, list[str]] = defaultdict(list)
    for unit_id, on in db.session.execute(
        select(Opening.unit_id, Opening.open_on)
        .where(Opening.unit_id.in_(names), Opening.open_on.between(starts_on, ends_on))
        .order_by(Opening.open_on)
    ):
        opened[on].append(names[unit_id])
    booked = _booked(names, starts_on, ends_on)
    return Year(
        school_year,
        activity,
        units,
        tuple(_days(starts_on, ends_on, periods, closed, opened, booked)),
    )


def _booked(units: Collection[int], starts_on: date, ends_on: date) -> dict[date, int]:
    with unscoped(WHY):
        rows = db.session.execute(
            select(Booking.booked_on, func.count())
            .where(
                Booking.unit_id.in_(units),
                Booking.booked_on.between(starts_on, ends_on),
                Booking.status.in_(places_of.STANDS),
            )
            .group_by(Booking.booked_on)
        )
        return dict(rows.tuples().all())


def _days(
    starts_on: date,
    ends_on: date,
    periods: Collection[Period],
    closed: Mapping[date, str],
    opened: Mapping[date, list[str]],
    booked: Mapping[date, int],
) -> Iterator[Painted]:
    for rank in range((ends_on - starts_on).days + 1):
        on = starts_on + ONE_DAY * rank
        period = next((one for one in periods if one.starts_on <= on <= one.ends_on), None)
        yield Painted(
            on,
            period.name if period else "",
            period is not None and period.period_kind is PeriodKind.HOLIDAYS,
            closed.get(on),
            tuple(opened.get(on, ())),
            booked.get(on, 0),
        )


def open_days(year: Year, brush: Brush, units: Collection[Unit], places: int | None) -> str:
    """Open these units on the painted days; the sentence that says what was done. Commits."""
    wanted = {(one.id, day.on) for day in year.days if brush.covers(day) for one in units}
    known = set(
        db.session.execute(
            select(Opening.unit_id, Opening.open_on).where(
                Opening.unit_id.in_([one.id for one in units]),
                Opening.open_on.between(year.school_year.starts_on, year.school_year.ends_on),
            )
        ).tuples()
    )
    new = [
        {"unit_id": unit_id, "open_on": on, "places": places, "revision": 1}
        for unit_id, on in sorted(wanted - known)
    ]
    with unscoped("des jours d’ouverture de la ville, écrits par centaines"):
        _write(new)
        if places is not None:
            for row in _opened(wanted & known):
                row.places = places
        db.session.commit()
    if not wanted:
        return "Aucun jour n’est choisi : cochez des jours, ou des jours de la semaine."
    return _opened_words({on for _, on in wanted - known}, {on for _, on in wanted & known}, places)


def _write(openings: Sequence[Mapping[str, Any]]) -> None:
    """Write openings; one that a colleague has written meanwhile stays as they made it."""
    opening = UPSERTS[db.engine.dialect.name](Opening).on_conflict_do_nothing()
    for first in range(0, len(openings), CHUNK):
        db.session.execute(opening, openings[first : first + CHUNK])


def _opened_words(new: set[date], known: set[date], places: int | None) -> str:
    """What was done of days, some of whose units were open."""
    opened = counted(len(new), "jour ouvert", "jours ouverts")
    if not known:
        return f"{opened}."
    if places is None:
        already = len(known - new)
        if not new:
            return "Ces jours étaient déjà ouverts."
        told = counted(already, "l’était déjà", "l’étaient déjà")
        return f"{opened} ; {told}." if already else f"{opened}."
    if not new:
        return "Ces jours étaient déjà ouverts : leurs places sont changées."
    told = counted(len(known), "jour déjà ouvert", "jours déjà ouverts")
    return f"{opened} ; {told} : les places y sont changées."


def _opened(squares: Collection[tuple[int, date]]) -> Iterator[Opening]:
    units, days = {unit_id for unit_id, _ in squares}, {on for _, on in squares}
    rows = db.session.scalars(select(Opening).where(Opening.unit_id.in_(units), Opening.open_on.in_(days)))
    yield from (row for row in rows if (row.unit_id, row.open_on) in squares)


def close_days(year: Year, brush: Brush, units: Collection[Unit]) -> str:
    """Close these units on the painted days that nobody has booked; the sentence. Commits.

    The openings are locked first, as who books locks them: a day booked meanwhile stays open.
    """
    days = [day.on for day in year.days if brush.covers(day)]
    ids = [one.id for one in units]
    if days:
        places_of.lock_openings(days[0], days[-1])
    with unscoped(WHY):
        held = set(
            db.session.execute(
                select(Booking.unit_id, Booking.booked_on)
                .where(
                    Booking.unit_id.in_(ids),
                    Booking.booked_on.in_(days),
                    Booking.status.in_(places_of.STANDS),
                )
                .distinct()
            ).tuples()
        )
    rows = db.session.execute(
        select(Opening.id, Opening.unit_id, Opening.open_on).where(
            Opening.unit_id.in_(ids), Opening.open_on.in_(days)
        )
    ).all()
    gone = {number: on for number, unit_id, on in rows if (unit_id, on) not in held}
    numbers = sorted(gone)
    for first in range(0, len(numbers), CHUNK):
        db.session.execute(delete(Opening).where(Opening.id.in_(numbers[first : first + CHUNK])))
    db.session.commit()
    told = f"{counted(len(set(gone.values())), 'jour fermé', 'jours fermés')}."
    if held:
        days_held = counted(
            len({on for _, on in held}), "jour réservé reste ouvert", "jours réservés restent ouverts"
        )
        told += f" {days_held} : une fermeture se dit par un jour de fermeture, avec son motif."
    return told


def propose(school_year: SchoolYear, zone: str) -> str:
    """Write the holidays of a zone and the public holidays of a year that has no period yet. Commits."""
    if db.session.scalar(select(Period.id).where(Period.school_year_id == school_year.id).limit(1)):
        return "Cette année a déjà ses périodes : modifiez-les dans l’année scolaire."
    starts_on, ends_on = school_year.starts_on, school_year.ends_on
    try:
        stretches = stretches_of(zone, starts_on, ends_on)
    except (UnsupportedZoneException, UnsupportedYearException):
        return "Les vacances de cette année ne sont pas encore connues : écrivez vos périodes."
    db.session.add_all(
        Period(
            school_year_id=school_year.id,
            name=one.name,
            period_kind=one.kind,
            starts_on=one.starts_on,
            ends_on=one.ends_on,
        )
        for one in stretches
    )
    known = set(
        db.session.scalars(
            select(ClosingDay.closed_on).where(
                ClosingDay.facility_id.is_(None), ClosingDay.closed_on.between(starts_on, ends_on)
            )
        )
    )
    db.session.add_all(
        ClosingDay(closed_on=on, reason=name)
        for on, name in french_holidays(starts_on, ends_on)
        if on not in known
    )
    db.session.commit()
    return f"Les vacances de la zone {zone} et les jours fériés sont écrits. Vous pouvez les modifier."
