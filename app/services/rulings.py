"""From the catalogue to what rules take: the calendar of a stretch of days, its places, its names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sqlalchemy import select

from app.access.database import db
from app.models import Activity, DocumentType, Opening, Unit
from app.rules.calendar import ONE_DAY, Calendar, Span
from app.rules.facts import Slot
from app.services.catalogue import Catalogue, code_of


@dataclass(frozen=True)
class Offer:
    """The units on offer over a range of days: their codes, names, calendar and places.

    ``places`` are those of a day or of its unit: those that a rule gives are the rule's own.
    """

    units: Mapping[str, Unit]
    calendar: Calendar
    places: Mapping[Slot, int]
    names: Mapping[str, str]
    minutes: Mapping[str, int]
    from_on: date
    until_on: date

    @cached_property
    def openings(self) -> frozenset[Slot]:
        """The squares on offer: those of these days."""
        return frozenset(slot for slot in self.calendar.openings if self.from_on <= slot.on <= self.until_on)


def load_offer(
    known: Catalogue,
    activity_ids: Iterable[int],
    from_on: date,
    until_on: date,
    around: Span | None = None,
) -> Offer:
    """What these activities offer from a day to another, both included. One statement.

    The calendar also knows what opens ``around``, where a rule looks further than those days.
    """
    units = known.units_of(activity_ids)
    first, last = (around.from_on, around.until_on - ONE_DAY) if around else (from_on, until_on)
    openings = db.session.execute(
        select(Opening.unit_id, Opening.open_on, Opening.places).where(
            Opening.unit_id.in_(sorted(unit.id for unit in units.values())),
            Opening.open_on.between(min(first, from_on), max(last, until_on)),
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
    """The offer of these units, open on these squares (with the places of that day alone, if any).

    Only those from a day to the other, both included, are on offer: the calendar knows them all.
    """
    places: dict[Slot, int] = {}
    for slot, own_places in openings.items():
        if from_on <= slot.on <= until_on:
            limit = own_places if own_places is not None else units[slot.unit].places
            if limit is not None:
                places[slot] = limit
    return Offer(
        units,
        _calendar(known, frozenset(openings), units),
        places,
        names(known),
        _minutes(known.by_code),
        from_on,
        until_on,
    )


def names(known: Catalogue) -> dict[str, str]:
    """What the town's documents, units and activities are called in a sentence."""
    told = dict(known.documents)
    for code, unit in known.by_code.items():
        told[code] = called(unit)
        told[unit.activity.code] = called(unit.activity)
    return told


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


def _calendar(known: Catalogue, openings: frozenset[Slot], units: Mapping[str, Unit]) -> Calendar:
    """The town's, whole: a limit is the same whatever the page it is read on."""
    facilities = {unit.activity.facility_id: unit.activity.facility.code for unit in units.values()}
    closed: dict[str, dict[date, str]] = {}
    for row in known.closings:
        for facility_id, code in facilities.items():
            if row.facility_id in (None, facility_id):
                closed.setdefault(code, {})[row.closed_on] = row.reason
    return Calendar(
        openings=openings,
        school_days=known.school_days,
        public_holidays=known.public_holidays,
        holidays=known.holidays,
        closures=closed,
        facilities={unit.activity.code: unit.activity.facility.code for unit in units.values()},
    )
