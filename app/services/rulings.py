"""From the rulebook's rows to what rules take: dated rules, the calendar, the names in sentences."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays as public_holidays
from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload

from app.access.database import db
from app.entities.calendar import PeriodKind
from app.models import Activity, ClosingDay, Opening, Period, Rule, Unit
from app.rules import kinds  # noqa: F401  (registers them)
from app.rules.booking import DatedRule
from app.rules.calendar import Calendar, Span, Weekday, days_open
from app.rules.facts import Slot
from app.rules.kinds.admission import Capacity
from app.rules.registry import build
from app.rules.words import WEEKDAYS

SCHOOL_WEEK = frozenset({Weekday.MONDAY, Weekday.TUESDAY, Weekday.THURSDAY, Weekday.FRIDAY})
LOOK_BACK = timedelta(days=60)
FOR_EVER = date(2000, 1, 1)


class BrokenRule(Exception):
    """A rule in the database can't be read any more: run ``flask rulebook check``."""


def code_of(unit: Unit) -> str:
    """The code that rules use: "mercredi.matin". The activity must be loaded."""
    return f"{unit.activity.code}.{unit.code}"


def load_rules() -> tuple[DatedRule, ...]:
    """Every rule of the rulebook, whatever its dates, and the places of each opening. One statement."""
    rows = db.session.scalars(select(Rule).options(joinedload(Rule.activity), joinedload(Rule.article)))
    return (*map(dated, rows), DatedRule(Capacity(), FOR_EVER))


def dated(row: Rule) -> DatedRule:
    """A row as a rule. Raises BrokenRule when its parameters no longer fit its kind."""
    built = build(row.rule_kind, row.parameters)
    if built.rule is None:
        raise BrokenRule(f"{row.code} : {built.errors[0].message}")
    applies_to: frozenset[str] | None = None
    if row.units:
        applies_to = frozenset(row.units)
    elif row.activity is not None:
        applies_to = frozenset({row.activity.code})
    return DatedRule(
        rule=built.rule,
        from_on=row.from_on or FOR_EVER,
        until_on=row.until_on,
        article=f"article {row.article.number}" if row.article else None,
        applies_to=applies_to,
        weekdays=frozenset(Weekday(WEEKDAYS.index(day)) for day in row.weekdays) if row.weekdays else None,
    )


@dataclass(frozen=True)
class Offer:
    """The units on offer over a range of days: their codes, names, calendar and places."""

    units: Mapping[str, Unit]
    calendar: Calendar
    places: Mapping[Slot, int]
    names: Mapping[str, str]

    def open_days(self, code: str) -> list[date]:
        """The days on which a unit has an opening, closed or not, in order."""
        return sorted(slot.on for slot in self.calendar.openings if slot.unit == code)


def load_offer(activity_ids: Iterable[int], from_on: date, until_on: date) -> Offer:
    """What these activities offer from a day to another, both included. Four statements."""
    units = {
        code_of(unit): unit
        for unit in db.session.scalars(
            select(Unit)
            .join(Unit.activity)
            .where(Unit.activity_id.in_(sorted(activity_ids)))
            .options(contains_eager(Unit.activity).joinedload(Activity.facility))
            .order_by(Activity.position, Activity.name, Unit.position, Unit.id)
        )
    }
    codes = {unit.id: code for code, unit in units.items()}
    openings = db.session.execute(
        select(Opening.unit_id, Opening.open_on, Opening.places).where(
            Opening.unit_id.in_(sorted(codes)), Opening.open_on.between(from_on, until_on)
        )
    ).all()
    places: dict[Slot, int] = {}
    slots: set[Slot] = set()
    for unit_id, open_on, own_places in openings:
        slot = Slot(codes[unit_id], open_on)
        slots.add(slot)
        limit = own_places if own_places is not None else units[slot.unit].places
        if limit is not None:
            places[slot] = limit
    return Offer(units, _calendar(slots, units, from_on, until_on), places, _names(units))


def _names(units: Mapping[str, Unit]) -> dict[str, str]:
    names: dict[str, str] = {}
    for code, unit in units.items():
        names[code] = unit.phrase or f"«\u00a0{unit.name}\u00a0»"
        names[unit.activity.code] = unit.activity.phrase or f"«\u00a0{unit.activity.name}\u00a0»"
    return names


def _calendar(slots: set[Slot], units: Mapping[str, Unit], from_on: date, until_on: date) -> Calendar:
    closed: dict[str, dict[date, str]] = {}
    facilities = {unit.activity.facility for unit in units.values()}
    since = from_on - LOOK_BACK
    for row in db.session.scalars(select(ClosingDay).where(ClosingDay.closed_on.between(since, until_on))):
        for facility in facilities:
            if row.facility_id in (None, facility.id):
                closed.setdefault(facility.code, {})[row.closed_on] = row.reason
    school_days: set[date] = set()
    spans: list[Span] = []
    off = _public_holidays(since.year, until_on.year)
    periods = select(Period).where(Period.ends_on >= since, Period.starts_on <= until_on)
    for period in db.session.scalars(periods):
        span = Span(period.starts_on, period.ends_on + timedelta(days=1), period.name)
        if period.period_kind is PeriodKind.TERM:
            school_days |= days_open(span, SCHOOL_WEEK, off)
        else:
            spans.append(span)
    return Calendar(
        openings=frozenset(slots),
        school_days=frozenset(school_days),
        public_holidays=off,
        holidays=tuple(spans),
        closures=closed,
        facilities={unit.activity.code: unit.activity.facility.code for unit in units.values()},
    )


@lru_cache(maxsize=16)
def _public_holidays(first_year: int, last_year: int) -> frozenset[date]:
    return frozenset(public_holidays.country_holidays("FR", years=range(first_year, last_year + 1)))


