"""From the catalogue to what rules take: the calendar of a stretch of days, its places, its names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays as public_holidays
from sqlalchemy import select

from app.access.database import db
from app.entities.calendar import PeriodKind
from app.models import Activity, DocumentType, Opening, Unit
from app.rules.calendar import Calendar, Span, Weekday, days_open
from app.rules.facts import Slot
from app.rules.kinds.places import Capacity
from app.services.catalogue import Catalogue, code_of

SCHOOL_WEEK = frozenset({Weekday.MONDAY, Weekday.TUESDAY, Weekday.THURSDAY, Weekday.FRIDAY})
LOOK_BACK = timedelta(days=60)


@dataclass(frozen=True)
class Offer:
    """The units on offer over a range of days: their codes, names, calendar and places."""

    units: Mapping[str, Unit]
    calendar: Calendar
    places: Mapping[Slot, int]
    names: Mapping[str, str]
    minutes: Mapping[str, int]


def load_offer(known: Catalogue, activity_ids: Iterable[int], from_on: date, until_on: date) -> Offer:
    """What these activities offer from a day to another, both included. One statement."""
    units = known.units_of(activity_ids)
    openings = db.session.execute(
        select(Opening.unit_id, Opening.open_on, Opening.places).where(
            Opening.unit_id.in_(sorted(unit.id for unit in units.values())),
            Opening.open_on.between(from_on, until_on),
        )
    )
    given = {Slot(code_of(known.by_id[unit_id]), on): places for unit_id, on, places in openings}
    return offer_of(known, units, given, from_on, until_on)


def offer_of(
    known: Catalogue,
    units: Mapping[str, Unit],
    openings: Mapping[Slot, int | None],
    from_on: date,
    until_on: date,
) -> Offer:
    """The offer of these units, open on these squares (with the places of that day alone, if any)."""
    places: dict[Slot, int] = {}
    for slot, own_places in openings.items():
        given = (own_places, units[slot.unit].places, _ruled(known, slot))
        limit = next((one for one in given if one is not None), None)
        if limit is not None:
            places[slot] = limit
    return Offer(
        units,
        _calendar(known, set(openings), units, from_on, until_on),
        places,
        {**known.documents, **_names(units)},
        _minutes(units),
    )


def _ruled(known: Catalogue, slot: Slot) -> int | None:
    """The places that a rule gives to a square, the fewest; None when none does."""
    given = (
        dated.rule.places
        for dated in known.readable_rules
        if isinstance(dated.rule, Capacity)
        and dated.rule.places is not None
        and not dated.is_for_some
        and dated.covers(slot)
    )
    return min(given, default=None)


def _names(units: Mapping[str, Unit]) -> dict[str, str]:
    names: dict[str, str] = {}
    for code, unit in units.items():
        names[code] = called(unit)
        names[unit.activity.code] = called(unit.activity)
    return names


def called(row: Unit | Activity | DocumentType) -> str:
    """Its noun phrase in a sentence; its name between quotes where nobody wrote one."""
    return row.phrase or f"«\u00a0{row.name}\u00a0»"


def _minutes(units: Mapping[str, Unit]) -> dict[str, int]:
    """How long each unit lasts, where its hours are known."""
    return {
        code: (unit.ends_at.hour - unit.starts_at.hour) * 60 + unit.ends_at.minute - unit.starts_at.minute
        for code, unit in units.items()
        if unit.starts_at is not None and unit.ends_at is not None
    }


def _calendar(
    known: Catalogue, slots: set[Slot], units: Mapping[str, Unit], from_on: date, until_on: date
) -> Calendar:
    closed: dict[str, dict[date, str]] = {}
    facilities = {unit.activity.facility_id: unit.activity.facility.code for unit in units.values()}
    for row in known.closings:
        if from_on <= row.closed_on <= until_on:
            for facility_id, code in facilities.items():
                if row.facility_id in (None, facility_id):
                    closed.setdefault(code, {})[row.closed_on] = row.reason
    school_days, spans, off = _school_time(known, from_on - LOOK_BACK, until_on)
    return Calendar(
        openings=frozenset(slots),
        school_days=school_days,
        public_holidays=off,
        holidays=spans,
        closures=closed,
        facilities={unit.activity.code: unit.activity.facility.code for unit in units.values()},
    )


def _school_time(
    known: Catalogue, since: date, until_on: date
) -> tuple[frozenset[date], tuple[Span, ...], frozenset[date]]:
    """School days and public holidays around a stretch of days; every holidays that the town knows."""
    off = _public_holidays(since.year, until_on.year)
    school_days: set[date] = set()
    spans: list[Span] = []
    for period in known.periods:
        if period.period_kind is PeriodKind.TERM:
            first, last = max(period.starts_on, since), min(period.ends_on, until_on)
            school_days |= days_open(Span(first, last + timedelta(days=1)), SCHOOL_WEEK, off)
        else:
            spans.append(Span(period.starts_on, period.ends_on + timedelta(days=1), period.name))
    return frozenset(school_days), tuple(spans), off


@lru_cache(maxsize=16)
def _public_holidays(first_year: int, last_year: int) -> frozenset[date]:
    return frozenset(public_holidays.country_holidays("FR", years=range(first_year, last_year + 1)))
