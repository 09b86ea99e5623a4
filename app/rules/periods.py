"""The periods that rules count in: a week, a month, the holidays or the school time around a day, a school
year.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Literal

from app.rules.calendar import ONE_DAY, Calendar, Span, add_months, school_year

Per = Literal["week", "month", "period", "school_year"]

SHORT_BREAK = 5
"""Holidays of fewer days, like the Ascension bridge, end no period of school time."""
PER = {
    "week": "semaine",
    "month": "mois",
    "period": "période (entre deux vacances, ou des vacances)",
    "school_year": "année scolaire",
}
PER_SHORT = {
    "week": "par semaine",
    "month": "par mois",
    "period": "par période",
    "school_year": "par année scolaire",
}


def monday_of(on: date) -> date:
    """The Monday of a day's week."""
    return on - ONE_DAY * on.weekday()


def span_of(on: date, per: Per, calendar: Calendar) -> Span:
    """The period that holds the day."""
    if per == "week":
        return Span(monday_of(on), monday_of(on) + ONE_DAY * 7)
    if per == "month":
        first = on.replace(day=1)
        return Span(first, add_months(first, 1))
    if per == "school_year":
        return school_year(on)
    return period_of(on, calendar.holidays)


@lru_cache(maxsize=4096)  # a few years of days: settings that change leave nothing behind for ever
def period_of(on: date, holidays: tuple[Span, ...]) -> Span:
    """The holidays that hold the day; else the school time from the holidays before to the next ones, over
    those that are short.

    Where the calendar knows no holidays on a side, the school year bounds it.
    """
    for one in holidays:
        if on in one:
            return one
    year = school_year(on)
    breaks = _breaks(holidays)
    begins = max((one.until_on for one in breaks if one.until_on <= on), default=year.from_on)
    ends = min((one.from_on for one in breaks if one.from_on > on), default=year.until_on)
    return Span(max(begins, year.from_on), min(ends, year.until_on), "temps scolaire")


def is_short(from_on: date, until_on: date) -> bool:
    """Whether holidays, their last day left out, are a bridge rather than the end of a period."""
    return (until_on - from_on).days < SHORT_BREAK


def _breaks(holidays: tuple[Span, ...]) -> tuple[Span, ...]:
    return tuple(one for one in holidays if not is_short(one.from_on, one.until_on))


def next_period(on: date, holidays: tuple[Span, ...]) -> date | None:
    """The first day of the period after the day's own; None where the calendar does not know it."""
    breaks = _breaks(holidays)
    ends = period_of(on, breaks).until_on
    return ends if any(ends in (one.from_on, one.until_on) for one in breaks) else None
