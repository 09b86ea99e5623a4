"""Freeze dates: the declarations renewed each school year are editable for a season, then read-only.

The season of a declaration opens on `reopens` (1 May unless set otherwise: when towns open the next school
year's files) and closes at the first instant of the freeze date (1 August in the reference). In between,
from August to April, a parent tells the facility, and staff edit. Setting both to the same day means: never
frozen. A family that never made the declaration is not the calendar's matter: let it make its first one
whatever the date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from app.rules.calendar import (
    ONE_DAY,
    instant,
    local,
    local_day,
    month_day,
    school_year,
)
from app.rules.words import NBSP, day_words

MonthDay = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Freeze:
    """Read-only from `closes` (month, day) 00:00 Europe/Paris until `reopens` 00:00. 29 February is 1 March
    in common years.
    """

    closes: MonthDay = (8, 1)
    reopens: MonthDay = (5, 1)

    def frozen_on(self, on: date) -> bool:
        day = (on.month, on.day)
        if self.closes <= self.reopens:
            return self.closes <= day < self.reopens
        return day >= self.closes or day < self.reopens

    def closes_at(self, now: datetime) -> datetime | None:
        """The next freeze, as the UTC instant from which it is read-only; None when it is frozen, or never
        is.
        """
        return None if self.frozen_on(local_day(now)) else self._next(now, self.closes)

    def reopens_at(self, now: datetime) -> datetime | None:
        """When it can be edited again, as a UTC instant; None when it can be already."""
        return self._next(now, self.reopens) if self.frozen_on(local_day(now)) else None

    def words(self, now: datetime) -> str:
        """What the page says: until when one may edit, or whom to tell."""
        closes, reopens = self.closes_at(now), self.reopens_at(now)
        if reopens is not None:
            again = day_words(local_day(reopens))
            return (
                f"Ces informations ne se modifient plus ici{NBSP}: prévenez la structure. "
                f"Vous pourrez les modifier à nouveau à partir du {again}."
            )
        if closes is None:
            return "Vous pouvez modifier ces informations toute l’année."
        return f"Vous pouvez modifier ces informations jusqu’au {day_words(local_day(closes) - ONE_DAY)}."

    def _next(self, now: datetime, season: MonthDay) -> datetime | None:
        if self.closes == self.reopens:
            return None
        today = local_day(now)
        days = (month_day(year, season) for year in (today.year, today.year + 1))
        return next(instant(day) for day in days if day > today)


def is_frozen(now: datetime, freeze: Freeze) -> bool:
    """Whether the declaration is read-only at this moment. `now` carries its time zone."""
    return freeze.frozen_on(local(now).date())


def declared_year(now: datetime, freeze: Freeze, starts: MonthDay = (9, 1)) -> str:
    """The school year that the declaration is about: the coming one from `reopens` on, "2024-2025"."""
    on = local_day(now)
    this = school_year(on, starts)
    reopened = max(day for year in (on.year - 1, on.year) if (day := month_day(year, freeze.reopens)) <= on)
    return school_year(this.until_on, starts).label if reopened >= this.from_on else this.label
