"""Days and moments: local days are Europe/Paris, instants are UTC, and a limit is the first instant that is
too late.

Everything about a town's calendar is data handed in: nothing here knows a school holiday or a public
holiday.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from app.rules.facts import Slot, activity_of

PARIS = ZoneInfo("Europe/Paris")
ONE_DAY = timedelta(days=1)
MINUTES_A_DAY = 24 * 60
TOO_FAR = timedelta(days=730)


class Weekday(IntEnum):
    """A day of the week, numbered as `date.weekday()` does."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


WORK_WEEK = frozenset({Weekday.MONDAY, Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.THURSDAY, Weekday.FRIDAY})


@dataclass(frozen=True, slots=True, order=True)
class Hour:
    """An hour of a local day, from 00:00 to 24:00 included: 24:00 is the midnight that ends the day."""

    minutes: int

    def __post_init__(self) -> None:
        if not 0 <= self.minutes <= MINUTES_A_DAY:
            raise ValueError(f"An hour lies between 0 and {MINUTES_A_DAY} minutes, not {self.minutes}.")

    def __str__(self) -> str:
        return f"{self.minutes // 60:02d}:{self.minutes % 60:02d}"


END_OF_DAY = Hour(MINUTES_A_DAY)
START_OF_DAY = Hour(0)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of days [from_on, until_on), with the words a parent knows it by."""

    from_on: date
    until_on: date
    label: str = ""

    def __contains__(self, on: object) -> bool:
        return isinstance(on, date) and self.from_on <= on < self.until_on

    def days(self) -> tuple[date, ...]:
        return tuple(self.from_on + ONE_DAY * rank for rank in range((self.until_on - self.from_on).days))


@dataclass(frozen=True, slots=True)
class Calendar:
    """What is open when, and which days count. Openings and closures are per unit and per facility, the
    rest is the town's.

    `closures` maps a facility to its closed days and the reason a parent reads; `facilities` maps an
    activity to its facility. A closure wins over an opening, so a strike is one row and not the removal of
    a hundred.
    """

    openings: frozenset[Slot] = field(default=frozenset(), repr=False)
    school_days: frozenset[date] = field(default=frozenset(), repr=False)
    public_holidays: frozenset[date] = frozenset()
    holidays: tuple[Span, ...] = ()
    closures: Mapping[str, Mapping[date, str]] = field(default_factory=lambda: MappingProxyType({}))
    facilities: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    work_week: frozenset[Weekday] = WORK_WEEK

    def is_open(self, unit: str, on: date) -> bool:
        return Slot(unit, on) in self.openings and self.closure(unit, on) is None

    def closure(self, unit: str, on: date) -> str | None:
        """The reason why the unit's facility is closed that day ("" when none was given); None when it is
        not.
        """
        activity = activity_of(unit)
        return self.closures.get(self.facilities.get(activity, activity), {}).get(on)

    def is_working_day(self, on: date) -> bool:
        return on.weekday() in self.work_week and on not in self.public_holidays

    def is_workable_day(self, on: date) -> bool:
        """Whether it is neither a Sunday nor a public holiday (« jour ouvrable »)."""
        return on.weekday() != Weekday.SUNDAY and on not in self.public_holidays

    def is_school_day(self, on: date) -> bool:
        return on in self.school_days

    def holiday(self, on: date) -> Span | None:
        """The school holidays the day is in, if any."""
        return next((span for span in self.holidays if on in span), None)

    def previous_working_day(self, on: date, count: int = 1) -> date:
        """The day `count` working days before `on`, which itself is not counted; `on` when count is 0."""
        return _back(on, count, self.is_working_day) or on - ONE_DAY * count

    def previous_workable_day(self, on: date, count: int = 1) -> date:
        """The same in workable days (« jours ouvrables »): all but Sundays and public holidays."""
        return _back(on, count, self.is_workable_day) or on - ONE_DAY * count

    def previous_school_day(self, on: date, count: int = 1) -> date:
        """The day `count` school days before `on`; counted in working days where the known school days
        begin too late.
        """
        return _back(on, count, self.is_school_day) or self.previous_working_day(on, count)


def _back(on: date, count: int, counts: Callable[[date], bool]) -> date | None:
    """The day `count` counted days before; None past two years, when the calendar knows too few such days."""
    day, floor = on, on - TOO_FAR
    while count > 0:
        day -= ONE_DAY
        if day < floor:
            return None
        count -= counts(day)
    return day


def instant(on: date, hour: Hour = START_OF_DAY) -> datetime:
    """The UTC instant of a local hour. 24:00 is the next local midnight.

    An hour that the clock skips in March is read with the winter offset, an hour that it shows twice in
    October is the first of the two: a limit is never later than what a parent read on the wall.
    """
    if hour == END_OF_DAY:
        on, hour = on + ONE_DAY, START_OF_DAY
    local = datetime.combine(on, time(hour.minutes // 60, hour.minutes % 60), tzinfo=PARIS)
    return local.astimezone(UTC)


def local(moment: datetime) -> datetime:
    """The same moment as Paris clocks show it. Raises `ValueError` for a moment without a time zone."""
    if moment.utcoffset() is None:
        raise ValueError("A moment carries its time zone: datetime(..., tzinfo=UTC).")
    return moment.astimezone(PARIS)


def local_day(moment: datetime) -> date:
    """The Paris day of an instant."""
    return local(moment).date()


def add_months(on: date, months: int, day: int | None = None) -> date:
    """The same day (or `day`) so many months later, brought back to the last day of a shorter month."""
    index = on.year * 12 + on.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    following = (first + timedelta(days=31)).replace(day=1)
    return min(first + timedelta(days=(day or on.day) - 1), following - ONE_DAY)


def school_year(on: date, starts: tuple[int, int] = (9, 1)) -> Span:
    """The school year that holds the day, from `starts` (month, day) to the next one, half-open."""
    year = on.year if (on.month, on.day) >= starts else on.year - 1
    return Span(date(year, *starts), date(year + 1, *starts), f"{year}-{year + 1}")


def month_day(year: int, day: tuple[int, int]) -> date:
    """A (month, day) in a year; 29 February is 1 March in common years."""
    if day == (2, 29) and not isleap(year):
        return date(year, 3, 1)
    return date(year, *day)


def month_day_in(span: Span, day: tuple[int, int]) -> date:
    """A (month, day) in a span of one year."""
    first = month_day(span.from_on.year, day)
    return first if first in span else month_day(span.from_on.year + 1, day)


def days_open(span: Span, weekdays: Collection[Weekday], but: Collection[date] = ()) -> frozenset[date]:
    """The days of a span that fall on these weekdays, but for those set apart: how school days are mostly
    written.
    """
    return frozenset(day for day in span.days() if day.weekday() in weekdays and day not in but)
