"""What the demonstration knows of the town it fills: its offer, its days, what it asks; plain values."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.entities.calendar import PeriodKind
from app.entities.catalogue import FacilityKind
from app.entities.health import WordKind
from app.models import (
    Activity,
    CareGroup,
    ClosingDay,
    DocumentType,
    Facility,
    HealthWord,
    Opening,
    Period,
    Question,
    Rule,
    School,
    SchoolYear,
    Unit,
    Vaccine,
)
from app.rules import vaccines
from app.services import health

OUTING_IN, OUTING_PLACES = timedelta(days=12), 12


class NoTownError(Exception):
    """The database has no town to fill: apply a rulebook first (``flask rulebook apply``)."""


@dataclass(frozen=True)
class Part:
    """A bookable unit. ``needs``: the units that a rule asks for on the same day."""

    id: int
    code: str
    places: int | None
    needs: frozenset[int]


@dataclass(frozen=True)
class Offered:
    """An activity, its units, and its open days: day -> the units open that day."""

    id: int
    code: str
    name: str
    kind: FacilityKind
    facility_id: int
    confirms_alone: bool
    is_bookable: bool
    min_months: int
    max_months: int
    parts: dict[int, Part]
    groups: tuple[int, ...]
    days: dict[date, tuple[int, ...]]
    places: dict[tuple[int, date], int]

    def places_of(self, unit: int, on: date) -> int | None:
        """The places of a unit that day; None: no limit."""
        return self.places.get((unit, on), self.parts[unit].places)

    def closed_over(self, units: set[int]) -> set[int]:
        """These units and all that they need."""
        found, more = set(units), set(units)
        while more:
            more = {need for unit in more if unit in self.parts for need in self.parts[unit].needs} - found
            found |= more
        return found


@dataclass(frozen=True)
class TownFacts:
    """Everything the generator reads, in about fifteen statements."""

    today: date
    year_id: int
    year_code: str
    starts_on: date
    ends_on: date
    last_year_id: int | None
    holidays: frozenset[date]
    activities: tuple[Offered, ...]
    facilities: dict[int, tuple[str, str, FacilityKind]]
    debit_facilities: tuple[int, ...]
    schools: tuple[tuple[int, str], ...]
    document_types: tuple[Any, ...]
    questions: tuple[Any, ...]
    vaccines: tuple[vaccines.Vaccine, ...]
    illnesses: tuple[int, ...]
    allergies: tuple[int, ...]


def read(today: date, until_on: date) -> TownFacts:
    """The town on that day, its openings up to ``until_on``. Raises NoTownError."""
    years = list(db.session.scalars(select(SchoolYear).order_by(SchoolYear.starts_on)))
    begun = [one for one in years if one.starts_on <= today]
    if not begun:
        raise NoTownError("Aucune année scolaire n’a commencé : appliquez d’abord un règlement.")
    year = begun[-1]
    facilities = {one.id: one for one in db.session.scalars(select(Facility))}
    return TownFacts(
        today=min(today, year.ends_on),
        year_id=year.id,
        year_code=year.code,
        starts_on=year.starts_on,
        ends_on=year.ends_on,
        last_year_id=begun[-2].id if len(begun) > 1 else None,
        holidays=_holidays(year.id),
        activities=_activities(facilities, year.starts_on, until_on),
        facilities={one.id: (one.code, one.name, one.facility_kind) for one in facilities.values()},
        debit_facilities=tuple(one.id for one in facilities.values() if one.offers_direct_debit),
        schools=tuple((one.id, one.code) for one in db.session.scalars(select(School).order_by(School.id))),
        document_types=tuple(db.session.scalars(select(DocumentType).order_by(DocumentType.position))),
        questions=tuple(db.session.scalars(select(Question).order_by(Question.position))),
        vaccines=tuple(
            health.ruled(one) for one in db.session.scalars(select(Vaccine).order_by(Vaccine.position))
        ),
        illnesses=_words(WordKind.ILLNESS),
        allergies=_words(WordKind.ALLERGY),
    )


def _words(kind: WordKind) -> tuple[int, ...]:
    chosen = select(HealthWord.id).where(HealthWord.word_kind == kind).order_by(HealthWord.position)
    return tuple(db.session.scalars(chosen))


def _holidays(year_id: int) -> frozenset[date]:
    rows = select(Period).where(Period.school_year_id == year_id, Period.period_kind == PeriodKind.HOLIDAYS)
    return frozenset(
        date.fromordinal(day)
        for one in db.session.scalars(rows)
        for day in range(one.starts_on.toordinal(), one.ends_on.toordinal() + 1)
    )


def _activities(facilities: dict[int, Facility], from_on: date, until_on: date) -> tuple[Offered, ...]:
    needs = _needs()
    units: dict[int, list[Unit]] = defaultdict(list)
    for unit in db.session.scalars(select(Unit).options(joinedload(Unit.activity)).order_by(Unit.position)):
        units[unit.activity_id].append(unit)
    groups: dict[int, list[int]] = defaultdict(list)
    for group in db.session.scalars(select(CareGroup).order_by(CareGroup.id)):
        groups[group.activity_id].append(group.id)
    opened, places = _open_days(from_on, until_on)
    closed: dict[int | None, set[date]] = defaultdict(set)
    for day in db.session.scalars(select(ClosingDay)):
        closed[day.facility_id].add(day.closed_on)
    found = []
    for one in db.session.scalars(select(Activity).order_by(Activity.position, Activity.id)):
        shut = closed[None] | closed[one.facility_id]
        days: dict[date, list[int]] = defaultdict(list)
        for unit in units[one.id]:
            for on in opened.get(unit.id, ()):
                if on not in shut:
                    days[on].append(unit.id)
        codes = {f"{one.code}.{unit.code}": unit.id for unit in units[one.id]}
        parts = {
            unit.id: Part(
                unit.id,
                unit.code,
                unit.places,
                frozenset(codes[need] for need in needs.get(f"{one.code}.{unit.code}", ()) if need in codes),
            )
            for unit in units[one.id]
        }
        found.append(
            Offered(
                id=one.id,
                code=one.code,
                name=one.name,
                kind=facilities[one.facility_id].facility_kind,
                facility_id=one.facility_id,
                confirms_alone=one.confirms_alone,
                is_bookable=one.is_bookable,
                min_months=one.min_age_months or 0,
                max_months=one.max_age_months if one.max_age_months is not None else 12 * 18,
                parts=parts,
                groups=tuple(groups[one.id]),
                days={on: tuple(days[on]) for on in sorted(days)},
                places={key: count for key, count in places.items() if key[0] in parts},
            )
        )
    return tuple(found)


def _needs() -> dict[str, list[str]]:
    """Unit code -> the units that go with it, from the rules of kind « requires »."""
    found: dict[str, list[str]] = {}
    for rule in db.session.scalars(select(Rule).where(Rule.rule_kind == "requires")):
        found.setdefault(rule.parameters["unit"], []).extend(rule.parameters["needs"])
    return found


def _open_days(from_on: date, until_on: date) -> tuple[dict[int, list[date]], dict[tuple[int, date], int]]:
    """The open days of each unit, and the places of the days that have their own."""
    found: dict[int, list[date]] = defaultdict(list)
    limits: dict[tuple[int, date], int] = {}
    rows = select(Opening.unit_id, Opening.open_on, Opening.places)
    for unit_id, on, places in db.session.execute(rows.where(Opening.open_on.between(from_on, until_on))):
        found[unit_id].append(on)
        if places is not None:
            limits[unit_id, on] = places
    return found, limits


def make_scarce(today: date) -> None:
    """Give few places to one coming day of the centre, an outing, so that some children wait for theirs."""
    units = (
        select(Unit.id)
        .join(Unit.activity)
        .join(Activity.facility)
        .where(Facility.facility_kind == FacilityKind.LEISURE)
    )
    coming = select(Opening.open_on).where(Opening.unit_id.in_(units), Opening.open_on > today + OUTING_IN)
    on = db.session.scalar(coming.order_by(Opening.open_on).limit(1))
    db.session.execute(
        update(Opening).where(Opening.open_on == on, Opening.unit_id.in_(units)).values(places=OUTING_PLACES),
        execution_options={"synchronize_session": False},
    )
